package bearergatetest_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
	gocmp "github.com/google/go-cmp/cmp"
)

type fault struct {
	name  string
	spoil func(*wiring)
}

// around returns a middleware that changes the answers of the API.
func around(change func(w http.ResponseWriter, rec *httptest.ResponseRecorder, r *http.Request)) func(*wiring) {
	return func(w *wiring) {
		w.around = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, r)
				change(w, rec, r)
			})
		}
	}
}

func copyAnswer(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	w.Write(rec.Body.Bytes())
}

// without strips a header from refusals.
func without(name string) func(*wiring) {
	return with(name, "")
}

func with(name, value string) func(*wiring) {
	return around(func(w http.ResponseWriter, rec *httptest.ResponseRecorder, _ *http.Request) {
		if rec.Header().Del(name); value != "" {
			rec.Header().Set(name, value)
		}
		copyAnswer(w, rec)
	})
}

// ofStatus sets a header of the answers of this status.
func ofStatus(status int, name, value string) func(*wiring) {
	return around(func(w http.ResponseWriter, rec *httptest.ResponseRecorder, _ *http.Request) {
		if rec.Code == status {
			rec.Header().Set(name, value)
		}
		copyAnswer(w, rec)
	})
}

// goesOn is a guard whose refusals do not stop the handler, as in gin without Abort.
func goesOn(guard bearergate.Middleware, after http.HandlerFunc) bearergate.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			passed := false
			guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { passed = true; next.ServeHTTP(w, r) })).ServeHTTP(w, r)
			if !passed {
				after(w, r)
			}
		})
	}
}

// getOnly leaves a guard out for every method but GET.
func getOnly(guard bearergate.Middleware) bearergate.Middleware {
	return func(next http.Handler) http.Handler {
		guarded := guard(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				guarded.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// verifier verifies with other settings.
func verifier(change func(*jwtverifier.Config)) func(*wiring) {
	return func(w *wiring) {
		c := w.issuer.Config()
		change(&c)
		v, err := jwtverifier.New(c)
		if err != nil {
			panic(err)
		}
		w.verifyBy(v)
	}
}

func (w *wiring) verifyBy(v bearergate.Verifier) {
	w.replace("token", bearergate.RequireToken(v, bearergate.InstallationToken))
}

// verifyingFunc verifies as good does, and then may decide otherwise.
func verifyingFunc(decide func(raw string, token *bearergate.Token, err error) (*bearergate.Token, error)) func(*wiring) {
	return func(w *wiring) {
		good := w.issuer.Verifier()
		w.verifyBy(bearergate.VerifierFunc(func(ctx context.Context, raw string) (*bearergate.Token, error) {
			token, err := good.VerifyToken(ctx, raw)
			return decide(raw, token, err)
		}))
	}
}

// unverified decodes the claims of a JWT and believes them.
func unverified(raw string) *bearergate.Token {
	var c struct {
		Sub, Scope, Type, GrantID, OrganizationID, InstallationID string
	}
	segments := strings.Split(raw, ".")
	if len(segments) != 3 || json.Unmarshal(decode(segments[1]), &c) != nil {
		return nil
	}
	return bearergate.NewToken(bearergate.Claims{
		Type: bearergate.TokenType(cmp.Or(c.Type, "access")), Subject: c.Sub, Scopes: bearergate.ParseScope(c.Scope),
		GrantID: c.GrantID, OrganizationID: c.OrganizationID, InstallationID: c.InstallationID,
	})
}

func faults() []fault {
	return []fault{
		// A guard is missing.
		{"no RequireToken", func(w *wiring) { w.remove("token") }},
		{"no guard at all", func(w *wiring) {
			for _, g := range w.guards {
				w.remove(g.name)
			}
		}},
		{"no RateLimit", func(w *wiring) { w.remove("limit") }},
		{"no RequireGrant", func(w *wiring) { w.remove("grant") }},
		{"no RequireOrg", func(w *wiring) { w.remove("org") }},
		{"no RequireScope", func(w *wiring) { w.remove("scope") }},
		{"no LimitFailedAuthentication", func(w *wiring) { w.failures = bearergate.Chain() }},
		{"no route", func(w *wiring) { w.patterns = []string{"GET /projects"} }},
		{"a route that redirects to another one", func(w *wiring) {
			w.around = func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, r.URL.Path+"/", http.StatusTemporaryRedirect)
				})
			}
		}},

		// A guard stands in the wrong place.
		{"token and limit swapped", func(w *wiring) { w.swap("token", "limit") }},
		{"limit and grant swapped", func(w *wiring) { w.swap("limit", "grant") }},
		{"limit and org swapped", func(w *wiring) { w.swap("limit", "org") }},
		{"limit and scope swapped", func(w *wiring) { w.swap("limit", "scope") }},
		{"grant and org swapped", func(w *wiring) { w.swap("grant", "org") }},
		{"grant and scope swapped", func(w *wiring) { w.swap("grant", "scope") }},
		{"org and scope swapped", func(w *wiring) { w.swap("org", "scope") }},
		{"limit by claims that nobody verified", func(w *wiring) {
			w.replace("limit", bearergate.Chain())
			w.guards = slices.Insert(w.guards, 0, namedGuard{"", bearergate.RateLimit(w.budget, bearergate.WithKey("user", func(r *http.Request) (string, error) {
				if token := unverified(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")); token != nil {
					return token.Subject(), nil
				}
				return rand.Text(), nil
			}))})
		}},

		// The wrong guard, or a wrong argument.
		{"OptionalToken", func(w *wiring) {
			w.onlyToken()
			w.replace("token", bearergate.OptionalToken(w.issuer.Verifier(), bearergate.InstallationToken))
		}},
		{"any type", func(w *wiring) { w.replace("token", bearergate.RequireToken(w.issuer.Verifier())) }},
		{"the other type", func(w *wiring) {
			w.replace("token", bearergate.RequireToken(w.issuer.Verifier(), bearergate.AccessToken))
		}},
		{"RequireAnyScope", func(w *wiring) { w.replace("scope", bearergate.RequireAnyScope("projects:read", "projects:list")) }},
		{"a part of the scopes", func(w *wiring) { w.replace("scope", bearergate.RequireScope("projects:read")) }},
		{"an organization in the query that wins over the path", func(w *wiring) {
			w.replace("org", bearergate.RequireOrg(func(r *http.Request) (string, error) {
				return cmp.Or(r.URL.Query().Get("org"), r.PathValue("org")), nil
			}))
		}},
		{"a misspelt scope", func(w *wiring) { w.replace("scope", bearergate.RequireScope("projects:raed", "projects:list")) }},
		{"a guard for each scope", func(w *wiring) {
			w.replace("scope", bearergate.Chain(bearergate.RequireScope("projects:read"), bearergate.RequireScope("projects:list")))
		}},
		{"scopes by prefix", func(w *wiring) {
			strict := w.guards[4].guard
			w.replace("scope", func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					token, _ := bearergate.TokenFrom(r.Context())
					held := strings.Join(token.Scopes(), " ")
					if strings.Contains(held, "projects:read") && strings.Contains(held, "projects:list") {
						next.ServeHTTP(w, r)
						return
					}
					strict(next).ServeHTTP(w, r)
				})
			})
		}},
		{"forbidden in place of missing_scope", func(w *wiring) {
			w.replace("scope", bearergate.Require(func(r *http.Request) error {
				if token, _ := bearergate.TokenFrom(r.Context()); !token.HasScope("projects:read") || !token.HasScope("projects:list") {
					return bearergate.ErrForbidden
				}
				return nil
			}))
		}},
		{"missing_scope without required", func(w *wiring) {
			w.replace("scope", bearergate.Require(func(r *http.Request) error {
				if token, _ := bearergate.TokenFrom(r.Context()); !token.HasScope("projects:read") || !token.HasScope("projects:list") {
					return bearergate.ErrMissingScope
				}
				return nil
			}))
		}},
		{"the organization of the token itself", func(w *wiring) {
			w.replace("org", bearergate.RequireOrg(func(r *http.Request) (string, error) {
				token, _ := bearergate.TokenFrom(r.Context())
				return token.OrganizationID(), nil
			}))
		}},
		{"a selector that finds nothing", func(w *wiring) { w.replace("org", bearergate.RequireOrg(bearergate.PathValue("organization"))) }},
		{"a limit by address", func(w *wiring) {
			w.replace("limit", bearergate.RateLimit(w.budget, bearergate.WithKey("address", func(r *http.Request) (string, error) { return r.RemoteAddr, nil })))
		}},
		{"one budget for all", func(w *wiring) {
			w.replace("limit", bearergate.RateLimit(w.budget, bearergate.WithKey("api", func(*http.Request) (string, error) { return "all", nil })))
		}},
		{"another budget", func(w *wiring) { w.routes.Budget = 4 }},
		{"a larger budget", func(w *wiring) { w.routes.Budget = 2 }},
		{"another grant store", func(w *wiring) { w.replace("grant", bearergate.RequireGrant(new(bearergate.MemoryGrants))) }},
		{"a store without revoked grants", func(w *wiring) {
			w.replace("grant", bearergate.RequireGrant(bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
				g, err := w.grant(ctx, id)
				if !g.RevokedAt.IsZero() {
					return bearergate.Grant{}, bearergate.ErrGrantNotFound
				}
				return g, err
			})))
		}},
		{"a grant in the path that nobody compares", func(w *wiring) {
			w.patterns = []string{"DELETE /installations/{grantId}"}
			w.remove("org")
			w.routes.Org, w.routes.GrantInPath = "", "grantId"
			w.routes.Scopes = bearergate.RouteScopes{w.patterns[0]: {"projects:read", "projects:list"}}
		}},
		{"RequireScope in place of RequireAnyScope", func(w *wiring) { w.routes.AnyScope = true }},
		{"RequireAnyScope is missing", func(w *wiring) { w.routes.AnyScope = true; w.remove("scope") }},
		{"RequireToken in place of OptionalToken", func(w *wiring) { w.onlyToken(); w.routes.Optional = true }},
		{"a member that anybody is", func(w *wiring) {
			w.replace("org", bearergate.RequireMembership(bearergate.PathValue("org"), func(context.Context, *bearergate.Token, string) (bool, error) { return true, nil }))
		}},
		{"a grant in the path that tells whether it was revoked", func(w *wiring) {
			w.patterns = []string{"DELETE /installations/{grantId}"}
			w.remove("org")
			w.routes.Org, w.routes.GrantInPath = "", "grantId"
			w.routes.Scopes = bearergate.RouteScopes{w.patterns[0]: {"projects:read", "projects:list"}}
			w.replace("grant", bearergate.Chain(bearergate.Require(func(r *http.Request) error {
				if g, err := w.grant(r.Context(), r.PathValue("grantId")); err != nil || !g.RevokedAt.IsZero() {
					return cmp.Or(err, error(bearergate.ErrGrantRevoked))
				}
				return nil
			}), w.guards[2].guard, bearergate.RequireGrant(bearergate.GrantStoreFunc(w.grant), bearergate.WithGrantInPath("grantId"))))
		}},
		{"a request without a token that counts as a guess", func(w *wiring) {
			w.around = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Authorization") == "" {
						guess := r.Clone(r.Context())
						guess.Header.Set("Authorization", "Bearer none")
						next.ServeHTTP(httptest.NewRecorder(), guess)
					}
					next.ServeHTTP(w, r)
				})
			}
		}},

		// HEAD.
		{"HEAD without RequireToken", func(w *wiring) {
			w.patterns = []string{wiredRoute}
			guards := w.guards
			w.guards = []namedGuard{{"all", getOnly(func(next http.Handler) http.Handler {
				for _, g := range slices.Backward(guards) {
					next = g.guard(next)
				}
				return next
			})}}
		}},
		{"HEAD without RateLimit", func(w *wiring) { w.replace("limit", getOnly(w.guards[1].guard)) }},
		{"HEAD without RequireGrant", func(w *wiring) { w.replace("grant", getOnly(w.guards[2].guard)) }},
		{"HEAD without RequireOrg", func(w *wiring) { w.replace("org", getOnly(w.guards[3].guard)) }},
		{"HEAD without RequireScope", func(w *wiring) { w.replace("scope", getOnly(w.guards[4].guard)) }},

		// The verifier.
		{"no audience", verifier(func(c *jwtverifier.Config) {
			c.AdditionalAudiences = []string{"https://other-api.example"}
		})},
		{"signatures that nobody checks", verifyingFunc(func(raw string, token *bearergate.Token, err error) (*bearergate.Token, error) {
			if token := unverified(raw); token != nil {
				return token, nil
			}
			return token, err
		})},
		{"a cache by the claims of a token", func(w *wiring) {
			var cache sync.Map
			good := w.issuer.Verifier()
			w.verifyBy(bearergate.VerifierFunc(func(ctx context.Context, raw string) (*bearergate.Token, error) {
				claims := raw[:max(0, strings.LastIndex(raw, "."))]
				if token, ok := cache.Load(claims); ok {
					return token.(*bearergate.Token), nil
				}
				token, err := good.VerifyToken(ctx, raw)
				if err == nil {
					cache.Store(claims, token)
				}
				return token, err
			}))
		}},
		{"alg none", verifyingFunc(func(raw string, token *bearergate.Token, err error) (*bearergate.Token, error) {
			if header, _, _ := strings.Cut(raw, "."); strings.Contains(string(decode(header)), `"none"`) {
				return unverified(raw), nil
			}
			return token, err
		})},
		{"an issuer that nobody checks", func(w *wiring) {
			good, other := w.issuer.Verifier(), w.issuer.Config()
			other.Issuer = "https://other-issuer.example"
			alsoGood, err := jwtverifier.New(other)
			if err != nil {
				panic(err)
			}
			w.verifyBy(bearergate.VerifierFunc(func(ctx context.Context, raw string) (*bearergate.Token, error) {
				token, err := good.VerifyToken(ctx, raw)
				if err != nil {
					return alsoGood.VerifyToken(ctx, raw)
				}
				return token, err
			}))
		}},
		{"an expiry that nobody checks", verifyingFunc(func(raw string, token *bearergate.Token, err error) (*bearergate.Token, error) {
			if err != nil && strings.Contains(err.Error(), "exp") {
				return unverified(raw), nil
			}
			return token, err
		})},
		{"an unknown token is a failure", verifyingFunc(func(_ string, token *bearergate.Token, err error) (*bearergate.Token, error) {
			if err != nil {
				return nil, errors.New("no rows in result set")
			}
			return token, nil
		})},
		{"another issuer's verifier", func(w *wiring) { w.verifyBy(bearergatetest.NewStranger().Verifier()) }},
		{"a token in the query", func(w *wiring) {
			w.around = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if token := r.FormValue("access_token"); token != "" {
						r.Header.Set("Authorization", "Bearer "+token)
					}
					next.ServeHTTP(w, r)
				})
			}
		}},
		{"of two tokens the first", func(w *wiring) {
			w.around = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if len(r.Header["Authorization"]) > 1 {
						r.Header["Authorization"] = r.Header["Authorization"][:1]
					}
					next.ServeHTTP(w, r)
				})
			}
		}},
		{"an opaque token by its first characters", func(w *wiring) {
			w.opaque(func(token string) string { return token[:min(len(token), 20)] }, bearergate.ErrInvalidToken)
		}},
		{"an opaque token that is unknown is a failure", func(w *wiring) { w.opaque(strings.ToUpper, errors.New("no rows in result set")) }},

		// The handler runs, or the cause leaks.
		{"a handler that runs on", func(w *wiring) { w.replace("scope", goesOn(w.guards[4].guard, w.serve)) }},
		{"a handler that runs on and writes a status alone", func(w *wiring) {
			w.replace("org", goesOn(w.guards[3].guard, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
		}},
		{"a handler that runs on and sets a header alone", func(w *wiring) {
			w.replace("org", goesOn(w.guards[3].guard, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Total", "3") }))
		}},
		{"a handler that runs on and writes nothing", func(w *wiring) {
			served := 0
			w.routes.Served = func() int { return served }
			w.replace("grant", goesOn(w.guards[2].guard, func(http.ResponseWriter, *http.Request) { served++ }))
		}},
		{"a body with the cause", func(w *wiring) {
			w.config.ErrorWriter = func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(e.Code.Status())
				fmt.Fprintf(w, "{\"error\":%q}\n", e.Error())
			}
		}},
		{"a header with the caller", func(w *wiring) {
			w.guards = slices.Insert(w.guards, 1, namedGuard{"", func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					token, _ := bearergate.TokenFrom(r.Context())
					w.Header().Set("X-User", token.Subject())
					next.ServeHTTP(w, r)
				})
			}})
		}},

		// Something changes the answer on its way.
		{"no WWW-Authenticate", without("WWW-Authenticate")},
		{"a challenge of a password", with("WWW-Authenticate", `Basic realm="api"`)},
		{"no Cache-Control", without("Cache-Control")},
		{"no Retry-After", without("Retry-After")},
		{"Retry-After is a date", around(func(w http.ResponseWriter, rec *httptest.ResponseRecorder, _ *http.Request) {
			if rec.Header().Get("Retry-After") != "" {
				rec.Header().Set("Retry-After", "Fri, 27 Nov 2026 08:02:56 GMT")
			}
			copyAnswer(w, rec)
		})},
		{"Retry-After for everything", with("Retry-After", "5")},
		{"Retry-After of a second", ofStatus(http.StatusTooManyRequests, "Retry-After", "1")},
		{"a challenge for 410", ofStatus(http.StatusGone, "WWW-Authenticate", `Bearer realm="api"`)},
		{"no X-Content-Type-Options", without("X-Content-Type-Options")},
		{"a Content-Encoding", with("Content-Encoding", "gzip")},
		{"no RateLimit", without("RateLimit")},
		{"no RateLimit-Policy", without("RateLimit-Policy")},
		{"a page in place of 401", around(func(w http.ResponseWriter, rec *httptest.ResponseRecorder, _ *http.Request) {
			if rec.Code == http.StatusUnauthorized {
				http.Error(w, "please sign in", http.StatusUnauthorized)
				return
			}
			copyAnswer(w, rec)
		})},
		{"a redirect to a page in place of 401", around(func(w http.ResponseWriter, rec *httptest.ResponseRecorder, r *http.Request) {
			if rec.Code == http.StatusUnauthorized {
				http.Redirect(w, r, "/login", http.StatusSeeOther)
				return
			}
			copyAnswer(w, rec)
		})},
		{"404 in place of 403", around(func(w http.ResponseWriter, rec *httptest.ResponseRecorder, r *http.Request) {
			if rec.Code == http.StatusForbidden {
				http.NotFound(w, r)
				return
			}
			copyAnswer(w, rec)
		})},
		{"200 for everything", around(func(w http.ResponseWriter, rec *httptest.ResponseRecorder, _ *http.Request) {
			rec.Code = http.StatusOK
			copyAnswer(w, rec)
		})},
		{"an ETag", with("ETag", `"1"`)},
		{"a writer that Routes does not name", func(w *wiring) {
			w.config.ErrorWriter = func(w http.ResponseWriter, _ *http.Request, e *bearergate.Error) {
				http.Error(w, "refused", e.Code.Status())
			}
		}},

		{"a writer with a status of its own", func(w *wiring) {
			w.config.ErrorWriter = func(w http.ResponseWriter, r *http.Request, _ *bearergate.Error) { http.NotFound(w, r) }
			w.routes.ErrorWriter = w.config.ErrorWriter
		}},
		{"a writer with the cause", func(w *wiring) {
			w.config.ErrorWriter = func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
				http.Error(w, e.Error(), e.Code.Status())
			}
			w.routes.ErrorWriter = w.config.ErrorWriter
		}},
		{"a writer with the cause in a header", func(w *wiring) {
			w.config.ErrorWriter = func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
				w.Header().Set("X-Reason", e.Error())
				bearergate.WriteError(w, r, e)
			}
			w.routes.ErrorWriter = w.config.ErrorWriter
		}},
		{"a writer that never writes the same", func(w *wiring) {
			w.config.ErrorWriter = func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
				http.Error(w, string(e.Code)+" "+rand.Text(), e.Code.Status())
			}
			w.routes.ErrorWriter = w.config.ErrorWriter
		}},

		// Outages.
		{"an outage that is a revoked grant", func(w *wiring) {
			w.replace("grant", bearergate.RequireGrant(bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
				g, err := w.grant(ctx, id)
				if err != nil {
					return bearergate.Grant{}, bearergate.ErrGrantNotFound
				}
				return g, nil
			})))
		}},
		{"an outage that lets everybody in", func(w *wiring) {
			w.replace("grant", bearergate.RequireGrant(bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
				g, err := w.grant(ctx, id)
				if w.down {
					return w.grants.Grant(ctx, id)
				}
				return g, err
			})))
		}},
		{"a store that panics", func(w *wiring) {
			w.replace("grant", bearergate.RequireGrant(bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
				if w.down {
					panic("nil pointer")
				}
				return w.grant(ctx, id)
			})))
		}},
	}
}

const childVariable = "BEARERGATETEST_FAULTS"

// TestEveryFaultIsNamed runs each faulty API in another process, since its failures
// fail the test. testdata/faults.txt has what they say. To write it anew, run the test
// with -update.
//
// Rules: S1.17 to S1.23, S1.31, S2.1 to S2.6, S2.15, S5.1 to S5.4, S6.5, S6.15.
func TestEveryFaultIsNamed(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		failEach(t)
		return
	}
	got := failures(t)
	if *update {
		if err := os.WriteFile(faultsFile, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(faultsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("got other failures than those of %s (-want +got):\n%s", faultsFile, diff)
	}
	for _, f := range faults() {
		if !strings.Contains(got, "fault: "+f.name+"\n    ") {
			t.Errorf("%s: got no failure, want one", f.name)
		}
	}
}

const faultsFile = "testdata/faults.txt"

var update = flag.Bool("update", false, "write "+faultsFile+" anew")

func failEach(t *testing.T) {
	for _, f := range faults() {
		fmt.Println("fault: " + f.name)
		w := newWiring(t)
		f.spoil(w)
		bearergatetest.TestErrorTable(t, w.api(t), w.mint, w.routes)
	}
}

var (
	failureLine = regexp.MustCompile(`^ +errortablefaults_test\.go:\d+: (.*)$`)
	idOfCaller  = regexp.MustCompile(`-[a-z2-7]{10}-\d+|\b[A-Z2-7]{26}\b`)
)

// failures returns what the faults of another process say, in the line of this file
// that calls TestErrorTable.
func failures(t *testing.T) string {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestEveryFaultIsNamed$", "-test.v", "-test.timeout=2m")
	command.Env = append(os.Environ(), childVariable+"=1")
	output, err := command.Output()
	if err == nil {
		t.Error("got a process that passed, want one that failed")
	}
	var all strings.Builder
	for line := range strings.Lines(string(output)) {
		if strings.HasPrefix(line, "fault: ") {
			all.WriteString(line)
		} else if m := failureLine.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			all.WriteString("    " + idOfCaller.ReplaceAllString(m[1], "-ID") + "\n")
		}
	}
	return all.String()
}
