// Package budgets compares limiters whose budgets several processes share: those of
// redisstore, go-redisstore and redis_rate, and the one in memory.
//
//	go test -bench . ./benchmarks/budgets
package budgets
