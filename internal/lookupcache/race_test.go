package lookupcache_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate/internal/lookupcache"
)

// TestNoAnswerIsOlderThanTheLastForget changes a value and forgets it, again and again,
// while others read it: no reader receives a value that was forgotten before it began.
//
// Rules: S4.34.
func TestNoAnswerIsOlderThanTheLastForget(t *testing.T) {
	for name, forget := range map[string]func(c *lookupcache.Cache[string, int64]){
		"Forget":      func(c *lookupcache.Cache[string, int64]) { c.Forget("a") },
		"ForgetGroup": func(c *lookupcache.Cache[string, int64]) { c.ForgetGroup("group") },
		"ForgetAll":   func(c *lookupcache.Cache[string, int64]) { c.ForgetAll() },
	} {
		t.Run(name, func(t *testing.T) {
			var stored, forgotten atomic.Int64
			c := lookupcache.New(lookupcache.Config[string, int64]{
				Lookup: func(context.Context, string) (int64, error) {
					defer runtime.Gosched()
					return stored.Load(), nil
				},
				Age:       func(string, int64) time.Duration { return time.Hour },
				Groups:    func(int64) []string { return []string{"group"} },
				MaxShared: time.Hour, MaxEntries: 10, Timeout: time.Minute,
			})
			const last = 2000
			var readers sync.WaitGroup
			for range 4 {
				readers.Go(func() {
					for least := int64(0); least < last; {
						least = forgotten.Load()
						if got, err := c.Get(t.Context(), "a"); err != nil || got < least {
							t.Errorf("got %d, %v, want %d at least", got, err, least)
							return
						}
					}
				})
			}
			for n := int64(1); n <= last; n++ {
				stored.Store(n)
				forget(c)
				forgotten.Store(n)
				runtime.Gosched()
			}
			readers.Wait()
		})
	}
}
