package tokenendpoint_test

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
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

func usesReported(c *tokenendpoint.Config) { c.UsesReported = true }

func (tr *trial) refresh(t tokens) tokens {
	tr.Helper()
	return tr.succeeds(asApp(refreshing(t.RefreshToken)))
}

func (tr *trial) isDead(all ...tokens) {
	tr.Helper()
	for _, t := range all {
		tr.refuses(asApp(refreshing(t.RefreshToken)), bearergate.ErrInvalidGrant)
		if err := tr.uses(t); !errors.Is(err, bearergate.ErrInvalidToken) {
			tr.Errorf("a use after the revocation: got %v, want %v", err, bearergate.ErrInvalidToken)
		}
	}
}

// Rules: S7.44.
func TestLostAnswerIsAnsweredAgainWheneverNothingOfItWasUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t, usesReported)
		if err := tr.uses(first); err != nil { // of an older generation
			t.Fatal(err)
		}
		lost := tr.refresh(first)
		for _, wait := range []time.Duration{time.Minute, time.Hour, 28 * 24 * time.Hour} {
			time.Sleep(wait)
			if again := tr.refresh(first); again.RefreshToken != lost.RefreshToken || again.AccessToken == lost.AccessToken {
				t.Errorf("after %v: got %+v, want a new access token and the refresh token of %+v", wait, again, lost)
			}
			if err := tr.uses(first); err != nil {
				t.Errorf("got %v for the access token of the first generation, want no error", err)
			}
		}
		tr.refresh(lost)
		time.Sleep(time.Minute)
		tr.isDead(first, lost)
	})
}

// Rules: S7.44, S7.45, S7.47.
func TestUseOfTheSuccessorsAccessTokenEndsTheRepetition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t, usesReported)
		second := tr.refresh(first)
		time.Sleep(time.Minute)
		third := tr.refresh(first) // of the same generation as second
		for range 2 {
			if err := tr.uses(third); err != nil {
				t.Fatalf("got %v, want no error", err)
			}
		}
		tr.isDead(first, second, third)
	})
}

// Rules: S7.46, S7.47.
func TestWithoutReportsTheGraceAloneCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		second := tr.refresh(first)
		time.Sleep(30*time.Second - 1)
		tr.refresh(first)
		time.Sleep(time.Nanosecond)
		tr.isDead(first, second)
	})
}

// TestPresentedSuccessorEndsTheRepetition has the successor presented in a request
// that fails.
//
// Rules: S7.44.
func TestPresentedSuccessorEndsTheRepetition(t *testing.T) {
	for name, fail := range map[string]func(*trial, tokens){
		"a wider scope": func(tr *trial, t tokens) {
			tr.refuses(asApp(refreshing(t.RefreshToken, "scope", "admin")), bearergate.ErrInvalidRequest)
		},
		"Issue fails": func(tr *trial, t tokens) {
			tr.down.Store(true)
			tr.refuses(asApp(refreshing(t.RefreshToken)), bearergate.ErrTemporarilyUnavailable)
			tr.down.Store(false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, first := connect(t, usesReported)
				second := tr.refresh(first)
				fail(tr, second)
				if again := tr.refresh(first); again.RefreshToken != second.RefreshToken {
					t.Errorf("within the grace: got %+v, want the token of %+v", again, second)
				}
				time.Sleep(time.Minute)
				tr.isDead(first, second)
			})
		})
	}
}

// Rules: S7.50.
func TestTokenThatIsHandedOutIsNotRetired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		time.Sleep(time.Second)
		second := tr.refresh(first)
		time.Sleep(time.Second)
		third := tr.refresh(second)
		for _, retired := range []tokens{first, second, first} {
			if got := tr.refresh(retired); got.RefreshToken != third.RefreshToken {
				t.Errorf("got the refresh token %s, want the living one %s", got.RefreshToken, third.RefreshToken)
			}
		}
		time.Sleep(28*time.Second + time.Second/2) // the first one's grace is over, the second one's is not
		if got := tr.refresh(second); got.RefreshToken != third.RefreshToken {
			t.Errorf("got the refresh token %s, want the living one %s", got.RefreshToken, third.RefreshToken)
		}
	})
}

// Rules: S7.47.
func TestOldTokenOfALivingFamilyIsRecognized(t *testing.T) {
	for _, rotations := range []int{2, 33, 200} {
		synctest.Test(t, func(t *testing.T) {
			tr, first := connect(t, usesReported)
			bystander := tr.succeeds(asApp(exchange(tr.code())))
			last := first
			for range rotations {
				last = tr.refresh(last)
				time.Sleep(time.Hour)
			}
			if got := tr.family(last); len(got.Retired) > 1 {
				t.Errorf("got %d retired tokens kept, want 1 at most", len(got.Retired))
			}
			tr.isDead(first, last)
			tr.refresh(bystander)
		})
	}
}

// Rules: S7.40, S7.47.
func TestTokenOfNoFamilyRevokesNothing(t *testing.T) {
	tr, first := connect(t)
	family, own, _ := strings.Cut(first.RefreshToken, ".")
	dump := tr.family(first)
	for _, text := range []string{
		family, own, family + ".", family + "." + own[1:], family + "." + own + "A", family + own, family + "." + own + ".", "." + own,
		family + "." + own[:42] + "\u00e9", dump.Authorization.FamilyID + "." + own, secret43("a") + "." + own, family[:42] + "." + own, family + "." + own[:20],
	} {
		tr.refuses(asApp(refreshing(text)), bearergate.ErrInvalidGrant)
	}
	tr.refresh(first)
}

// Rules: S7.48, S7.62.
func TestReaderOfTheStoreCanMakeNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		second := tr.refresh(first)
		dump := tr.family(first)
		sealed := dump.Retired[0].Successor
		_, own, _ := strings.Cut(second.RefreshToken, ".")
		for name, pad := range map[string][32]byte{"no pad": {}, "the sum of the token": dump.Retired[0].Token, "the sum of the successor": dump.Token} {
			opened := sealed
			for i := range opened {
				opened[i] ^= pad[i]
			}
			if base64url(opened[:]) == own {
				t.Errorf("%s opens the successor", name)
			}
		}
		family, _, _ := strings.Cut(first.RefreshToken, ".")
		for _, secret := range []string{family, own, first.RefreshToken, second.RefreshToken} {
			if text := fmt.Sprintf("%+v", dump); strings.Contains(text, secret) {
				t.Errorf("got the secret %s in %s", secret, text)
			}
		}
	})
}

// Rules: S7.49.
func TestSealedSuccessorIsErasedOnceItWasUsedAndTheGraceIsOver(t *testing.T) {
	for name, write := range map[string]func(*trial, tokens){
		"by the next use":            func(tr *trial, t tokens) { tr.uses(t) },
		"by the next code":           func(tr *trial, _ tokens) { tr.code() },
		"by a clean-up of the store": func(tr *trial, t tokens) { tr.succeeds(asApp(exchange(tr.code()))) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, first := connect(t, usesReported)
				second := tr.refresh(first)
				tr.uses(second)
				if got := tr.family(first); len(got.Retired) != 1 {
					t.Errorf("within the grace: got %d retired tokens, want 1", len(got.Retired))
				}
				time.Sleep(2 * time.Minute)
				write(tr, second)
				if got := tr.family(first); len(got.Retired) != 0 {
					t.Errorf("got the retired tokens %v, want none", got.Retired)
				}
			})
		})
	}
}

func TestFamilyForgetsWhatIsNeverAnsweredAgain(t *testing.T) {
	now := time.Now()
	ends := func(seconds ...int) (all []tokenendpoint.RetiredToken) {
		for _, s := range seconds {
			all = append(all, tokenendpoint.RetiredToken{GraceEndsAt: now.Add(time.Duration(s-30) * time.Second)})
		}
		return all
	}
	for _, c := range []struct {
		name    string
		retired []tokenendpoint.RetiredToken
		used    bool
		want    []tokenendpoint.RetiredToken
	}{
		{"none", nil, true, nil},
		{"in grace, or half a minute after it", ends(31, 1, 2), true, ends(31, 1, 2)},
		{"at the end", ends(0, 2), true, ends(2)},
		{"the last, unused", ends(-2, -1), false, ends(-1)},
		{"the last, used", ends(-2, -1), true, nil},
		{"out of order", ends(-2, 1, -1), true, ends(1, -1)},
		{"too many", ends(slices.Repeat([]int{1}, 70)...), true, ends(slices.Repeat([]int{1}, 64)...)},
	} {
		f := tokenendpoint.Family{Retired: c.retired, Used: c.used}
		before := slices.Clone(c.retired)
		forgot := f.Forget(now)
		if !slices.Equal(f.Retired, c.want) || forgot != (len(c.want) < len(before)) || !slices.Equal(before, c.retired) {
			t.Errorf("%s: got %v of %v, %v, want %v", c.name, f.Retired, before, forgot, c.want)
		}
	}
}

// Rules: S7.43.
func TestReusesWithinTheGraceAreLimitedInCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t, func(c *tokenendpoint.Config) { c.MaxReuses = 2 })
		second := tr.refresh(first)
		tr.refresh(first)
		tr.refresh(first)
		third := tr.refresh(second)
		if got := tr.refresh(second); got.RefreshToken != third.RefreshToken {
			t.Errorf("got %+v, want the token of %+v", got, third)
		}
		tr.isDead(first, second, third)
	})
}

// Rules: S7.33, S7.34, S7.47.
func TestRevokedHookReceivesWhatTheFamilyStandsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []tokenendpoint.Authorization
		var fails error
		tr := newTrial(t, func(c *tokenendpoint.Config) {
			c.Revoked = func(_ context.Context, a tokenendpoint.Authorization) error { got = append(got, a); return fails }
		})
		for name, steal := range map[string]func() (tokens, tokens, func() answer){
			"replayed code": func() (tokens, tokens, func() answer) {
				code := tr.code()
				first := tr.succeeds(asApp(exchange(code)))
				return first, first, func() answer { return tr.ask(asApp(exchange(code))) }
			},
			"reused refresh token": func() (tokens, tokens, func() answer) {
				first := tr.succeeds(asApp(exchange(tr.code())))
				second := tr.refresh(first)
				time.Sleep(time.Minute)
				return first, second, func() answer { return tr.ask(asApp(refreshing(first.RefreshToken))) }
			},
		} {
			first, last, use := steal()
			want := tr.family(first).Authorization
			got, fails = nil, errDown
			if a := use(); a.Status != 503 {
				t.Errorf("%s, the hook fails: got %d %s, want 503", name, a.Status, a.Body)
			}
			tr.refuses(asApp(refreshing(last.RefreshToken)), bearergate.ErrTemporarilyUnavailable)
			fails = nil
			if a := use(); a.Status != 401 {
				t.Errorf("%s: got %d %s, want 401", name, a.Status, a.Body)
			}
			for _, a := range got {
				if a.FamilyID != want.FamilyID || a.ClientID != "app" || a.GrantID != "grant" || a.Subject != "user" {
					t.Errorf("%s: got %+v, want %+v", name, a, want)
				}
			}
			if len(got) != 3 {
				t.Errorf("%s: got %d calls of the hook, want 3", name, len(got))
			}
			fails = nil
			tr.isDead(first, last)
		}
	})
}

// Rules: S1.13, S7.64.
func TestRevocationThatFailsIs503AndIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, late := range []bool{false, true} {
			tr := newTrial(t)
			code := tr.code()
			replayed := tr.succeeds(asApp(exchange(code)))
			first := tr.succeeds(asApp(exchange(tr.code())))
			second := tr.refresh(first)
			time.Sleep(time.Minute)
			tr.fails, tr.late = "ReplaceFamily", late
			tr.refuses(asApp(exchange(code)), bearergate.ErrTemporarilyUnavailable)
			tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrTemporarilyUnavailable)
			tr.fails = ""
			tr.refuses(asApp(exchange(code)), bearergate.ErrInvalidGrant)
			tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrInvalidGrant)
			tr.isDead(replayed, first, second)
		}
	})
}

// Rules: S7.52.
func TestRefreshThatRacesARevocationIsInvalidGrant(t *testing.T) {
	for name, revoke := range map[string]func(*trial){
		"of the tokens": func(tr *trial) { tr.memory.RevokeGrant(context.Background(), "grant") },
		"of the grant":  func(tr *trial) { tr.grants.Revoke("grant", time.Now()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var racing bool
				var tr *trial
				tr, first := connect(t, func(c *tokenendpoint.Config) {
					issue := c.Issue
					c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
						if racing {
							revoke(tr)
						}
						return issue(ctx, a)
					}
				})
				second, waiting := tr.refresh(first), tr.code()
				racing = true
				for _, form := range []string{refreshing(first.RefreshToken).Encode(), refreshing(second.RefreshToken).Encode(), exchange(waiting).Encode()} {
					tr.refuses(app(form), bearergate.ErrInvalidGrant)
					tr.grants.Put(bearergate.Grant{ID: "grant"})
				}
			})
		})
	}
}

// Rules: S7.65.
func TestExchangeWhoseAnswerOfTheStoreWasLostSucceeds(t *testing.T) {
	tr := newTrial(t)
	for _, late := range []bool{true, false} {
		code := tr.code()
		tr.fails, tr.late = "Consume", late
		if late {
			first := tr.succeeds(asApp(exchange(code)))
			tr.fails = ""
			tr.refresh(first)
			continue
		}
		tr.refuses(asApp(exchange(code)), bearergate.ErrTemporarilyUnavailable)
		tr.fails = ""
		tr.succeeds(asApp(exchange(code)))
	}
}

// consumes is a store whose Consume answers otherwise.
type consumes struct {
	tokenendpoint.Store
	consume func(ctx context.Context, s tokenendpoint.Store, sum tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error)
}

func (c consumes) Consume(ctx context.Context, sum tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
	return c.consume(ctx, c.Store, sum, at, first)
}

// Rules: S7.32, S7.65.
func TestOutcomesOfConsumeThatIssueNothing(t *testing.T) {
	type store = tokenendpoint.Store
	for name, c := range map[string]struct {
		consume func(ctx context.Context, s store, sum tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error)
		want    bearergate.Code
	}{
		"Expired": {func(context.Context, store, tokenendpoint.Sum, time.Time, tokenendpoint.Family) (tokenendpoint.Outcome, error) {
			return tokenendpoint.Expired, nil
		}, bearergate.ErrInvalidGrant},
		"Unknown": {func(context.Context, store, tokenendpoint.Sum, time.Time, tokenendpoint.Family) (tokenendpoint.Outcome, error) {
			return tokenendpoint.Unknown, nil
		}, bearergate.ErrInvalidGrant},
		"an error, and another exchange was first": {func(ctx context.Context, s store, sum tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
			first.FamilyID = "another"
			s.Consume(ctx, sum, at, first)
			return tokenendpoint.Unknown, errDown
		}, bearergate.ErrInvalidGrant},
		"an error and a reply that says Fresh": {func(context.Context, store, tokenendpoint.Sum, time.Time, tokenendpoint.Family) (tokenendpoint.Outcome, error) {
			return tokenendpoint.Fresh, errDown
		}, bearergate.ErrTemporarilyUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(t, func(config *tokenendpoint.Config) { config.Store = consumes{config.Store, c.consume} })
			tr.refuses(asApp(exchange(tr.code())), c.want)
		})
	}
}

func TestUseReportsOfOtherTokensAreOutOfSight(t *testing.T) {
	tr, first := connect(t, usesReported)
	calls := tr.called(func() {
		for _, id := range []string{"", "jti", first.RefreshToken} {
			if err := tr.ReportUse(t.Context(), bearergate.NewToken(bearergate.Claims{ID: id})); err != nil {
				t.Errorf("%q: got %v, want no error", id, err)
			}
		}
	})
	if len(calls) > 0 {
		t.Errorf("got the calls %v of the store, want none", calls)
	}
}

// Rules: S7.45, S7.64.
func TestFirstUseIsWrittenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t, usesReported)
		for _, fails := range []string{"Family", "ReplaceFamily"} {
			tr.fails = fails
			if err := tr.uses(first); !errors.Is(err, errDown) {
				t.Errorf("%s fails: got %v, want %v", fails, err, errDown)
			}
		}
		tr.fails = ""
		tr.uses(first)
		calls := tr.called(func() { tr.uses(first) })
		if got := fmt.Sprint(calls); got != "[Family]" || !tr.family(first).Used {
			t.Errorf("got the calls %s of the second report, want [Family]", got)
		}
	})
}

func TestFamilyIsKeptAsLongAsItsAccessTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, lifetime := range []time.Duration{-1, time.Minute} {
			tr, first := connect(t, func(c *tokenendpoint.Config) {
				c.RefreshLifetime = lifetime
				issue := c.Issue
				c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
					issued, err := issue(ctx, a)
					issued.ExpiresIn = 24 * time.Hour
					return issued, err
				}
			})
			again := first
			if lifetime > 0 {
				time.Sleep(30 * time.Second)
				tr.refresh(first)
				time.Sleep(29 * time.Second)
				again = tr.refresh(first) // in its grace
			}
			time.Sleep(24*time.Hour + 5*time.Minute - time.Second) // with the leeway
			tr.code()
			if err := tr.uses(again); err != nil {
				t.Errorf("refresh tokens of %v: got %v for an access token that lives, want no error", lifetime, err)
			}
			time.Sleep(time.Minute)
			tr.code()
			if err := tr.uses(again); !errors.Is(err, bearergate.ErrInvalidToken) {
				t.Errorf("got %v, want %v", err, bearergate.ErrInvalidToken)
			}
		}
	})
}

// Rules: S7.34.
func TestFamilyOfATokenIsInItsID(t *testing.T) {
	var id string
	tr, first := connect(t, func(c *tokenendpoint.Config) {
		issue := c.Issue
		c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			id = a.TokenID
			return issue(ctx, a)
		}
	})
	want := tr.family(first).Authorization.FamilyID
	if got, ok := tokenendpoint.FamilyOf(id); got != want || !ok {
		t.Errorf("got %q, %v, want %q", got, ok, want)
	}
	if got, ok := tokenendpoint.FamilyOf("jti"); got != "" || ok {
		t.Errorf("got %q, %v for a foreign id, want none", got, ok)
	}
}

// corrupt is a store that returns other successors.
type corrupt struct{ tokenendpoint.Store }

func (c corrupt) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	f, ok, err := c.Store.Family(ctx, id)
	for i := range f.Retired {
		f.Retired[i].Successor = [32]byte{1}
	}
	return f, ok, err
}

// Rules: S7.50.
func TestSuccessorThatIsNotTheLivingTokenIsNotHandedOut(t *testing.T) {
	tr, first := connect(t, func(c *tokenendpoint.Config) { c.Store = corrupt{c.Store} })
	tr.refresh(first)
	tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrTemporarilyUnavailable)
}

// losing is a store in which another request always wins.
type losing struct{ tokenendpoint.Store }

func (losing) ReplaceFamily(context.Context, tokenendpoint.Family) (bool, error) { return false, nil }

func TestStoreThatNeverReplacesEndsIn503(t *testing.T) {
	tr := newTrial(t, func(c *tokenendpoint.Config) { c.Store = losing{c.Store} })
	code := tr.code()
	first := tr.succeeds(asApp(exchange(code)))
	tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrTemporarilyUnavailable)
	tr.refuses(asApp(exchange(code)), bearergate.ErrTemporarilyUnavailable)
}

// Rules: S7.44, S7.47.
func TestAfterTheGraceOnlyTheLastRetiredTokenIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t, usesReported)
		second := tr.refresh(first)
		third := tr.refresh(second)
		time.Sleep(time.Minute)
		if got := tr.refresh(second); got.RefreshToken != third.RefreshToken {
			t.Errorf("got the refresh token %s, want %s", got.RefreshToken, third.RefreshToken)
		}
		tr.isDead(first, third)
	})
}

// Rules: S7.44, S7.45.
func TestUseThatRacesARepetitionEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
		second := tr.refresh(first)
		time.Sleep(time.Minute)
		race = func() { tr.uses(second) }
		tr.isDead(first, second)
	})
}

// Rules: S7.48.
func TestEachSuccessorIsSealedUnderItsOwnPad(t *testing.T) {
	tr, first := connect(t)
	second := tr.refresh(first)
	third := tr.refresh(second)
	retired := tr.family(first).Retired
	own := func(t tokens) []byte {
		_, own, _ := strings.Cut(t.RefreshToken, ".")
		decoded, _ := base64.RawURLEncoding.DecodeString(own)
		return decoded
	}
	var sealed, open [32]byte
	subtle.XORBytes(sealed[:], retired[0].Successor[:], retired[1].Successor[:])
	subtle.XORBytes(open[:], own(second), own(third))
	if sealed == open {
		t.Error("got two successors under one pad, want a pad for each")
	}
}

// cancelled is a store that loses its reply to Consume since the client left, and
// does nothing for a client that left.
type cancelled struct {
	tokenendpoint.Store
	leave func()
}

func (c *cancelled) Consume(ctx context.Context, sum tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
	c.Store.Consume(ctx, sum, at, first)
	c.leave()
	return tokenendpoint.Unknown, ctx.Err()
}

func (c *cancelled) Code(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.AuthorizationCode, bool, error) {
	if ctx.Err() != nil {
		return tokenendpoint.AuthorizationCode{}, false, ctx.Err()
	}
	return c.Store.Code(ctx, sum)
}

// Rules: S7.65.
func TestStoreIsAskedAgainThoughTheRequestWasCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tr := newTrial(t, func(c *tokenendpoint.Config) { c.Store = &cancelled{c.Store, cancel} })
	tr.refresh(tr.succeeds(asApp(exchange(tr.code())).WithContext(ctx)))
}

// TestAnyNumberOfRacersSeesNo5xx has more than a hundred processes present one retired
// token at once.
//
// Rules: S7.51.
func TestAnyNumberOfRacersSeesNo5xx(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		tr, first := connect(t, func(c *tokenendpoint.Config) {
			c.MaxReuses = 1000
			issue := c.Issue
			c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
				calls.Add(1)
				time.Sleep(10 * time.Millisecond)
				return issue(ctx, a)
			}
		})
		tr.refresh(first)
		calls.Store(0)
		statuses := make(chan int, 150)
		var all sync.WaitGroup
		for range 150 {
			all.Go(func() { statuses <- tr.ask(asApp(refreshing(first.RefreshToken))).Status })
		}
		all.Wait()
		close(statuses)
		failed := 0
		for status := range statuses {
			if status != 200 {
				failed++
			}
		}
		if failed > 0 {
			t.Errorf("got %d of 150 answers that are not 200, after %d calls of Issue, want none", failed, calls.Load())
		}
	})
}

// TestGraceHoldsHoweverOftenTheFamilyIsRotated has one process refresh often, as with
// access tokens that last a second, while the answer of another is lost.
//
// Rules: S7.43.
func TestGraceHoldsHoweverOftenTheFamilyIsRotated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		for now, i := first, 0; i < 17; i++ {
			now = tr.refresh(now)
			time.Sleep(time.Second)
		}
		tr.refresh(first)
	})
}

func TestUseThatCannotBeWrittenIsAFault(t *testing.T) {
	tr := newTrial(t, usesReported, func(c *tokenendpoint.Config) { c.Store = losing{c.Store} })
	first := tr.succeeds(asApp(exchange(tr.code())))
	if err := tr.uses(first); err == nil || errors.Is(err, bearergate.ErrInvalidToken) {
		t.Errorf("got %v, want an error that is no refusal", err)
	}
}

// Rules: S7.43.
func TestReusesAreCountedIfTheyAreLimited(t *testing.T) {
	for limit, want := range map[int]int{0: 0, 2: 2, 5: 3} {
		tr, first := connect(t, func(c *tokenendpoint.Config) { c.MaxReuses = limit })
		tr.refresh(first)
		for range min(3, max(want, 1)) {
			tr.refresh(first)
		}
		if got := tr.family(first).Retired[0].Reuses; got != want {
			t.Errorf("MaxReuses %d: got %d reuses counted, want %d", limit, got, want)
		}
	}
}

// Rules: S7.46.
func TestWithoutReportsAUseIsNotWritten(t *testing.T) {
	tr, first := connect(t)
	if got := fmt.Sprint(tr.called(func() { tr.uses(first) })); got != "[Family]" {
		t.Errorf("got the calls %s, want [Family]", got)
	}
	second := tr.refresh(first)
	if got := fmt.Sprint(tr.called(func() { tr.uses(second) })); got != "[Family]" {
		t.Errorf("after a refresh: got the calls %s, want [Family]", got)
	}
}

func TestFamilyWithoutRefreshTokensKeepsNone(t *testing.T) {
	tr := newTrial(t, func(c *tokenendpoint.Config) { c.RefreshLifetime = -1 })
	id, _ := tokenendpoint.FamilyOf(idOf(tr.succeeds(asApp(exchange(tr.code())))))
	family, found, _ := tr.memory.Family(t.Context(), id)
	if !found || family.Token != (tokenendpoint.Sum{}) || !family.TokenExpiresAt.IsZero() {
		t.Errorf("got %+v, want a family without a token", family)
	}
}

// Rules: S7.33.
func TestReplayOfACodeWhoseFamilyEndedWritesNothing(t *testing.T) {
	for name, end := range map[string]func(tr *trial, code string){
		"revoked": func(tr *trial, code string) { tr.refuses(asApp(exchange(code)), bearergate.ErrInvalidGrant) },
		"expired": func(tr *trial, _ string) { time.Sleep(7 * time.Minute); tr.code() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, func(c *tokenendpoint.Config) { c.RefreshLifetime = time.Minute })
				code := tr.code()
				tr.succeeds(asApp(exchange(code)))
				end(tr, code)
				calls := tr.called(func() { tr.refuses(asApp(exchange(code)), bearergate.ErrInvalidGrant) })
				if got := fmt.Sprint(calls); got != "[Code Family]" {
					t.Errorf("got the calls %s, want [Code Family]", got)
				}
			})
		})
	}
}

// Rules: S1.13, S7.33, S7.49, S7.64.
func TestReplayRevokesInOneWrite(t *testing.T) {
	for _, c := range []struct {
		fails string
		late  bool
		want  bearergate.Code
		calls []string
	}{
		{"", false, bearergate.ErrInvalidGrant, []string{"Code", "Family", "ReplaceFamily"}},
		{"Family", false, bearergate.ErrTemporarilyUnavailable, []string{"Code", "Family"}},
		{"Family", true, bearergate.ErrTemporarilyUnavailable, []string{"Code", "Family"}},
		{"ReplaceFamily", false, bearergate.ErrTemporarilyUnavailable, []string{"Code", "Family", "ReplaceFamily"}},
	} {
		t.Run(fmt.Sprintf("%q fails, late %v", c.fails, c.late), func(t *testing.T) {
			tr := newTrial(t, usesReported)
			code := tr.code()
			first := tr.succeeds(asApp(exchange(code)))
			tr.refresh(first)
			want := tr.family(first)
			tr.fails, tr.late = c.fails, c.late
			calls := tr.called(func() { tr.refuses(asApp(exchange(code)), c.want) })
			if diff := cmp.Diff(c.calls, calls); diff != "" {
				t.Errorf("calls of the store (-want +got):\n%s", diff)
			}
			tr.fails = ""
			tr.refuses(asApp(exchange(code)), bearergate.ErrInvalidGrant)
			want.Version++
			want.Token, want.Retired, want.Used, want.Revoked = tokenendpoint.Sum{}, nil, true, true
			if diff := cmp.Diff(want, tr.family(first)); diff != "" {
				t.Errorf("the family (-want +got):\n%s", diff)
			}
		})
	}
}

// Rules: S7.46.
func TestGraceAloneCountsOnceUsesAreNoLongerReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, first := connect(t, usesReported)
		second := before.refresh(first)
		time.Sleep(time.Minute)
		after := newTrial(t, func(c *tokenendpoint.Config) { c.Store = before })
		after.isDead(first, second)
	})
}

// TestReusesAreNotCountedWithoutALimit has access tokens that outlive refresh tokens,
// so that each repetition writes the family.
//
// Rules: S7.43.
func TestReusesAreNotCountedWithoutALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t, func(c *tokenendpoint.Config) { c.RefreshLifetime = time.Minute })
		tr.refresh(first)
		before := tr.family(first).Version
		time.Sleep(time.Second)
		tr.refresh(first)
		if got := tr.family(first); got.Version != before+1 || got.Retired[0].Reuses != 0 {
			t.Errorf("got version %d with %d reuses, want %d with none", got.Version, got.Retired[0].Reuses, before+1)
		}
	})
}
