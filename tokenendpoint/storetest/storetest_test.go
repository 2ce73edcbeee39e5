package storetest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate/internal/mustfail"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/bearergate/bearergate/tokenendpoint/storetest"
)

func TestSoundStorePasses(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() tokenendpoint.Store {
		store := new(tokenendpoint.MemoryStore)
		return func() tokenendpoint.Store { return store }
	})
}

// TestFaultyStoreFails has for each promise a store that breaks it.
func TestFaultyStoreFails(t *testing.T) {
	for name, fault := range map[string]func(memory *tokenendpoint.MemoryStore) tokenendpoint.Store{
		"shares the scopes of codes":           func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &sharesCodes{MemoryStore: m} },
		"shares the scopes of families":        func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &sharesScopes{MemoryStore: m} },
		"shares the retired tokens":            func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &sharesRetired{MemoryStore: m} },
		"keeps the slices of a first family":   func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &keepsFirst{MemoryStore: m} },
		"keeps no redirect URI":                func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keepsNoRedirectURI{m} },
		"keeps no family of a code":            func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keepsNoFamilyOfCode{m} },
		"keeps half of the sum":                func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keepsHalfOfSum{m} },
		"keeps ids without case":               func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keepsNoCase{m} },
		"keeps seconds":                        func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keeps{m, keepsSeconds} },
		"keeps no Used":                        func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keeps{m, keepsNoUsed} },
		"keeps no Revoked":                     func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keeps{m, keepsNoRevoked} },
		"keeps no Reuses":                      func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keeps{m, keepsNoReuses} },
		"keeps one retired token":              func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keeps{m, keepsOneRetired} },
		"keeps no retired tokens":              func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keeps{m, keepsNoRetired} },
		"keeps 32 bits of the generation":      func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keeps{m, keepsInt32} },
		"calls the zero time now":              func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keeps{m, keepsNoZeroTime} },
		"consumes in two steps":                func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return consumesInTwoSteps{m} },
		"adds the families of losers":          func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return addsFamiliesOfLosers{m} },
		"adds no family":                       func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return addsNoFamily{m} },
		"consumes expired codes":               func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return consumesExpired{m} },
		"replaces any version":                 func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return replacesAnyVersion{m} },
		"replaces every family":                func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &replacesEvery{MemoryStore: m} },
		"removes families of many versions":    func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return removesOften{m} },
		"replaces older versions":              func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return replacesOlder{m} },
		"replaces in two steps":                func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return replacesInTwoSteps{m} },
		"reports what it did not replace":      func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return reportsTrue{m} },
		"replaces what is not there":           func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return upserts{m} },
		"revokes no families of a grant":       func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return revokesNothing{m} },
		"revokes everything":                   func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return revokesEverything{m} },
		"revokes no codes of a grant":          func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &revokesNoCodes{MemoryStore: m} },
		"bars a revoked grant forever":         func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &barsForever{MemoryStore: m} },
		"revokes what is there at first":       func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return replacesBehind{m} },
		"consumes behind a revocation":         func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return consumesBehind{m} },
		"calls a dead context unknown":         func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return deadIsUnknown{m} },
		"calls a dead context changed":         func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return deadIsChanged{m} },
		"fails and does half of Consume":       func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return consumesHalf{m} },
		"keeps no code without scopes":         func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keepsScopes{m} },
		"keeps seconds of codes":               func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keepsSecondsOfCodes{m} },
		"repairs ids":                          func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return repairsIDs{m} },
		"cuts long ids":                        func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return cutsIDs{m} },
		"refuses long ids":                     func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return refusesLongIDs{m} },
		"revokes grants without case":          func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return revokesWithoutCase{m} },
		"revokes families one by one":          func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &revokesOneByOne{MemoryStore: m} },
		"revokes codes after families":         func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &revokesCodesLater{MemoryStore: m} },
		"removes families with their token":    func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return removesWithToken{m} },
		"removes used codes":                   func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &removesUsed{MemoryStore: m} },
		"cleans away what lives":               func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return cleansAll{m} },
		"says a dead context saved":            func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return deadSaves{m} },
		"says a dead context revoked":          func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return deadRevokes{m} },
		"knows no code in a dead context":      func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return deadKnowsNoCode{m} },
		"knows no family in a dead context":    func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return deadKnowsNoFamily{m} },
		"fails and does half of ReplaceFamily": func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return replacesHalf{m} },
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			storetest.Run(t, func(*testing.T) func() tokenendpoint.Store {
				store := fault(new(tokenendpoint.MemoryStore))
				return func() tokenendpoint.Store { return store }
			})
		})
	}
}

// TestStoreOfTwoHandlesFails has handles that are atomic only by themselves, and
// handles that cache.
func TestStoreOfTwoHandlesFails(t *testing.T) {
	for name, open := range map[string]func(m *tokenendpoint.MemoryStore) tokenendpoint.Store{
		"locks its own process alone": func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &locksAlone{MemoryStore: m} },
		"forgets when it is opened":   func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { *m = tokenendpoint.MemoryStore{}; return m },
		"reads from a cache":          func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &caches{MemoryStore: m} },
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			storetest.Run(t, func(*testing.T) func() tokenendpoint.Store {
				memory := new(tokenendpoint.MemoryStore)
				return func() tokenendpoint.Store { return open(memory) }
			})
		})
	}
}

// TestStoreThatFinishesLaterPasses has writes that take effect after they returned an
// error, as a statement does that was cancelled too late.
func TestStoreThatFinishesLaterPasses(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() tokenendpoint.Store {
		store := &writesLater{MemoryStore: new(tokenendpoint.MemoryStore)}
		t.Cleanup(store.running.Wait)
		return func() tokenendpoint.Store { return store }
	})
}

type (
	sum     = tokenendpoint.Sum
	outcome = tokenendpoint.Outcome
	code    = tokenendpoint.AuthorizationCode
	family  = tokenendpoint.Family
)

type sharesCodes struct {
	*tokenendpoint.MemoryStore
	scopes sync.Map
}

func (s *sharesCodes) SaveCode(ctx context.Context, k sum, c code) error {
	s.scopes.Store(k, c.Scopes)
	return s.MemoryStore.SaveCode(ctx, k, c)
}

func (s *sharesCodes) Code(ctx context.Context, k sum) (code, bool, error) {
	c, ok, err := s.MemoryStore.Code(ctx, k)
	if scopes, kept := s.scopes.Load(k); kept {
		c.Scopes = scopes.([]string)
	}
	return c, ok, err
}

// sharesScopes returns one slice to all readers.
type sharesScopes struct {
	*tokenendpoint.MemoryStore
	scopes sync.Map
}

func (s *sharesScopes) Family(ctx context.Context, id string) (family, bool, error) {
	f, ok, err := s.MemoryStore.Family(ctx, id)
	scopes, _ := s.scopes.LoadOrStore(id, f.Scopes)
	f.Scopes = scopes.([]string)
	return f, ok, err
}

type sharesRetired struct {
	*tokenendpoint.MemoryStore
	retired sync.Map
}

func (s *sharesRetired) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	s.retired.Store(f.FamilyID, f.Retired)
	return s.MemoryStore.ReplaceFamily(ctx, f)
}

func (s *sharesRetired) Family(ctx context.Context, id string) (family, bool, error) {
	f, ok, err := s.MemoryStore.Family(ctx, id)
	if retired, kept := s.retired.Load(id); kept {
		f.Retired = retired.([]tokenendpoint.RetiredToken)
	}
	return f, ok, err
}

type keepsFirst struct {
	*tokenendpoint.MemoryStore
	firsts sync.Map
}

func (s *keepsFirst) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	s.firsts.Store(first.FamilyID, first.Retired)
	return s.MemoryStore.Consume(ctx, k, at, first)
}

func (s *keepsFirst) Family(ctx context.Context, id string) (family, bool, error) {
	f, ok, err := s.MemoryStore.Family(ctx, id)
	if retired, kept := s.firsts.Load(id); kept && f.Version == 1 {
		f.Retired = retired.([]tokenendpoint.RetiredToken)
	}
	return f, ok, err
}

type keepsNoRedirectURI struct{ *tokenendpoint.MemoryStore }

func (s keepsNoRedirectURI) SaveCode(ctx context.Context, k sum, c code) error {
	c.RedirectURI = ""
	return s.MemoryStore.SaveCode(ctx, k, c)
}

type keepsNoFamilyOfCode struct{ *tokenendpoint.MemoryStore }

func (s keepsNoFamilyOfCode) Code(ctx context.Context, k sum) (code, bool, error) {
	c, ok, err := s.MemoryStore.Code(ctx, k)
	c.FamilyID = ""
	return c, ok, err
}

type keepsHalfOfSum struct{ *tokenendpoint.MemoryStore }

func half(k sum) sum {
	clear(k[16:])
	return k
}

func (s keepsHalfOfSum) SaveCode(ctx context.Context, k sum, c code) error {
	return s.MemoryStore.SaveCode(ctx, half(k), c)
}

func (s keepsHalfOfSum) Code(ctx context.Context, k sum) (code, bool, error) {
	return s.MemoryStore.Code(ctx, half(k))
}

func (s keepsHalfOfSum) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	return s.MemoryStore.Consume(ctx, half(k), at, first)
}

// keepsNoCase is a database with a collation that ignores case.
type keepsNoCase struct{ *tokenendpoint.MemoryStore }

func (s keepsNoCase) Family(ctx context.Context, id string) (family, bool, error) {
	for _, spelling := range []string{id, strings.ToUpper(id[:min(1, len(id))]) + strings.ToLower(id[min(1, len(id)):])} {
		if f, ok, err := s.MemoryStore.Family(ctx, spelling); ok {
			return f, ok, err
		}
	}
	return family{}, false, nil
}

// keeps changes each family that it returns.
type keeps struct {
	*tokenendpoint.MemoryStore
	change func(*family)
}

func (s keeps) Family(ctx context.Context, id string) (family, bool, error) {
	f, ok, err := s.MemoryStore.Family(ctx, id)
	s.change(&f)
	return f, ok, err
}

func keepsNoUsed(f *family)     { f.Used = false }
func keepsNoRevoked(f *family)  { f.Revoked = false }
func keepsSeconds(f *family)    { f.TokenExpiresAt = f.TokenExpiresAt.Truncate(time.Second) }
func keepsOneRetired(f *family) { f.Retired = f.Retired[max(0, len(f.Retired)-1):] }
func keepsNoRetired(f *family)  { f.Retired = nil }
func keepsInt32(f *family)      { f.Generation = int64(int32(f.Generation)) }

func keepsNoReuses(f *family) {
	for i := range f.Retired {
		f.Retired[i].Reuses = 0
	}
}

func keepsNoZeroTime(f *family) {
	if f.TokenExpiresAt.IsZero() {
		f.TokenExpiresAt = time.Now()
	}
}

type consumesInTwoSteps struct{ *tokenendpoint.MemoryStore }

func (s consumesInTwoSteps) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	c, ok, _ := s.MemoryStore.Code(ctx, k)
	if !ok || c.Used || !at.Before(c.ExpiresAt) {
		return s.MemoryStore.Consume(ctx, k, at, first)
	}
	time.Sleep(time.Millisecond)
	s.MemoryStore.SaveCode(ctx, k, c)
	_, err := s.MemoryStore.Consume(ctx, k, at, first)
	return tokenendpoint.Fresh, err
}

// add stores a family, whatever the code.
func add(ctx context.Context, m *tokenendpoint.MemoryStore, f family) {
	m.SaveCode(ctx, sum{1}, code{Authorization: f.Authorization, ExpiresAt: time.Now().Add(time.Hour)})
	m.Consume(ctx, sum{1}, time.Now(), f)
}

type addsFamiliesOfLosers struct{ *tokenendpoint.MemoryStore }

func (s addsFamiliesOfLosers) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	o, err := s.MemoryStore.Consume(ctx, k, at, first)
	if o == tokenendpoint.Used {
		add(ctx, s.MemoryStore, first)
	}
	return o, err
}

type addsNoFamily struct{ *tokenendpoint.MemoryStore }

func (s addsNoFamily) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	o, err := s.MemoryStore.Consume(ctx, k, at, first)
	if o == tokenendpoint.Fresh {
		other := first
		other.GrantID = "to be removed"
		add(ctx, s.MemoryStore, other)
		s.MemoryStore.RevokeGrant(ctx, other.GrantID)
	}
	return o, err
}

type consumesExpired struct{ *tokenendpoint.MemoryStore }

func (s consumesExpired) Consume(ctx context.Context, k sum, _ time.Time, first family) (outcome, error) {
	return s.MemoryStore.Consume(ctx, k, time.Time{}, first)
}

type replacesAnyVersion struct{ *tokenendpoint.MemoryStore }

func (s replacesAnyVersion) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	if current, ok, _ := s.MemoryStore.Family(ctx, f.FamilyID); ok && current.Version != f.Version-1 {
		add(ctx, s.MemoryStore, f)
		return true, nil
	}
	return s.MemoryStore.ReplaceFamily(ctx, f)
}

// replacesOlder compares whether the version is older, as last-write-wins does.
type replacesOlder struct{ *tokenendpoint.MemoryStore }

func (s replacesOlder) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	if current, ok, _ := s.MemoryStore.Family(ctx, f.FamilyID); ok && current.Version < f.Version-1 {
		add(ctx, s.MemoryStore, f)
		return true, nil
	}
	return s.MemoryStore.ReplaceFamily(ctx, f)
}

type replacesInTwoSteps struct{ *tokenendpoint.MemoryStore }

func (s replacesInTwoSteps) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	current, ok, _ := s.MemoryStore.Family(ctx, f.FamilyID)
	if !ok || current.Version != f.Version-1 {
		return false, nil
	}
	time.Sleep(time.Millisecond)
	add(ctx, s.MemoryStore, f)
	return true, nil
}

type reportsTrue struct{ *tokenendpoint.MemoryStore }

func (s reportsTrue) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	_, err := s.MemoryStore.ReplaceFamily(ctx, f)
	return true, err
}

type upserts struct{ *tokenendpoint.MemoryStore }

func (s upserts) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	if _, ok, _ := s.MemoryStore.Family(ctx, f.FamilyID); !ok {
		add(ctx, s.MemoryStore, f)
		return true, nil
	}
	return s.MemoryStore.ReplaceFamily(ctx, f)
}

type revokesNothing struct{ *tokenendpoint.MemoryStore }

func (revokesNothing) RevokeGrant(context.Context, string) error { return nil }

type revokesEverything struct{ *tokenendpoint.MemoryStore }

func (s revokesEverything) RevokeGrant(ctx context.Context, _ string) error {
	s.MemoryStore.RevokeGrant(ctx, "another grant")
	return s.MemoryStore.RevokeGrant(ctx, "grant-1")
}

type revokesNoCodes struct {
	*tokenendpoint.MemoryStore
	codes sync.Map
}

func (s *revokesNoCodes) SaveCode(ctx context.Context, k sum, c code) error {
	s.codes.Store(k, c)
	return s.MemoryStore.SaveCode(ctx, k, c)
}

func (s *revokesNoCodes) RevokeGrant(ctx context.Context, id string) error {
	err := s.MemoryStore.RevokeGrant(ctx, id)
	s.codes.Range(func(k, c any) bool { s.MemoryStore.SaveCode(ctx, k.(sum), c.(code)); return true })
	return err
}

type barsForever struct {
	*tokenendpoint.MemoryStore
	barred sync.Map
}

func (s *barsForever) RevokeGrant(ctx context.Context, id string) error {
	s.barred.Store(id, true)
	return s.MemoryStore.RevokeGrant(ctx, id)
}

func (s *barsForever) SaveCode(ctx context.Context, k sum, c code) error {
	if _, barred := s.barred.Load(c.GrantID); barred {
		return nil
	}
	return s.MemoryStore.SaveCode(ctx, k, c)
}

// replacesBehind has a ReplaceFamily that is under way store its family after a
// revocation.
type replacesBehind struct{ *tokenendpoint.MemoryStore }

func (s replacesBehind) RevokeGrant(ctx context.Context, id string) error {
	time.Sleep(2 * time.Millisecond)
	return s.MemoryStore.RevokeGrant(ctx, id)
}

func (s replacesBehind) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	_, found, _ := s.MemoryStore.Family(ctx, f.FamilyID)
	time.Sleep(5 * time.Millisecond)
	ok, err := s.MemoryStore.ReplaceFamily(ctx, f)
	if found && !ok {
		add(ctx, s.MemoryStore, f)
	}
	return ok, err
}

// consumesBehind does the same with Consume.
type consumesBehind struct{ *tokenendpoint.MemoryStore }

func (s consumesBehind) RevokeGrant(ctx context.Context, id string) error {
	time.Sleep(2 * time.Millisecond)
	return s.MemoryStore.RevokeGrant(ctx, id)
}

func (s consumesBehind) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	_, found, _ := s.MemoryStore.Code(ctx, k)
	time.Sleep(5 * time.Millisecond)
	o, err := s.MemoryStore.Consume(ctx, k, at, first)
	if found && o == tokenendpoint.Unknown {
		add(ctx, s.MemoryStore, first)
	}
	return o, err
}

type deadIsUnknown struct{ *tokenendpoint.MemoryStore }

func (s deadIsUnknown) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	if ctx.Err() != nil {
		return tokenendpoint.Unknown, nil
	}
	return s.MemoryStore.Consume(ctx, k, at, first)
}

type deadIsChanged struct{ *tokenendpoint.MemoryStore }

func (s deadIsChanged) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	if ctx.Err() != nil {
		return false, nil
	}
	return s.MemoryStore.ReplaceFamily(ctx, f)
}

// consumesHalf uses the code and does not add the family if the context is dead.
type consumesHalf struct{ *tokenendpoint.MemoryStore }

func (s consumesHalf) Consume(ctx context.Context, k sum, at time.Time, first family) (outcome, error) {
	if ctx.Err() == nil {
		return s.MemoryStore.Consume(ctx, k, at, first)
	}
	first.FamilyID = "another"
	s.MemoryStore.Consume(ctx, k, at, first)
	return tokenendpoint.Unknown, ctx.Err()
}

// replacesHalf stores a family without its retired tokens if the context is dead.
type replacesHalf struct{ *tokenendpoint.MemoryStore }

func (s replacesHalf) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	if ctx.Err() == nil {
		return s.MemoryStore.ReplaceFamily(ctx, f)
	}
	f.Retired = nil
	s.MemoryStore.ReplaceFamily(ctx, f)
	return false, errors.Join(ctx.Err())
}

// locksAlone compares versions under a lock that another process does not see.
type locksAlone struct {
	*tokenendpoint.MemoryStore
	mu sync.Mutex
}

func (s *locksAlone) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	current, ok, _ := s.MemoryStore.Family(ctx, f.FamilyID)
	if !ok || current.Version != f.Version-1 {
		return false, nil
	}
	time.Sleep(time.Millisecond)
	add(ctx, s.MemoryStore, f)
	return true, nil
}

// caches returns the family that it read or stored last.
type caches struct {
	*tokenendpoint.MemoryStore
	cache sync.Map
}

func (s *caches) Family(ctx context.Context, id string) (family, bool, error) {
	if f, ok := s.cache.Load(id); ok {
		return f.(family), true, nil
	}
	f, ok, err := s.MemoryStore.Family(ctx, id)
	if ok {
		s.cache.Store(id, f)
	}
	return f, ok, err
}

func (s *caches) ReplaceFamily(ctx context.Context, f family) (bool, error) {
	ok, err := s.MemoryStore.ReplaceFamily(ctx, f)
	if ok {
		s.cache.Store(f.FamilyID, f)
	}
	return ok, err
}
