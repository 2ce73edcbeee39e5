// Package engines tests the stores of redisstore against real servers, which the
// tests start themselves. It contains only tests.
package engines
