package tokenendpoint_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// schedules returns the number of random schedules, and the seed of the first. Each
// next one adds one to the seed, so that BEARERGATE_SEED of a failure with
// BEARERGATE_SCHEDULES=1 replays it.
func schedules(t *testing.T) (n int, seed uint64) {
	n, seed = 500, uint64(time.Now().UnixNano())
	if text := os.Getenv("BEARERGATE_SCHEDULES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	if text := os.Getenv("BEARERGATE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return n, seed
}

// eachSchedule runs a test for each seed until one fails.
func eachSchedule(t *testing.T, run func(t *testing.T, s *schedule)) {
	n, seed := schedules(t)
	for i := range n {
		if t.Failed() {
			return
		}
		at := seed + uint64(i)
		synctest.Test(t, func(t *testing.T) {
			s := newSchedule(t, at)
			run(t, s)
			if t.Failed() {
				t.Logf("replay with BEARERGATE_SCHEDULES=1 BEARERGATE_SEED=%d; what happened:", at)
				for _, line := range s.story {
					t.Log(line)
				}
			}
		})
	}
}

// schedule is a random one of a family.
type schedule struct {
	*trial
	*rand.Rand
	story   []string
	facts   []audit.Facts
	retired map[string]time.Time // by the text of a token: when a request retired it
	living  string
}

// party is a client, or a thief of its tokens.
type party struct {
	*schedule
	name string
	held []tokens // newest last
}

func newSchedule(t *testing.T, seed uint64) *schedule {
	r := rand.New(rand.NewPCG(seed, 14))
	s := &schedule{Rand: r, retired: make(map[string]time.Time)}
	s.trial = newTrial(t, func(c *tokenendpoint.Config) {
		c.UsesReported = r.IntN(4) > 0
		c.Grace = []time.Duration{-1, 0, 0, 5 * time.Second}[r.IntN(4)]
	})
	s.tell("the family begins")
	return s
}

func (s *schedule) tell(what string) {
	s.story = append(s.story, time.Now().Format(time.TimeOnly)+" "+what)
}

// sleeps lets up to an hour pass, often less than the grace.
func (s *schedule) sleeps() {
	time.Sleep(time.Duration(s.Int64N(int64([]time.Duration{time.Second, 10 * time.Second, time.Minute, time.Hour}[s.IntN(4)]))))
}

func (s *schedule) pastGrace() { time.Sleep(31 * time.Second) }

func (s *schedule) begin() *party {
	first := s.succeeds(asApp(exchange(s.code())))
	s.living = first.RefreshToken
	return &party{schedule: s, name: "client", held: []tokens{first}}
}

func (p *party) newest() tokens { return p.held[len(p.held)-1] }

// refreshes presents the newest token that the party holds. If the answer is lost,
// the party does not learn it. It reports whether there was an answer.
func (p *party) refreshes(lost bool) bool { return p.presents(p.newest(), lost) }

func (p *party) presents(t tokens, lost bool) bool {
	p.Helper()
	var facts audit.Facts
	r := asApp(refreshing(t.RefreshToken))
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), audit.Key{}, func(_ *http.Request, f audit.Facts) { facts = f })))
	p.facts = append(p.facts, facts)
	if rec.Code != 200 {
		p.tell(p.name + " refreshes and is refused")
		return false
	}
	got := decode(p.T, answer{rec.Code, rec.Result().Header, rec.Body.String()})
	p.handedOut(t, got, facts)
	if lost {
		p.tell(p.name + " refreshes and the answer is lost")
		return true
	}
	p.tell(p.name + " refreshes")
	p.held = append(p.held, got)
	return true
}

// handedOut checks that an answer has the living token.
func (p *party) handedOut(presented, got tokens, facts audit.Facts) {
	p.Helper()
	if _, retired := p.retired[got.RefreshToken]; retired {
		p.Errorf("%s got a token that was retired before", p.name)
	}
	rotated := presented.RefreshToken == p.living
	switch {
	case rotated:
		p.retired[p.living], p.living = time.Now(), got.RefreshToken
	case got.RefreshToken != p.living:
		p.Errorf("%s got a token that is not the living one", p.name)
	}
	if facts.Repeated == rotated {
		p.Errorf("%s: got Repeated %v for a token that was living: %v", p.name, facts.Repeated, rotated)
	}
}

// mints uses the newest access token.
func (p *party) mints() bool {
	err := p.uses(p.newest())
	if err != nil && !errors.Is(err, bearergate.ErrInvalidToken) {
		p.Errorf("got %v, want no error or %v", err, bearergate.ErrInvalidToken)
	}
	p.tell(p.name + " mints: " + map[bool]string{true: "done", false: "refused"}[err == nil])
	return err == nil
}

func (s *schedule) isTheft() bool {
	return slices.ContainsFunc(s.facts, func(f audit.Facts) bool {
		return f.Theft == audit.RefreshTokenReused && f.ClientID == "app" && f.GrantID == "grant" && f.Subject == "user" && f.Family != ""
	})
}

// TestThiefIsFoundOut has a thief steal any token at any time, follow within the grace
// or after it, rotate at will, and use what it got or lie low. Once both sides have
// used what was issued, beyond the grace, the family is dead, and the audit says so.
//
// Rules: S7.43, S7.44, S7.46, S7.47, S7.50.
func TestThiefIsFoundOut(t *testing.T) {
	eachSchedule(t, func(t *testing.T, s *schedule) {
		client := s.begin()
		thief := &party{schedule: s, name: "thief"}
		for range 1 + s.IntN(30) {
			switch s.IntN(8) {
			case 0, 1:
				client.refreshes(s.IntN(3) == 0)
			case 2:
				client.mints()
			case 3:
				thief.held = append(thief.held, client.held[s.IntN(len(client.held))])
				s.tell("thief steals")
			case 4, 5:
				if len(thief.held) > 0 {
					thief.presents(thief.held[s.IntN(len(thief.held))], s.IntN(4) == 0)
				}
			case 6:
				if len(thief.held) > 0 {
					thief.mints()
				}
			case 7:
				for range s.IntN(40) { // to flush what the server remembers
					if len(thief.held) == 0 || !thief.refreshes(false) {
						break
					}
				}
			}
			s.sleeps()
		}
		if len(thief.held) == 0 {
			thief.held = append(thief.held, client.newest())
			s.tell("thief steals")
		}
		parties := []*party{client, thief}
		s.Shuffle(2, func(i, j int) { parties[i], parties[j] = parties[j], parties[i] })
		s.tell("both sides use what they have")
		for range 2 {
			for _, p := range parties {
				s.pastGrace()
				if p.refreshes(false) {
					p.mints()
				}
			}
		}
		s.pastGrace()
		for _, p := range parties {
			if p.refreshes(false) || p.mints() {
				t.Errorf("%s: got an answer, want the family dead", p.name)
			}
		}
		if !s.isTheft() {
			t.Error("got no theft in the audit, want one with client, grant, family and subject")
		}
	})
}

// TestClientAloneNeverLosesItsFamily loses any number of answers for any time, and has
// two processes refresh at once.
//
// Rules: S7.43, S7.44, S7.50.
func TestClientAloneNeverLosesItsFamily(t *testing.T) {
	eachSchedule(t, func(t *testing.T, s *schedule) {
		s.reportsUses(t)
		client := s.begin()
		for range 1 + s.IntN(40) {
			switch s.IntN(6) {
			case 0, 1:
				if !client.refreshes(false) {
					t.Error("got a refused refresh, want an answer")
				}
			case 2, 3:
				if !client.refreshes(true) {
					t.Error("got a refused refresh, want an answer")
				}
			case 4:
				if !client.mints() {
					t.Error("got a refused use, want none")
				}
			case 5:
				s.failsOnce(client)
			}
			s.sleeps()
		}
		if s.isTheft() {
			t.Error("got a theft in the audit, want none")
		}
	})
}

// reportsUses replaces the endpoint by one to which all uses are reported.
func (s *schedule) reportsUses(t *testing.T) { s.trial = newTrial(t, usesReported) }

// failsOnce has the store or Issue fail during a refresh, before it acted or after.
func (s *schedule) failsOnce(client *party) {
	s.fails, s.late = []string{"Family", "ReplaceFamily", "Issue"}[s.IntN(3)], s.IntN(2) == 0
	s.down.Store(s.fails == "Issue")
	s.tell("client refreshes while " + s.fails + " fails")
	before := s.family(client.newest())
	s.ask(asApp(refreshing(client.newest().RefreshToken)))
	s.fails = ""
	s.down.Store(false)
	if after := s.family(client.newest()); after.Generation > before.Generation { // the answer was lost
		s.retired[s.living], s.living = time.Now(), "unknown"
		s.living = s.succeeds(asApp(refreshing(client.newest().RefreshToken))).RefreshToken
	}
}
