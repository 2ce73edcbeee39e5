package bearergate_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// subjectIn returns the subject of the context's token, or "nobody".
func subjectIn(ctx context.Context) string {
	if t, ok := bearergate.TokenFrom(ctx); ok {
		return t.Subject()
	}
	return "nobody"
}

// bySubject verifies a token as that of a subject of this name.
func bySubject() bearergate.Verifier {
	return bearergate.VerifierFunc(func(_ context.Context, raw string) (*bearergate.Token, error) {
		c := bearergatetest.InstallationClaims("projects:read")
		c.Subject = raw
		return bearergate.NewToken(c), nil
	})
}

// allSeven returns a chain of every kind of guard.
func allSeven(t testing.TB, v bearergate.Verifier) bearergate.Middleware {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "acme"})
	return bearergate.Chain(
		configured(bearergate.Config{}), bearergate.LimitFailedAuthentication(budgetOf(t, 1<<40)),
		bearergate.RequireToken(v), bearergate.RequireGrant(grants), bearergate.RateLimit(budgetOf(t, 1<<40)),
		bearergate.RequireOrg(bearergate.PathValue("org")), bearergate.RequireScope("projects:read"),
	)
}

func TestGuardsOfAChainShareOneRequest(t *testing.T) {
	var seen []*http.Request
	look := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r)
			next.ServeHTTP(w, r)
		})
	}
	sent := with(get("alice"), "org", "acme")
	guard := bearergate.Chain(look, configured(bearergate.Config{}), look, allSeven(t, bySubject()), look)
	passes(t, guard, sent)
	if len(seen) != 3 || seen[0] != sent || seen[1] == sent || seen[1] == seen[2] {
		t.Errorf("got the requests %p, want that of the client, a copy in the outer Configure, and one in the inner", seen)
	}
	if got := subjectIn(sent.Context()); got != "nobody" {
		t.Errorf("got %s in the client's request, want nobody", got)
	}
}

// again calls the handler twice with one request, as middleware that retries does.
// The second time it has this header.
func again(authorization ...string) bearergate.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(httptest.NewRecorder(), r)
			r.Header["Authorization"] = authorization
			next.ServeHTTP(w, r)
		})
	}
}

// Rules: S2.21, S3.12.
func TestHandlerThatIsCalledTwiceStartsAnew(t *testing.T) {
	calls := 0
	renamed := bearergate.GrantStoreFunc(func(_ context.Context, id string) (bearergate.Grant, error) {
		calls++
		return bearergate.Grant{ID: id, OrganizationID: []string{"first", "second"}[(calls-1)%2]}, nil
	})
	configure, verify := configured(bearergate.Config{}), bearergate.RequireToken(bySubject())
	optional := bearergate.OptionalToken(bySubject())
	facts := func(ctx context.Context) string {
		g, _ := bearergate.GrantFrom(ctx)
		return subjectIn(ctx) + " " + g.OrganizationID
	}
	for _, c := range []struct {
		name  string
		guard bearergate.Middleware
		r     *http.Request
		want  []string
	}{
		{"RequireToken", bearergate.Chain(configure, again("Bearer bob"), verify), get("alice"), []string{"alice ", "bob "}},
		{"OptionalToken", bearergate.Chain(configure, again(), optional), get("alice"), []string{"alice ", "nobody "}},
		{"OptionalToken without one", bearergate.Chain(configure, again("Bearer bob"), optional), get(""), []string{"nobody ", "bob "}},
		{"RequireGrant", bearergate.Chain(verify, again("Bearer bob"), bearergate.RequireGrant(renamed)), get("alice"), []string{"alice first", "alice second"}},
	} {
		var contexts []context.Context
		c.guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			contexts = append(contexts, r.Context())
		})).ServeHTTP(httptest.NewRecorder(), c.r)
		var got []string
		for _, ctx := range contexts {
			got = append(got, facts(ctx))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: callers after both calls (-want +got):\n%s", c.name, diff)
		}
	}
}

// Rules: S3.9, S3.12.
func TestContextThatACheckKeptKeepsItsToken(t *testing.T) {
	var kept context.Context
	keep := bearergate.Require(func(r *http.Request) error {
		kept = r.Context()
		return nil
	})
	alice := bearergatetest.InstallationClaims()
	alice.Subject = "alice"
	passes(t, bearergate.Chain(bearergate.RequireToken(accepting(alice)), keep, bearergate.RequireToken(bySubject())), get("bob"))
	if got := subjectIn(kept); got != "alice" {
		t.Errorf("got %s in the context that a check between two token guards kept, want alice", got)
	}
}

func TestLimitThatAnswersTwiceSharesNoFields(t *testing.T) {
	var headers []http.Header
	twice := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for range 2 {
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, r)
				headers = append(headers, rec.Header())
			}
		})
	}
	everybody := bearergate.WithKey("everybody", func(*http.Request) (string, error) { return "all", nil })
	serve(bearergate.Chain(configured(bearergate.Config{}), twice, bearergate.RateLimit(budgetOf(t, 3), everybody)), get(""))
	var got []string
	for _, h := range headers {
		remaining, _, _ := strings.Cut(h.Get("RateLimit"), ";t=")
		got = append(got, remaining)
	}
	if diff := cmp.Diff([]string{`"everybody";r=2`, `"everybody";r=1`}, got); diff != "" {
		t.Errorf("fields of two responses to one request (-want +got):\n%s", diff)
	}
}

func TestRequestOfOthersInBetweenStaysAsItIs(t *testing.T) {
	type key struct{}
	for name, derive := range map[string]func(*http.Request) *http.Request{
		"with another context": func(r *http.Request) *http.Request {
			return r.WithContext(context.WithValue(r.Context(), key{}, "value"))
		},
		"a clone": func(r *http.Request) *http.Request { return r.Clone(r.Context()) },
		"a shallow copy": func(r *http.Request) *http.Request {
			c := *r
			return &c
		},
	} {
		t.Run(name, func(t *testing.T) {
			var inBetween context.Context
			between := func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					inBetween = r.Context()
					next.ServeHTTP(w, derive(r))
				})
			}
			inside := "nobody"
			chain := bearergate.Chain(configured(bearergate.Config{}), between, bearergate.RequireToken(bySubject()))
			chain(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				inside = subjectIn(r.Context())
			})).ServeHTTP(httptest.NewRecorder(), get("alice"))
			if diff := cmp.Diff([]string{"alice", "nobody"}, []string{inside, subjectIn(inBetween)}); diff != "" {
				t.Errorf("subjects in the handler and in between (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFactsPassThroughCopies compares each chain with itself with a copy between its
// guards: that of a Configure without settings.
func TestFactsPassThroughCopies(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "globex"})
	now, copying := time.Now(), configured(bearergate.Config{})
	lastOf := func(reset time.Time) bearergate.Middleware {
		return bearergate.RateLimit(bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
			return bearergate.Quota{Limit: 1, Reset: reset, Allowed: true}, nil
		}))
	}
	verify := bearergate.RequireToken(bySubject())
	for name, guards := range map[string][]bearergate.Middleware{
		"settings":     {configured(bearergate.Config{Realm: "other"}), verify, bearergate.RequireScope("a")},
		"grant":        {verify, bearergate.RequireGrant(grants), bearergate.RequireOrg(bearergate.PathValue("org"))},
		"anonymous":    {bearergate.OptionalToken(bySubject()), bearergate.RequireScope("projects:read")},
		"token's text": {verify, bearergate.RateLimit(budgetOf(t, 100), bearergate.WithKey("token", bearergate.TokenKey))},
		"longer wait":  {verify, lastOf(now.Add(time.Hour)), lastOf(now.Add(time.Minute)), bearergate.RateLimit(exhausted(1, now))},
	} {
		t.Run(name, func(t *testing.T) {
			var apart []bearergate.Middleware
			for _, g := range guards {
				apart = append(apart, g, copying)
			}
			for _, token := range []string{"alice", ""} {
				r := func() *http.Request { return with(get(token), "org", "globex") }
				want, got := serve(bearergate.Chain(guards...), r()), serve(bearergate.Chain(apart...), r())
				want.Header.Del("RateLimit")
				got.Header.Del("RateLimit")
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("the token %q, with copies in between (-want +got):\n%s", token, diff)
				}
			}
		})
	}
}

// TestContextIsSafeForConcurrentUse is for the race detector.
func TestContextIsSafeForConcurrentUse(t *testing.T) {
	var readers sync.WaitGroup
	reading := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := r.Context()
			readers.Go(func() {
				subjectIn(ctx)
				bearergate.GrantFrom(ctx)
				bearergate.Refuse(httptest.NewRecorder(), r, bearergate.ErrInvalidClient)
				ctx.Value("a key of others")
			})
			next.ServeHTTP(w, r)
		})
	}
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID})
	for range 100 {
		passes(t, bearergate.Chain(configured(bearergate.Config{}), reading, bearergate.LimitFailedAuthentication(budgetOf(t, 1)), reading,
			bearergate.RequireToken(bySubject()), reading, bearergate.RequireGrant(grants), reading), get("alice"))
	}
	readers.Wait()
}

func TestRepeatedTokenCostsFewAllocations(t *testing.T) {
	usual, usualRequest := usualChain(t)
	handled := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		name  string
		chain http.Handler
		r     *http.Request
		want  float64
	}{
		{"token alone", bearergate.RequireToken(issuer.Verifier())(handled), get(issuer.InstallationToken()), 1}, // the request
		{"chain of four", usual, usualRequest, 2}, // and the text of RateLimit
		{"all seven", allSeven(t, issuer.Verifier())(handled), with(get(issuer.InstallationToken(bearergatetest.WithScopes("projects:read"))), "org", "acme"), 3}, // and the limit of failures
	} {
		rec := httptest.NewRecorder()
		got := testing.AllocsPerRun(1000, func() {
			clear(rec.Header())
			c.chain.ServeHTTP(rec, c.r)
		})
		if got > c.want && !raceEnabled {
			t.Errorf("%s: got %v allocations, want %v", c.name, got, c.want)
		}
	}
}
