package storetest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// consumesLater takes effect later if the context is dead.
type consumesLater struct {
	*tokenendpoint.MemoryStore
	running sync.WaitGroup
}

func (s *consumesLater) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	if ctx.Err() == nil {
		return s.MemoryStore.Consume(ctx, k, at, first)
	}
	s.running.Go(func() {
		time.Sleep(2 * time.Millisecond)
		s.MemoryStore.Consume(ctx, k, at, first)
	})
	return tokenendpoint.Unknown, ctx.Err()
}

type keepsScopes struct{ *tokenendpoint.MemoryStore }

func (s keepsScopes) SaveCode(ctx context.Context, k sum, c code) error {
	if len(c.Scopes) == 0 {
		c.Scopes = []string{""} // "", split at spaces
	}
	return s.MemoryStore.SaveCode(ctx, k, c)
}

type keepsSecondsOfCodes struct{ *tokenendpoint.MemoryStore }

func (s keepsSecondsOfCodes) Code(ctx context.Context, k sum) (code, bool, error) {
	c, ok, err := s.MemoryStore.Code(ctx, k)
	c.ExpiresAt = c.ExpiresAt.Truncate(time.Second)
	return c, ok, err
}

// repairsIDs does what encoding/json does.
type repairsIDs struct{ *tokenendpoint.MemoryStore }

func (s repairsIDs) SaveCode(ctx context.Context, k sum, c code) error {
	c.GrantID = strings.ToValidUTF8(c.GrantID, "\ufffd")
	return s.MemoryStore.SaveCode(ctx, k, c)
}

// cutsIDs has columns of 255 bytes.
type cutsIDs struct{ *tokenendpoint.MemoryStore }

func (s cutsIDs) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	first.Subject = first.Subject[:min(len(first.Subject), 255)]
	return s.MemoryStore.Consume(ctx, k, at, first)
}

type refusesLongIDs struct{ *tokenendpoint.MemoryStore }

func (s refusesLongIDs) SaveCode(ctx context.Context, k sum, c code) error {
	if len(c.GrantID) > 255 {
		return errors.New("value too long")
	}
	return s.MemoryStore.SaveCode(ctx, k, c)
}

type revokesWithoutCase struct{ *tokenendpoint.MemoryStore }

func (s revokesWithoutCase) RevokeGrant(ctx context.Context, id string) error {
	return errors.Join(s.MemoryStore.RevokeGrant(ctx, id), s.MemoryStore.RevokeGrant(ctx, strings.ToLower(id)), s.MemoryStore.RevokeGrant(ctx, strings.ToUpper(id)))
}

// revokesOneByOne removes one family before the others.
type revokesOneByOne struct {
	*tokenendpoint.MemoryStore
	mu     sync.Mutex
	first  string
	hidden bool
}

func (s *revokesOneByOne) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	s.mu.Lock()
	s.first, s.hidden = first.FamilyID, false
	s.mu.Unlock()
	return s.MemoryStore.Consume(ctx, k, at, first)
}

func (s *revokesOneByOne) Family(ctx context.Context, id string) (family, bool, error) {
	s.mu.Lock()
	hidden := s.hidden && id == s.first
	s.mu.Unlock()
	if hidden {
		return family{}, false, nil
	}
	return s.MemoryStore.Family(ctx, id)
}

func (s *revokesOneByOne) RevokeGrant(ctx context.Context, id string) error {
	s.mu.Lock()
	f, ok, _ := s.MemoryStore.Family(ctx, s.first)
	s.hidden = ok && f.GrantID == id
	s.mu.Unlock()
	time.Sleep(time.Millisecond)
	return s.MemoryStore.RevokeGrant(ctx, id)
}

// removesWithToken removes a family when its token has expired.
type removesWithToken struct{ *tokenendpoint.MemoryStore }

func (s removesWithToken) Family(ctx context.Context, id string) (family, bool, error) {
	f, ok, err := s.MemoryStore.Family(ctx, id)
	if !f.TokenExpiresAt.IsZero() && f.TokenExpiresAt.Before(time.Now()) {
		return family{}, false, err
	}
	return f, ok, err
}

// removesUsed removes a used code when another is saved.
type removesUsed struct {
	*tokenendpoint.MemoryStore
	used sync.Map
}

func (s *removesUsed) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	s.used.Range(func(k, _ any) bool {
		s.MemoryStore.SaveCode(ctx, k.(sum), code{Authorization: tokenendpoint.Authorization{GrantID: "to be removed"}})
		return true
	})
	s.MemoryStore.RevokeGrant(ctx, "to be removed")
	o, err := s.MemoryStore.Consume(ctx, k, at, first)
	if o == tokenendpoint.Fresh {
		s.used.Store(k, true)
	}
	return o, err
}

type cleansAll struct{ *tokenendpoint.MemoryStore }

func (s cleansAll) Clean(ctx context.Context) error { return s.MemoryStore.RevokeGrant(ctx, "grant-1") }

type deadSaves struct{ *tokenendpoint.MemoryStore }

func (s deadSaves) SaveCode(ctx context.Context, k sum, c code) error {
	if ctx.Err() != nil {
		return nil
	}
	return s.MemoryStore.SaveCode(ctx, k, c)
}

type deadRevokes struct{ *tokenendpoint.MemoryStore }

func (s deadRevokes) RevokeGrant(ctx context.Context, id string) error {
	if ctx.Err() != nil {
		return nil
	}
	return s.MemoryStore.RevokeGrant(ctx, id)
}

type deadKnowsNoCode struct{ *tokenendpoint.MemoryStore }

func (s deadKnowsNoCode) Code(ctx context.Context, k sum) (code, bool, error) {
	if ctx.Err() != nil {
		return code{}, false, nil
	}
	return s.MemoryStore.Code(ctx, k)
}

type deadKnowsNoFamily struct{ *tokenendpoint.MemoryStore }

func (s deadKnowsNoFamily) Family(ctx context.Context, id string) (family, bool, error) {
	if ctx.Err() != nil {
		return family{}, false, nil
	}
	return s.MemoryStore.Family(ctx, id)
}
