package storetest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// writesLater writes as a store does that is reached over a network. If the context ends
// first, the write returns an error and takes effect all the same.
type writesLater struct {
	*tokenendpoint.MemoryStore
	running sync.WaitGroup
}

func (s *writesLater) write(ctx context.Context, do func()) error {
	done := make(chan struct{})
	s.running.Go(func() {
		defer close(done)
		time.Sleep(time.Duration(rand.Int64N(int64(500 * time.Microsecond))))
		do()
	})
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *writesLater) SaveCode(ctx context.Context, k sum, c code) error {
	c.Scopes = slices.Clone(c.Scopes)
	return s.write(ctx, func() { s.MemoryStore.SaveCode(ctx, k, c) })
}

func (s *writesLater) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	first.Scopes, first.Retired = slices.Clone(first.Scopes), slices.Clone(first.Retired)
	var o outcome
	if err := s.write(ctx, func() { o, _ = s.MemoryStore.Consume(ctx, k, at, first) }); err != nil {
		return tokenendpoint.Unknown, err
	}
	return o, nil
}

func (s *writesLater) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	f.Scopes, f.Retired = slices.Clone(f.Scopes), slices.Clone(f.Retired)
	var replaced bool
	if err := s.write(ctx, func() { replaced, _ = s.MemoryStore.ReplaceFamily(ctx, f) }); err != nil {
		return false, err
	}
	return replaced, nil
}

func (s *writesLater) RevokeGrant(ctx context.Context, id string) error {
	return s.write(ctx, func() { s.MemoryStore.RevokeGrant(ctx, id) })
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

// revokesCodesLater removes families before codes.
type revokesCodesLater struct {
	*tokenendpoint.MemoryStore
	saved     sync.Map
	lingering atomic.Bool
}

func (s *revokesCodesLater) SaveCode(ctx context.Context, k sum, c code) error {
	s.saved.Store(k, c)
	return s.MemoryStore.SaveCode(ctx, k, c)
}

func (s *revokesCodesLater) Code(ctx context.Context, k sum) (code, bool, error) {
	c, found, err := s.MemoryStore.Code(ctx, k)
	if saved, ok := s.saved.Load(k); ok && !found && s.lingering.Load() {
		return saved.(code), true, nil
	}
	return c, found, err
}

func (s *revokesCodesLater) RevokeGrant(ctx context.Context, id string) error {
	s.lingering.Store(true)
	defer s.lingering.Store(false)
	err := s.MemoryStore.RevokeGrant(ctx, id)
	time.Sleep(time.Millisecond)
	return err
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

// removesOften removes a family that was replaced often.
type removesOften struct{ *tokenendpoint.MemoryStore }

func (s removesOften) Family(ctx context.Context, id string) (family, bool, error) {
	f, ok, err := s.MemoryStore.Family(ctx, id)
	if f.Version > 64 {
		return family{}, false, err
	}
	return f, ok, err
}

// replacesEvery replaces all families of a version, whatever their id.
type replacesEvery struct {
	*tokenendpoint.MemoryStore
	ids sync.Map
}

func (s *replacesEvery) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	s.ids.Store(first.FamilyID, true)
	return s.MemoryStore.Consume(ctx, k, at, first)
}

func (s *replacesEvery) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	replaced, err := s.MemoryStore.ReplaceFamily(ctx, f)
	s.ids.Range(func(id, _ any) bool {
		f.FamilyID = id.(string)
		s.MemoryStore.ReplaceFamily(ctx, f)
		return true
	})
	return replaced, err
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
