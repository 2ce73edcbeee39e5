module github.com/bearergate/bearergate/browser

go 1.25.0

require github.com/chromedp/chromedp v0.23.0

require github.com/sethvargo/go-limiter v1.1.0 // indirect

require (
	github.com/bearergate/bearergate v0.0.0
	github.com/chromedp/cdproto v0.159.0
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
)

replace github.com/bearergate/bearergate => ../
