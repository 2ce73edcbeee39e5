// Package cachehit lets a verifier tell the guard which asked it that the token
// had been verified before, also through verifiers that wrap it.
package cachehit

import (
	"context"
	"sync/atomic"
)

// Key is the context key of an *atomic.Bool, for a guard that wants to know.
type Key struct{}

// Report tells the guard, if it wants to know.
func Report(ctx context.Context) {
	if hit, ok := ctx.Value(Key{}).(*atomic.Bool); ok {
		hit.Store(true)
	}
}
