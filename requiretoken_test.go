package bearergate_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// Rules: S3.4, S3.5.
func TestRouteTakesTheTypesItNames(t *testing.T) {
	access, installation := issuer.AccessToken(), issuer.InstallationToken()
	for _, c := range []struct {
		types   []bearergate.TokenOption
		refused string // empty: none
	}{
		{nil, ""},
		{[]bearergate.TokenOption{bearergate.AccessToken, bearergate.InstallationToken}, ""},
		{[]bearergate.TokenOption{bearergate.AccessToken}, installation},
		{[]bearergate.TokenOption{bearergate.InstallationToken}, access},
	} {
		guard := bearergate.RequireToken(issuer.Verifier(), c.types...)
		for _, token := range []string{access, installation} {
			if token == c.refused {
				refuses(t, guard, get(token), bearergate.ErrInvalidToken)
			} else {
				passes(t, guard, get(token))
			}
		}
	}
}

// Rules: S3.11.
func TestVerifierThatAnswersNothingCannotTell(t *testing.T) {
	refuses(t, bearergate.RequireToken(failing(nil)), get("token"), bearergate.ErrTemporarilyUnavailable)
	refuses(t, bearergate.RequireToken(accepting(bearergate.Claims{Subject: "x"})), get("token"), bearergate.ErrTemporarilyUnavailable)
}

// Rules: S1.13, S1.15.
func TestVerifiersErrorSetsTheAnswer(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bearergate.Code
	}{
		{bearergate.ErrInvalidToken, bearergate.ErrInvalidToken},
		{fmt.Errorf("revoked: %w", bearergate.ErrGrantRevoked), bearergate.ErrGrantRevoked},
		{errors.Join(errInner, bearergate.ErrInvalidToken), bearergate.ErrInvalidToken},
		{errInner, bearergate.ErrTemporarilyUnavailable},
		{context.DeadlineExceeded, bearergate.ErrTemporarilyUnavailable},
		{context.Canceled, bearergate.ErrTemporarilyUnavailable},
	} {
		refuses(t, bearergate.RequireToken(failing(c.err)), get("token"), c.want)
	}
}

// nilDereferencing is an error of a nil pointer whose text panics.
type nilDereferencing struct{ text string }

func (e *nilDereferencing) Error() string { return e.text }

func TestErrorThatIsANilPointerCannotTell(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	guard := bearergate.Chain(configure, bearergate.RequireToken(failing((*nilDereferencing)(nil))))
	refuses(t, guard, get("token"), bearergate.ErrTemporarilyUnavailable)
	if got := (*seen)[0].Reason.Error(); got != "temporarily_unavailable: <nil>" {
		t.Errorf("got reason %q", got)
	}
}

// Rules: S3.12.
func TestTokenOfTheOuterGuardIsReplaced(t *testing.T) {
	outer := bearergatetest.InstallationClaims()
	outer.Subject = "outer"
	inner := bearergatetest.InstallationClaims()
	inner.Subject = "inner"
	var got string
	handler := bearergate.Chain(bearergate.RequireToken(accepting(outer)), bearergate.RequireToken(accepting(inner)))(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			token, _ := bearergate.TokenFrom(r.Context())
			got = token.Subject()
		}))
	handler.ServeHTTP(nil, get("token"))
	if got != "inner" {
		t.Errorf("got the token of %q, want inner", got)
	}
}

// Rules: S3.9.
func TestWhatAHandlerDoesWithItsTokenChangesNothing(t *testing.T) {
	claims := bearergatetest.InstallationClaims("a", "b")
	claims.ProjectIDs = []string{"p1", "p2"}
	claims.Raw = `{"sub":"user-1"}`
	token := bearergate.NewToken(claims)
	guard := bearergate.RequireToken(bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) { return token, nil }))
	claims.Scopes[0], claims.ProjectIDs[0] = "changed", "changed"

	vandal := func(t *bearergate.Token) {
		t.Scopes()[0] = "admin"
		t.ProjectIDs()[0] = "other"
		_ = append(t.Scopes()[:1], "admin")
		var raw map[string]any
		t.Decode(&raw)
		raw["sub"] = "root"
	}
	type facts struct {
		Scopes, Projects []string
		Sub              any
	}
	read := func(t *bearergate.Token) facts {
		var raw map[string]any
		t.Decode(&raw)
		return facts{t.Scopes(), t.ProjectIDs(), raw["sub"]}
	}
	want := facts{[]string{"a", "b"}, []string{"p1", "p2"}, "user-1"}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				token, _ := bearergate.TokenFrom(r.Context())
				if diff := cmp.Diff(want, read(token)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				vandal(token)
				if token.HasScope("admin") || token.HasProject("other") {
					t.Error("the handler gave itself what it has not")
				}
			})).ServeHTTP(nil, get("token"))
		})
	}
	wg.Wait()
}

func TestNoTokenWithoutRequireToken(t *testing.T) {
	if token, ok := bearergate.TokenFrom(context.Background()); ok || token != nil {
		t.Errorf("got %v, %v, want none", token, ok)
	}
	if token, ok := bearergate.TokenFrom(bearergate.ContextWithToken(context.Background(), nil)); ok || token != nil {
		t.Errorf("got %v, %v, want none", token, ok)
	}
}

func TestContextKeepsItsOtherValuesAndItsEnd(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
	ctx = bearergatetest.ContextWithToken(ctx, bearergatetest.InstallationClaims())
	ctx = context.WithValue(ctx, "other", "value") //lint:ignore SA1029 any key will do
	if _, ok := bearergate.TokenFrom(ctx); !ok || ctx.Value(key{}) != "value" {
		t.Error("a value was lost")
	}
	cancel()
	if ctx.Err() == nil {
		t.Error("the end was lost")
	}
}

// TestSenderConstrainedTokenIsRefusedAsBearer holds it for whoever vouches for the
// token.
//
// Rules: S3a.57.
func TestSenderConstrainedTokenIsRefusedAsBearer(t *testing.T) {
	for _, confirmation := range []*bearergate.Confirmation{
		{JWKThumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, {CertificateThumbprint: "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"},
		{JWKThumbprint: "a", CertificateThumbprint: "b"}, {},
	} {
		for _, tokenType := range []bearergate.TokenType{bearergate.AccessToken, bearergate.InstallationToken} {
			claims := bearergatetest.InstallationClaims("a")
			claims.Type, claims.Confirmation = tokenType, confirmation
			opaque := bearergate.NewOpaqueVerifier("bi_", func(context.Context, [sha256.Size]byte) (bearergate.Claims, error) { return claims, nil })
			for name, c := range map[string]struct {
				verifier bearergate.Verifier
				token    string
			}{
				"a verifier":        {accepting(claims), "bi_token"},
				"an opaque one":     {opaque, "bi_token"},
				"one by its prefix": {bearergate.ByPrefix("bi_", opaque, issuer.Verifier()), "bi_token"},
				"one of JWTs":       {issuer.Verifier(), issuer.AccessToken(bearergatetest.WithClaim("cnf", map[string]any{"jkt": "x"}))},
				"one of other JWTs": {issuer.Verifier(), issuer.AccessToken(bearergatetest.WithClaim("cnf", map[string]any{}))},
			} {
				t.Run(name, func(t *testing.T) {
					configure, seen := observing(bearergate.Config{})
					guard := bearergate.Chain(configure, bearergate.RequireToken(c.verifier))
					for range 2 { // the second time from a cache
						refuses(t, guard, get(c.token), bearergate.ErrInvalidToken)
					}
					if got := fmt.Sprint((*seen)[0].Reason); !strings.Contains(got, "sender-constrained") {
						t.Errorf("got reason %q, want it to say that the token is sender-constrained", got)
					}
				})
			}
		}
	}
}

// Rules: S3b.1, S3b.2, S3b.3, S3b.4, S3b.6, S3b.7.
func TestOpaqueTokens(t *testing.T) {
	good := bearergatetest.InstallationClaims("a")
	sum := sha256.Sum256([]byte("bi_oat_secret"))
	var asked int
	lookup := func(answer bearergate.Claims, err error) bearergate.Verifier {
		return bearergate.NewOpaqueVerifier("bi_oat_", func(_ context.Context, got [sha256.Size]byte) (bearergate.Claims, error) {
			asked++
			if got != sum {
				t.Errorf("the lookup was given %x, want the SHA-256 of the whole token", got)
			}
			return answer, err
		})
	}
	expiring := func(at time.Time) bearergate.Claims {
		c := good
		c.ExpiresAt = at
		return c
	}
	untyped := good
	untyped.Type = ""
	for _, c := range []struct {
		name   string
		claims bearergate.Claims
		err    error
		want   bearergate.Code // empty: passes
	}{
		{"found", good, nil, ""},
		{"unknown", bearergate.Claims{}, fmt.Errorf("no row: %w", bearergate.ErrInvalidToken), bearergate.ErrInvalidToken},
		{"failed", bearergate.Claims{}, errInner, bearergate.ErrTemporarilyUnavailable},
		{"found and failed", good, errInner, bearergate.ErrTemporarilyUnavailable},
		{"neither claims nor error", bearergate.Claims{}, nil, bearergate.ErrTemporarilyUnavailable},
		{"without type", untyped, nil, bearergate.ErrTemporarilyUnavailable},
		{"without expiry", expiring(time.Time{}), nil, bearergate.ErrTemporarilyUnavailable},
		{"expired", expiring(time.Now().Add(-time.Hour)), nil, bearergate.ErrInvalidToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			guard := bearergate.RequireToken(lookup(c.claims, c.err), bearergate.InstallationToken)
			if c.want == "" {
				passes(t, guard, get("bi_oat_secret"))
			} else {
				refuses(t, guard, get("bi_oat_secret"), c.want)
			}
		})
	}
	asked = 0
	for _, other := range []string{"bi_oat_", "other", issuer.InstallationToken(), "BI_OAT_secret"} {
		refuses(t, bearergate.RequireToken(lookup(good, nil)), get(other), bearergate.ErrInvalidToken)
	}
	if asked > 0 {
		t.Errorf("%d tokens without the prefix were looked up", asked)
	}
	refuses(t, bearergate.RequireToken(lookup(good, nil), bearergate.AccessToken), get("bi_oat_secret"), bearergate.ErrInvalidToken)
}

// Rules: S3b.4.
func TestOpaqueTokenExpiresWithTheLeewayOfAJWT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims := bearergatetest.InstallationClaims()
		claims.ExpiresAt = time.Now().Add(time.Minute)
		guard := bearergate.RequireToken(bearergate.NewOpaqueVerifier("bi_oat_", func(context.Context, [32]byte) (bearergate.Claims, error) {
			return claims, nil
		}))
		time.Sleep(time.Minute + bearergate.DefaultLeeway - 1)
		passes(t, guard, get("bi_oat_secret"))
		time.Sleep(time.Nanosecond)
		refuses(t, guard, get("bi_oat_secret"), bearergate.ErrInvalidToken)
	})
}

// Rules: S3b.1, S3b.5.
func TestOneVerifierIsResponsibleForAToken(t *testing.T) {
	refusing := failing(bearergate.ErrInvalidToken)
	claims := bearergatetest.InstallationClaims()
	onlyOpaque := bearergate.RequireToken(bearergate.ByPrefix("bi_oat_", accepting(claims), refusing))
	onlyOther := bearergate.RequireToken(bearergate.ByPrefix("bi_oat_", refusing, accepting(claims)))
	passes(t, onlyOpaque, get("bi_oat_x"))
	passes(t, onlyOther, get("x"))
	for _, other := range []string{"x", "b", "bi_oat", "bi_pat_x", "BI_OAT_x"} {
		refuses(t, onlyOpaque, get(other), bearergate.ErrInvalidToken)
	}
	refuses(t, onlyOther, get("bi_oat_x"), bearergate.ErrInvalidToken)
}

// Rules: S1.25.
func TestNoTokenReachesTheLog(t *testing.T) {
	var log bytes.Buffer
	observe := bearergate.LogDecisions(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	configure := configured(bearergate.Config{Observer: observe})
	token := issuer.InstallationToken(bearergatetest.Expired())
	for _, v := range []bearergate.Verifier{
		issuer.Verifier(),
		failing(fmt.Errorf("token %s is unknown: %w", token, bearergate.ErrInvalidToken)),
		failing(errors.New("SELECT * FROM tokens WHERE text = '" + token + "'")),
	} {
		serve(bearergate.Chain(configure, bearergate.RequireToken(v)), get(token))
	}
	if n := strings.Count(log.String(), "\n"); n != 3 {
		t.Fatalf("got %d lines, want 3:\n%s", n, &log)
	}
	if strings.Contains(log.String(), token) || !strings.Contains(log.String(), "token [token] is unknown") {
		t.Errorf("the token is in the log, or the reason is not:\n%s", &log)
	}
}

// TestShortTokenDoesNotGarbleTheLog holds that no client chooses what is cut out
// of the reasons.
func TestShortTokenDoesNotGarbleTheLog(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	refuses(t, bearergate.Chain(configure, bearergate.RequireToken(issuer.Verifier())), get("e"), bearergate.ErrInvalidToken)
	if got, want := (*seen)[0].Reason.Error(), "invalid_token: malformed JWS: no dot in the token, so it is opaque and no JWT"; got != want {
		t.Errorf("got reason %q, want %q", got, want)
	}
}

// Rules: S1.34, S2.9, S3.1, S4.6, S6.6.
func TestWiringMistakesPanicAtConstruction(t *testing.T) {
	check := func(*http.Request) error { return nil }
	member := func(context.Context, *bearergate.Token, string) (bool, error) { return true, nil }
	grants := new(bearergate.MemoryGrants)
	verifier := issuer.Verifier()
	for name, construct := range map[string]func(){
		"nil guard":      func() { bearergate.Chain(nil) },
		"nil check":      func() { bearergate.Require(nil) },
		"nil verifier":   func() { bearergate.RequireToken(nil) },
		"no *Verifier":   func() { bearergate.RequireToken((*jwtverifier.Verifier)(nil)) },
		"empty Verifier": func() { bearergate.RequireToken(new(jwtverifier.Verifier)) },
		"empty Verifier, by prefix": func() {
			bearergate.ByPrefix("x", issuer.Verifier(), new(jwtverifier.Verifier))
		},
		"nil optional verifier":  func() { bearergate.OptionalToken(nil) },
		"unknown optional type":  func() { bearergate.OptionalToken(verifier, bearergate.TokenType("refresh")) },
		"nil optional option":    func() { bearergate.OptionalToken(verifier, nil) },
		"no membership selector": func() { bearergate.RequireMembership(nil, member) },
		"nil membership":         func() { bearergate.RequireMembership(bearergate.PathValue("org"), nil) },
		"nil key":                func() { bearergate.WithKey("user", nil) },
		"key without name":       func() { bearergate.WithKey("", bearergate.UserKey) },
		"key of two words":       func() { bearergate.WithKey("the user", bearergate.UserKey) },
		"key name with quote":    func() { bearergate.WithKey(`"`, bearergate.UserKey) },
		"key and policy name": func() {
			bearergate.RateLimit(brokenLimiter(), bearergate.WithPolicyName("a"), bearergate.WithKey("user", bearergate.UserKey))
		},
		"nil plan":               func() { bearergate.WithPlan(nil) },
		"unknown type":           func() { bearergate.RequireToken(verifier, bearergate.TokenType("refresh")) },
		"empty scope":            func() { bearergate.RequireScope("") },
		"scope with space":       func() { bearergate.RequireScope("a b") },
		"scope with quote":       func() { bearergate.RequireScope("a", `b"`) },
		"scope with backslash":   func() { bearergate.RequireAnyScope(`a\b`) },
		"scope with umlaut":      func() { bearergate.RequireAnyScope("ä") },
		"scope of invalid UTF-8": func() { bearergate.RequireAnyScope("\xff") },
		"nil selector":           func() { bearergate.RequireOrg(nil) },
		"no parameter":           func() { bearergate.PathValue("") },
		"no grant parameter":     func() { bearergate.RequireGrant(grants, bearergate.WithGrantInPath("")) },
		"nil grants":             func() { bearergate.RequireGrant(nil) },
		"nil limiter":            func() { bearergate.RateLimit(nil) },
		"nil address limiter":    func() { bearergate.LimitFailedAuthentication(nil) },
		"nil limit option":       func() { bearergate.RateLimit(brokenLimiter(), nil) },
		"nil limiter option":     func() { bearergate.RateLimit(brokenLimiter(), bearergate.LimiterOption(nil)) },
		"nil failure option":     func() { bearergate.LimitFailedAuthentication(brokenLimiter(), nil) },
		"nil token option":       func() { bearergate.RequireToken(verifier, nil) },
		"nil table option":       func() { bearergate.RequireRouteScopes(bearergate.RouteScopes{"/": nil}, nil) },
		"nil verifier function":  func() { bearergate.RequireToken(bearergate.VerifierFunc(nil)) },
		"nil *MemoryLimiter":     func() { bearergate.RateLimit((*bearergate.MemoryLimiter)(nil)) },
		"nil store":              func() { bearergate.NewStoreLimiter(nil, 0) },
		"nil *MemoryGrants":      func() { bearergate.RequireGrant((*bearergate.MemoryGrants)(nil)) },
		"nil grant option":       func() { bearergate.RequireGrant(grants, nil) },
		"prefix with space": func() {
			bearergate.NewOpaqueVerifier("bi oat", func(context.Context, [32]byte) (bearergate.Claims, error) { return bearergate.Claims{}, nil })
		},
		"nil fallback": func() { bearergate.RateLimit(brokenLimiter(), bearergate.WithFallback(nil)) },
		"nil logger":   func() { bearergate.LogDecisions(nil) },
		"no opaque prefix": func() {
			bearergate.NewOpaqueVerifier("", func(context.Context, [32]byte) (bearergate.Claims, error) { return bearergate.Claims{}, nil })
		},
		"nil lookup": func() { bearergate.NewOpaqueVerifier("x", nil) },
		"no prefix":  func() { bearergate.ByPrefix("", verifier, verifier) },
		"nil match":  func() { bearergate.ByPrefix("x", nil, verifier) },
	} {
		t.Run(name, func(t *testing.T) {
			if message := fmt.Sprint(panics(t, construct)); !strings.HasPrefix(message, "bearergate: ") && !strings.HasPrefix(message, "jwtverifier: ") {
				t.Errorf("got %q, want a sentence of the library's", message)
			}
		})
	}
	passes(t, bearergate.Chain(), get(""))
	passes(t, bearergate.Require(check), get(""))
}

// TestConfigurationFaultsAreErrors holds for all that may come
// from a flag or a file: it never panics.
func TestConfigurationFaultsAreErrors(t *testing.T) {
	configure := func(c bearergate.Config) func() error {
		return func() error { _, err := bearergate.Configure(c); return err }
	}
	perWindow := func(requests uint64, window time.Duration) func() error {
		return func() error { _, err := bearergate.PerWindow(requests, window); return err }
	}
	for _, c := range []struct {
		name  string
		build func() error
		want  []string // is in the error
	}{
		{"realm with quote", configure(bearergate.Config{Realm: `the "api"`}), []string{"Realm"}},
		{"realm with line break", configure(bearergate.Config{Realm: "api\r\nX: y"}), []string{"Realm"}},
		{"realm with umlaut", configure(bearergate.Config{Realm: "äpi"}), []string{"Realm"}},
		{"relative URL", configure(bearergate.Config{ReferenceURL: "/errors"}), []string{"ReferenceURL", "/errors"}},
		{"URL with fragment", configure(bearergate.Config{ReferenceURL: "https://docs.example/#errors"}), []string{"ReferenceURL"}},
		{"URL with bracket", configure(bearergate.Config{ReferenceURL: "https://docs.example/>"}), []string{"ReferenceURL"}},
		{"URL of a script", configure(bearergate.Config{ReferenceURL: "javascript://x/y"}), []string{"ReferenceURL"}},
		{"metadata URL with quote", configure(bearergate.Config{ResourceMetadataURL: `https://api.example/"`}), []string{"ResourceMetadataURL"}},
		{"scope with two spaces", configure(bearergate.Config{DefaultScope: "a  b"}), []string{"DefaultScope"}},
		{"negative token length", configure(bearergate.Config{MaxTokenLength: -1}), []string{"MaxTokenLength", "-1"}},
		{"huge token length", configure(bearergate.Config{MaxTokenLength: 1 << 20}), []string{"MaxTokenLength"}},
		{"all at once", configure(bearergate.Config{Realm: `"`, ReferenceURL: "x", ResourceMetadataURL: "x", DefaultScope: `"`, MaxTokenLength: -1}),
			[]string{"Realm", "ReferenceURL", "ResourceMetadataURL", "DefaultScope", "MaxTokenLength"}},
		{"budget of 0", perWindow(0, time.Minute), []string{"0 requests"}},
		{"budget without window", perWindow(1, 0), []string{"window 0s"}},
		{"budget of neither", perWindow(0, -1), []string{"0 requests", "window -1ns"}},
		{"endless window", perWindow(1, math.MaxInt64), []string{"window"}},
	} {
		err := c.build()
		if err == nil {
			t.Errorf("%s: got no error, want one", c.name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want it to name %s", c.name, err, want)
			}
		}
	}
}
