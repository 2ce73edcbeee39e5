package tokenendpoint_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/google/go-cmp/cmp"
)

func decode(t *testing.T, a answer) (tokens tokens) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), &tokens); err != nil || a.Status != 200 {
		t.Errorf("got %d %s, want 200 and tokens", a.Status, a.Body)
	}
	return tokens
}

func connect(t *testing.T, configure ...func(*tokenendpoint.Config)) (*trial, tokens) {
	tr := newTrial(t, configure...)
	return tr, tr.succeeds(asApp(exchange(tr.code())))
}

// Rules: S7.41.
func TestRefreshTokenIsRotated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, now := connect(t)
		seen := map[string]bool{now.RefreshToken: true}
		for range 100 {
			time.Sleep(24 * time.Hour)
			now = tr.succeeds(asApp(refreshing(now.RefreshToken)))
			if seen[now.RefreshToken] || now.Scope != "read write" {
				t.Fatalf("got %+v, want a new refresh token and the scopes read write", now)
			}
			seen[now.RefreshToken] = true
		}
		time.Sleep(30 * 24 * time.Hour)
		tr.refuses(asApp(refreshing(now.RefreshToken)), bearergate.ErrInvalidGrant)
	})
}

// Rules: S7.43, S7.46, S7.47.
func TestRetiredTokenAnswersWithTheSameSuccessorForAShortTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		second := tr.succeeds(asApp(refreshing(first.RefreshToken)))
		for range 3 {
			time.Sleep(29 * time.Second / 3)
			if again := tr.succeeds(asApp(refreshing(first.RefreshToken))); again.RefreshToken != second.RefreshToken {
				t.Errorf("got the successor %s, want %s again", again.RefreshToken, second.RefreshToken)
			}
		}
		third := tr.succeeds(asApp(refreshing(second.RefreshToken)))
		time.Sleep(2 * time.Second)
		unknown := tr.refuses(asApp(refreshing("unknown")), bearergate.ErrInvalidGrant)
		reused := tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrInvalidGrant)
		tr.areAlike([]answer{unknown, reused})
		for _, dead := range []tokens{first, second, third} {
			tr.refuses(asApp(refreshing(dead.RefreshToken)), bearergate.ErrInvalidGrant)
		}
	})
}

// Rules: S7.43.
func TestWithoutGraceReuseRevokesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t, func(c *tokenendpoint.Config) { c.Grace = -1 })
		second := tr.succeeds(asApp(refreshing(first.RefreshToken)))
		tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrInvalidGrant)
		tr.refuses(asApp(refreshing(second.RefreshToken)), bearergate.ErrInvalidGrant)
	})
}

// Rules: S7.42, S7.51.
func TestTenThousandRefreshesAtOnceLeaveOneSuccessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		var mu sync.Mutex
		successors := make(map[string]int)
		var racers sync.WaitGroup
		for range 10_000 {
			racers.Go(func() {
				got := decode(t, tr.ask(asApp(refreshing(first.RefreshToken))))
				mu.Lock()
				defer mu.Unlock()
				successors[got.RefreshToken]++
			})
		}
		racers.Wait()
		if len(successors) != 1 {
			t.Fatalf("got %d successors, want 1", len(successors))
		}
		for token := range successors {
			next := tr.succeeds(asApp(refreshing(token)))
			time.Sleep(30 * time.Second)
			tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrInvalidGrant)
			tr.refuses(asApp(refreshing(next.RefreshToken)), bearergate.ErrInvalidGrant)
		}
	})
}

// Rules: S7.39.
func TestRefreshTokenIsItsClientsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		tr.refuses(as(post(refreshing(first.RefreshToken).Encode()), "other", "other secret"), bearergate.ErrInvalidGrant)
		tr.refuses(asPublic(refreshing(first.RefreshToken)), bearergate.ErrInvalidGrant)
		second := tr.succeeds(asApp(refreshing(first.RefreshToken)))
		time.Sleep(time.Hour) // and whoever else holds a retired one revokes nothing
		tr.refuses(as(post(refreshing(first.RefreshToken).Encode()), "other", "other secret"), bearergate.ErrInvalidGrant)
		tr.succeeds(asApp(refreshing(second.RefreshToken)))
	})
}

// Rules: S7.12, S7.53.
func TestScopeOfARefreshIsNoWider(t *testing.T) {
	tr, first := connect(t)
	for _, scope := range []string{"read admin", "admin", "READ", "read  write", " read", "read\twrite"} {
		tr.refuses(asApp(refreshing(first.RefreshToken, "scope", scope)), bearergate.ErrInvalidRequest)
	}
	narrow := tr.succeeds(asApp(refreshing(first.RefreshToken, "scope", "read read")))
	if narrow.Scope != "read" || !strings.Contains(narrow.AccessToken, `"scopes":["read"]`) {
		t.Errorf("got %+v, want the scope read alone", narrow)
	}
	if wide := tr.succeeds(asApp(refreshing(narrow.RefreshToken))); wide.Scope != "read write" {
		t.Errorf("got %+v, want all that was granted", wide)
	}
}

// Rules: S7.11.
func TestRefreshTokensAreNotIssuedIfTurnedOff(t *testing.T) {
	tr, first := connect(t, func(c *tokenendpoint.Config) { c.RefreshLifetime = -1 })
	if first.RefreshToken != "" {
		t.Errorf("got %+v, want no refresh token", first)
	}
	tr.refuses(asApp(refreshing("x")), bearergate.ErrInvalidRequest)
}

// Rules: S7.52.
func TestRevokedGrantsTokensAreInvalidGrant(t *testing.T) {
	tr, first := connect(t)
	waiting := tr.code()
	if err := tr.memory.RevokeGrant(t.Context(), "grant"); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*http.Request{asApp(refreshing(first.RefreshToken)), asApp(exchange(waiting))} {
		tr.refuses(r, bearergate.ErrInvalidGrant)
	}
}

// Rules: S7.40.
func TestExpiredRefreshTokenIssuesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		time.Sleep(30 * 24 * time.Hour)
		before := tr.issued.Load()
		tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrInvalidGrant)
		if tr.issued.Load() != before {
			t.Error("got an access token made for it, want none")
		}
	})
}

// TestRacingRefreshes has two requests find the token living.
//
// Rules: S7.51.
func TestRacingRefreshes(t *testing.T) {
	for _, grace := range []time.Duration{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			var racers atomic.Int64
			var found sync.WaitGroup
			found.Add(2)
			tr, first := connect(t, func(c *tokenendpoint.Config) {
				issue := c.Issue
				c.Grace = grace
				c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
					if racers.Add(-1) >= 0 {
						found.Done()
						found.Wait()
					}
					return issue(ctx, a)
				}
			})
			racers.Store(2)
			answers := make(chan answer, 2)
			for range 2 {
				go func() { answers <- tr.ask(asApp(refreshing(first.RefreshToken))) }()
			}
			one, other := <-answers, <-answers
			if grace < 0 { // the loser holds a retired token
				if one.Status+other.Status != 200+401 {
					t.Errorf("got %d and %d, want one 200 and one 401", one.Status, other.Status)
				}
				if one.Status != 200 {
					one = other
				}
				tr.refuses(asApp(refreshing(decode(t, one).RefreshToken)), bearergate.ErrInvalidGrant)
				return
			}
			if decode(t, one).RefreshToken != decode(t, other).RefreshToken {
				t.Error("got two successors, want one")
			}
			tr.succeeds(asApp(refreshing(decode(t, one).RefreshToken)))
		})
	}
}

// TestRefreshThatLosesToARevocationIsInvalidGrant has the grant revoked while
// the request is under way.
//
// Rules: S7.52.
func TestRefreshThatLosesToARevocationIsInvalidGrant(t *testing.T) {
	var revoke atomic.Bool
	var tr *trial
	tr, first := connect(t, func(c *tokenendpoint.Config) {
		issue := c.Issue
		c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			if revoke.Load() {
				tr.memory.RevokeGrant(ctx, a.GrantID)
			}
			return issue(ctx, a)
		}
	})
	waiting := tr.code()
	revoke.Store(true)
	tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrInvalidGrant)
	tr.refuses(asApp(exchange(waiting)), bearergate.ErrInvalidGrant)
}

// Rules: S7.40.
func TestUnusableRefreshTokensAreRefusedAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, expired := connect(t)
		time.Sleep(30 * 24 * time.Hour)
		living := tr.succeeds(asApp(exchange(tr.code())))
		var all []answer
		for name, r := range map[string]*http.Request{
			"unknown":   asApp(refreshing(secret43("a") + "." + secret43("b"))),
			"expired":   asApp(refreshing(expired.RefreshToken)),
			"another's": as(post(refreshing(living.RefreshToken).Encode()), "other", "other secret"),
			"a code":    asApp(refreshing(tr.code())),
			"none":      asApp(refreshing("unknown")),
		} {
			var want []string
			if name != "a code" && name != "none" {
				want = []string{"Family"}
			}
			calls := tr.called(func() { all = append(all, tr.refuses(r, bearergate.ErrInvalidGrant)) })
			if diff := cmp.Diff(want, calls); diff != "" {
				t.Errorf("%s: calls of the store (-want +got):\n%s", name, diff)
			}
		}
		tr.areAlike(all)
		tr.hasChallenge(all[0], "")
	})
}

// secret43 has the form of half a refresh token.
func secret43(c string) string { return strings.Repeat(c, 42) + "A" }

func TestOutcomesHaveNames(t *testing.T) {
	for outcome, want := range map[tokenendpoint.Outcome]string{
		tokenendpoint.Unknown: "Unknown", tokenendpoint.Fresh: "Fresh", tokenendpoint.Used: "Used", tokenendpoint.Expired: "Expired", 7: "Outcome(7)",
	} {
		if got := outcome.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// ghosts is a store in which, after a number of reads, each read returns a code or
// family together with found and err.
type ghosts struct {
	tokenendpoint.Store
	left  int
	found bool
	err   error
}

func (g *ghosts) lives() (bool, error) {
	if g.left--; g.left >= 0 {
		return true, nil
	}
	return g.found, g.err
}

func (g *ghosts) Code(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.AuthorizationCode, bool, error) {
	code, _, _ := g.Store.Code(ctx, sum)
	found, err := g.lives()
	return code, found, err
}

func (g *ghosts) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	family, _, _ := g.Store.Family(ctx, id)
	found, err := g.lives()
	return family, found, err
}

// TestWhatTheStoreReportsAsNotFoundIsNotThere has the store return a code or family
// that it reports as not found, or with an error.
//
// Rules: S7.24, S7.40, S7.52, S7.64, S7.65.
func TestWhatTheStoreReportsAsNotFoundIsNotThere(t *testing.T) {
	for _, c := range []struct {
		name     string
		exchange bool // and no repeated refresh
		left     int
		found    bool
		err      error
		fails    string
		want     bearergate.Code
		calls    []string
	}{
		{"code", true, 0, false, nil, "", bearergate.ErrInvalidGrant, []string{"Code"}},
		{"code, after a reply of Consume that was lost", true, 1, false, nil, "Consume", bearergate.ErrTemporarilyUnavailable, []string{"Code", "Consume", "Code"}},
		{"error after a reply of Consume that was lost", true, 1, true, errDown, "Consume", bearergate.ErrTemporarilyUnavailable, []string{"Code", "Consume", "Code"}},
		{"family", false, 0, false, nil, "", bearergate.ErrInvalidGrant, []string{"Family"}},
		{"family, after the answer was made", false, 1, false, nil, "", bearergate.ErrInvalidGrant, []string{"Family", "Family", "Family"}},
		{"error after the answer was made", false, 1, false, errDown, "", bearergate.ErrTemporarilyUnavailable, []string{"Family", "Family"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &ghosts{left: 100}
			tr, first := connect(t, func(config *tokenendpoint.Config) { g.Store, config.Store = config.Store, g })
			tr.refresh(first)
			request := asApp(refreshing(first.RefreshToken))
			if c.exchange {
				request = asApp(exchange(tr.code()))
			}
			g.left, g.found, g.err = c.left, c.found, c.err
			tr.fails, tr.late = c.fails, true
			calls := tr.called(func() { tr.refuses(request, c.want) })
			if diff := cmp.Diff(c.calls, calls); diff != "" {
				t.Errorf("calls of the store (-want +got):\n%s", diff)
			}
		})
	}
}

// Rules: S7.42, S7.64.
func TestRefreshWritesOnceAndARepetitionNothing(t *testing.T) {
	tr, first := connect(t)
	tr.fails = "ReplaceFamily"
	calls := tr.called(func() {
		tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrTemporarilyUnavailable)
	})
	if diff := cmp.Diff([]string{"Family", "ReplaceFamily"}, calls); diff != "" {
		t.Errorf("calls of a store that fails (-want +got):\n%s", diff)
	}
	tr.fails = ""
	tr.refresh(first)
	calls = tr.called(func() { tr.refresh(first) })
	if diff := cmp.Diff([]string{"Family", "Family"}, calls); diff != "" {
		t.Errorf("calls of a repetition (-want +got):\n%s", diff)
	}
}

// TestRefreshThatLosesToAUseIssuesOneAccessToken has a use written while the answer is
// made.
func TestRefreshThatLosesToAUseIssuesOneAccessToken(t *testing.T) {
	var race func()
	tr, first := connect(t, usesReported, func(c *tokenendpoint.Config) {
		issue := c.Issue
		c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			if race != nil {
				race()
			}
			return issue(ctx, a)
		}
	})
	race = func() { tr.uses(first) }
	calls := tr.called(func() { tr.refresh(first) })
	want := []string{"Family", "Family", "ReplaceFamily", "ReplaceFamily", "Family", "ReplaceFamily"} // the use is the second and third
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls of the store (-want +got):\n%s", diff)
	}
	if got := tr.issued.Load(); got != 2 {
		t.Errorf("got %d access tokens for an exchange and a refresh, want 2", got)
	}
}

// Rules: S7.41.
func TestRotationProlongsTheFamily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		time.Sleep(29 * 24 * time.Hour)
		second := tr.refresh(first)
		time.Sleep(29 * 24 * time.Hour)
		tr.code() // the store removes what expired
		tr.refresh(second)
	})
}
