package chaos

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Eager is a faulty store: it acknowledges a change, and makes it a little later in
// the same process. [Run] has to find its losses.
type Eager struct {
	tokenendpoint.Store
	promised sync.Map // what was acknowledged, so that nothing is used twice
}

// behind is how much later a change is made.
const behind = 100 * time.Millisecond

type rotation struct {
	family  string
	version int64
}

// first reports whether something was not promised before.
func (e *Eager) first(what any) bool {
	_, before := e.promised.LoadOrStore(what, true)
	return !before
}

func later(change func(ctx context.Context)) {
	time.AfterFunc(behind, func() {
		ctx, cancel := bounded()
		defer cancel()
		change(ctx)
	})
}

// Consume implements [tokenendpoint.Store].
func (e *Eager) Consume(ctx context.Context, code tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
	stored, found, err := e.Store.Code(ctx, code)
	switch {
	case err != nil || !found:
		return tokenendpoint.Unknown, err
	case stored.Used || !e.first(code):
		return tokenendpoint.Used, nil
	}
	later(func(ctx context.Context) { e.Store.Consume(ctx, code, at, first) })
	return tokenendpoint.Fresh, nil
}

// ReplaceFamily implements [tokenendpoint.Store].
func (e *Eager) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (bool, error) {
	stored, found, err := e.Store.Family(ctx, f.FamilyID)
	if err != nil || !found || stored.Version != f.Version-1 || !e.first(rotation{f.FamilyID, f.Version}) {
		return false, err
	}
	later(func(ctx context.Context) { e.Store.ReplaceFamily(ctx, f) })
	return true, nil
}

// RevokeGrant implements [tokenendpoint.Store].
func (e *Eager) RevokeGrant(ctx context.Context, grantID string) error {
	if ctx.Err() != nil {
		return errors.New("chaos: revoking after the deadline")
	}
	later(func(ctx context.Context) { e.Store.RevokeGrant(ctx, grantID) })
	return nil
}
