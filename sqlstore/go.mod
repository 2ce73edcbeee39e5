module github.com/bearergate/bearergate/sqlstore

go 1.25.0

require github.com/bearergate/bearergate v0.0.0

require github.com/sethvargo/go-limiter v1.1.0 // indirect

replace github.com/bearergate/bearergate => ../
