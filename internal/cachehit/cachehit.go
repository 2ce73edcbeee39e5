// Package cachehit lets a verifier report to its guard that the token was verified
// before, also through verifiers that wrap it.
package cachehit

import (
	"context"
	"sync/atomic"
)

// Key is the context key of an *atomic.Bool. A guard sets it to receive the report.
type Key struct{}

// Report reports a hit to the guard, if the guard has set a Key.
func Report(ctx context.Context) {
	if hit, ok := ctx.Value(Key{}).(*atomic.Bool); ok {
		hit.Store(true)
	}
}
