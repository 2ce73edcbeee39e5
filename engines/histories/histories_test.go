package histories_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate/engines/histories"
	"github.com/bearergate/bearergate/tokenendpoint"
)

func TestCorrectStoreIsLinearizable(t *testing.T) {
	store := slow{new(tokenendpoint.MemoryStore)}
	if bad := histories.Bad(t, 200, store, store); bad != 0 {
		t.Errorf("got %d histories that are not linearizable, want none", bad)
	}
}

func TestFaultyStoresAreFound(t *testing.T) {
	memory := slow{new(tokenendpoint.MemoryStore)}
	for name, store := range map[string]tokenendpoint.Store{
		"revokes after it answers":   lazy{memory},
		"reads a cache":              &cached{slow: memory},
		"replaces without comparing": blind{memory},
		"denies that it redeemed":    denying{memory},
	} {
		t.Run(name, func(t *testing.T) {
			if histories.Bad(t, 1000, store, store) == 0 {
				t.Error("got only linearizable histories, want some that are not")
			}
		})
	}
}

// slow is a store that is some way off. It makes a change, and loses the answer if the
// caller has left meanwhile.
type slow struct{ *tokenendpoint.MemoryStore }

func (s slow) RevokeGrant(ctx context.Context, grantID string) error {
	time.Sleep(100 * time.Microsecond)
	s.MemoryStore.RevokeGrant(ctx, grantID)
	return ctx.Err()
}

func (s slow) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (bool, error) {
	time.Sleep(100 * time.Microsecond)
	replaced, _ := s.MemoryStore.ReplaceFamily(ctx, f)
	return replaced, ctx.Err()
}

type lazy struct{ slow }

func (s lazy) RevokeGrant(_ context.Context, grantID string) error {
	time.AfterFunc(time.Millisecond, func() { s.slow.RevokeGrant(context.Background(), grantID) })
	return nil
}

// cached keeps the first version of a family that it reads.
type cached struct {
	slow
	families sync.Map
}

func (s *cached) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	if f, ok := s.families.Load(id); ok {
		return f.(tokenendpoint.Family), true, nil
	}
	f, found, err := s.slow.Family(ctx, id)
	if found {
		s.families.Store(id, f)
	}
	return f, found, err
}

// blind compares before it replaces, in another step.
type blind struct{ slow }

func (s blind) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (bool, error) {
	stored, found, err := s.Family(ctx, f.FamilyID)
	if err != nil || !found || stored.Version != f.Version-1 {
		return false, err
	}
	_, err = s.slow.ReplaceFamily(ctx, f)
	return true, err
}

// denying says Used of the code that it has just redeemed.
type denying struct{ slow }

func (s denying) Consume(ctx context.Context, code tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
	outcome, err := s.slow.Consume(ctx, code, at, first)
	if outcome == tokenendpoint.Fresh {
		outcome = tokenendpoint.Used
	}
	return outcome, err
}
