package connectiontest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/internal/hardids"
)

func (s *suite) unknownIsNoConnection() {
	s.save("other", client.Connection{RefreshToken: "refresh", Revision: 1})
	if _, err := s.other.Load(s.Context(), "a"); !errors.Is(err, client.ErrNoConnection) {
		s.Errorf("Load of an id that was never saved: got error %v, want one that wraps ErrNoConnection", err)
	}
}

func (s *suite) savedIsLoaded() {
	dead := fullConnection()
	living := dead
	living.RefreshToken, living.Dead = "another", ""
	connections := map[string]client.Connection{"a": dead, "b": living, "c": {Revision: 2}}
	for id, c := range connections {
		s.save(id, client.Connection{RefreshToken: "before", Dead: bearergate.ErrInvalidGrant, Revision: 1})
		s.save(id, c)
	}
	for id, want := range connections {
		s.loads(id, want)
	}
}

func (s *suite) loads(id string, want client.Connection) {
	s.Helper()
	for i := range 2 {
		got, err := s.handle(i).Load(s.Context(), id)
		if err != nil || !reflect.DeepEqual(inUTC(got), want) {
			s.Errorf("Load(%q): got %+v, %v, want %+v", id, got, err, want)
		}
	}
}

func (s *suite) savedIsLoadedWhenOpened() {
	want := fullConnection()
	want.Revision = 1
	s.save("a", want)
	s.openAgain()
	s.loads("a", want)
}

func (s *suite) idsAreKeptApart() {
	saved := make(map[string]client.Connection)
	for _, id := range hardids.All() {
		want := client.Connection{GrantID: id, RefreshToken: "token of " + fmt.Sprintf("%x", id), Revision: 1}
		switch err := s.store.Save(s.Context(), id, want); {
		case err == nil:
			saved[id] = want
		case !hardids.Refusable(id), errors.Is(err, client.ErrConflict):
			s.Fatalf("Save(%q): got the error %v, want none", id, err)
		default:
			if got, err := s.other.Load(s.Context(), id); err == nil {
				s.Errorf("Load(%q), which was refused: got %+v, want an error", id, got)
			}
		}
	}
	for id, want := range saved {
		s.loads(id, want)
	}
}

// fullConnection returns a connection with a different value in each field.
func fullConnection() client.Connection {
	now := time.Now().Truncate(time.Second).Add(123456 * time.Microsecond).UTC()
	return client.Connection{
		GrantID: "grant", RefreshToken: "refresh",
		Access:       client.StoredToken{Text: "access", IssuedAt: now, ExpiresAt: now.Add(time.Hour)},
		Installation: client.StoredToken{Text: "installation", IssuedAt: now.Add(time.Second), ExpiresAt: now.Add(time.Minute)},
		Dead:         bearergate.ErrGrantRevoked,
		Revision:     2,
	}
}

func inUTC(c client.Connection) client.Connection {
	for _, t := range []*time.Time{&c.Access.IssuedAt, &c.Access.ExpiresAt, &c.Installation.IssuedAt, &c.Installation.ExpiresAt} {
		*t = t.UTC()
	}
	return c
}

func (s *suite) otherRevisionIsConflict() {
	conflict := func(revision int64) {
		s.Helper()
		err := s.store.Save(s.Context(), "a", client.Connection{RefreshToken: "another", Revision: revision})
		if !errors.Is(err, client.ErrConflict) {
			s.Errorf("Save of revision %d: got error %v, want one that wraps ErrConflict", revision, err)
		}
	}
	conflict(0)
	conflict(2)
	if _, err := s.other.Load(s.Context(), "a"); !errors.Is(err, client.ErrNoConnection) {
		s.Errorf("Load after conflicts alone: got error %v, want one that wraps ErrNoConnection", err)
	}
	want := client.Connection{RefreshToken: "refresh", Revision: 1}
	s.save("a", want)
	for _, revision := range []int64{0, 1, 3} {
		conflict(revision)
	}
	if got, err := s.other.Load(s.Context(), "a"); err != nil || got.RefreshToken != want.RefreshToken || got.Revision != 1 {
		s.Errorf("Load after conflicts: got %+v, %v, want %+v", got, err, want)
	}
}

// concurrent is how many calls a test makes at once.
const concurrent = 20

func (s *suite) oneSaveTakesEffect() {
	const rounds = 20
	for round := range int64(rounds) {
		var all sync.WaitGroup
		var saved sync.Map
		for n := range concurrent {
			all.Go(func() {
				token := fmt.Sprint(round, " ", n)
				err := s.handle(n).Save(s.Context(), "a", client.Connection{RefreshToken: token, Revision: round + 1})
				switch {
				case err == nil:
					saved.Store(token, true)
				case !errors.Is(err, client.ErrConflict):
					s.Errorf("concurrent Save: got error %v, want none or one that wraps ErrConflict", err)
				}
			})
		}
		all.Wait()
		s.wantOneSaved(&saved)
	}
}

// wantOneSaved wants the one connection that was saved to be stored.
func (s *suite) wantOneSaved(saved *sync.Map) {
	s.Helper()
	stored, err := s.other.Load(s.Context(), "a")
	if _, ok := saved.Load(stored.RefreshToken); err != nil || !ok {
		s.Errorf("Load after concurrent saves: got %+v, %v, want what one of them saved", stored, err)
	}
	count := 0
	saved.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		s.Errorf("concurrent saves of one revision that returned nil: got %d, want 1", count)
	}
}

func (s *suite) saveConnectionSaves() {
	var all sync.WaitGroup
	for n := range concurrent {
		all.Go(func() {
			if err := client.SaveConnection(s.Context(), s.handle(n), "a", client.Connection{RefreshToken: fmt.Sprint(n)}); err != nil {
				s.Errorf("SaveConnection: got error %v, want none", err)
			}
		})
	}
	all.Wait()
	if got, err := s.other.Load(s.Context(), "a"); err != nil || got.Revision != concurrent {
		s.Errorf("Revision after %d calls of SaveConnection: got %d, %v", concurrent, got.Revision, err)
	}
}

func (s *suite) save(id string, c client.Connection) {
	s.Helper()
	if err := s.store.Save(s.Context(), id, c); err != nil {
		s.Fatalf("Save(%q): got error %v, want none", id, err)
	}
}
