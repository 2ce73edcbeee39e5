// Package redis tests redisstore against real servers. It contains only tests.
package redis
