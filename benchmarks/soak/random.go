package main

import (
	"math/rand/v2"
	"time"
)

// within returns a random time less than d.
func within(random *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(d)))
}
