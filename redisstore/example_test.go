package redisstore_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/redisstore"
)

// All processes of a program pass 1,000 requests a minute together. Each falls back to
// its own part of that while Redis is away.
func ExampleNewLimiter() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	limiter, err := redisstore.NewLimiter(client, "budget:", bearergate.DefaultRequestsPerMinute, time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	const processes = 4
	fallback, err := bearergate.PerMinute(bearergate.DefaultRequestsPerMinute / processes)
	if err != nil {
		log.Fatal(err)
	}
	guard := bearergate.RateLimit(limiter, bearergate.WithFallback(fallback))
	_ = guard(http.NotFoundHandler())
}

// An operator calls Setup once, in a program of its own.
func ExampleSetup() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	if err := redisstore.Setup(context.Background(), client, redisstore.Config{}); err != nil {
		log.Fatal(err)
	}
}

// The stores of a token endpoint, and of a client.
func ExampleNew() {
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	store, err := redisstore.New(ctx, client, redisstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	codes := store.Codes()         // for tokenendpoint.Config.Store
	tokens := store.OpaqueTokens() // for installation.Config.Tokens

	block, err := aes.NewCipher([]byte(os.Getenv("CONNECTION_KEY"))) // 32 random bytes
	if err != nil {
		log.Fatal(err)
	}
	key, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		log.Fatal(err)
	}
	connections := store.Connections(key) // for client.Config
	_, _, _ = codes, tokens, connections
}
