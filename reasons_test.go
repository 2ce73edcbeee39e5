package bearergate_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// reasonCase is a refusal, and the facts of its reason.
type reasonCase struct {
	name   string
	guard  bearergate.Middleware
	r      *http.Request
	code   bearergate.Code
	reason string
	facts  []string // of the reason, none of which may be in the answer
}

// authorized returns a request with these Authorization headers.
func authorized(headers ...string) *http.Request {
	r := get("")
	r.Header["Authorization"] = headers
	return r
}

func holding(c bearergate.Claims, change func(*bearergate.Claims)) bearergate.Claims {
	change(&c)
	return c
}

func grantStore(g bearergate.Grant, err error) bearergate.GrantStore {
	return bearergate.GrantStoreFunc(func(context.Context, string) (bearergate.Grant, error) { return g, err })
}

func opaque(c bearergate.Claims, err error) bearergate.Verifier {
	return bearergate.NewOpaqueVerifier("bi_oat_", func(context.Context, [sha256.Size]byte) (bearergate.Claims, error) { return c, err })
}

const secretToken = "bi_oat_0123456789abcdef"

// reasonCases are the refusals of every guard. The time is the start of synctest's
// clock.
func reasonCases(now time.Time) []reasonCase {
	const (
		syntax = "; RFC 6750 section 2.1 allows letters, digits and -._~+/, and = at the end"
		hint   = ". A JWT is an installation token if it has the claim type=installation, and otherwise an access token: " +
			"see jwtverifier's Config.ClaimNames and Config.TokenTypes. The type of an opaque token is the Claims.Type of its lookup"
		bound = "the token is sender-constrained by %s of its claim cnf, and was sent as bearer; only a RequestVerifier checks the proof"
	)
	claims, long := bearergatetest.InstallationClaims("held:one", "held:two"), strings.Repeat("x", 300)
	token := bearergate.RequireToken(accepting(claims))
	verified := func(c bearergate.Claims, types ...bearergate.TokenOption) bearergate.Middleware {
		return bearergate.RequireToken(accepting(c), types...)
	}
	constrained := func(c bearergate.Confirmation) bearergate.Middleware {
		return verified(holding(claims, func(h *bearergate.Claims) { h.Confirmation = &c }))
	}
	access := holding(claims, func(c *bearergate.Claims) { c.Type = bearergate.AccessToken })
	noGrant := holding(claims, func(c *bearergate.Claims) { c.GrantID = "" })
	expired := holding(claims, func(c *bearergate.Claims) { c.ExpiresAt = now.Add(-time.Hour) })
	named := func(value string) *http.Request { return with(as(claims), "name", value) }
	inPath := bearergate.RequireGrant(grantStore(bearergate.Grant{}, nil), bearergate.WithGrantInPath("name"))
	org := bearergate.RequireOrg(bearergate.PathValue("name"))
	moved := bearergate.RequireGrant(grantStore(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "moved"}, nil))
	mixed := bearergate.ByPrefix("bi_oat_", opaque(claims, nil), proving{})
	return []reasonCase{
		{"no header", token, get(""), bearergate.ErrInvalidToken, "the request carries no token: it has no Authorization header", nil},
		{"empty header", token, authorized(""), bearergate.ErrInvalidToken, "the request carries no token: its Authorization header is empty", nil},
		{"another scheme", token, authorized("Basic " + secretToken), bearergate.ErrInvalidToken,
			"the request carries no token: its Authorization header has none of the accepted schemes, Bearer", nil},
		{"a token without scheme", bearergate.RequireToken(mixed), authorized(secretToken), bearergate.ErrInvalidToken,
			"the request carries no token: its Authorization header has none of the accepted schemes, Bearer, Proof", nil},
		{"two headers", token, authorized("Bearer a", "Bearer b"), bearergate.ErrInvalidRequest, "the request has 2 Authorization headers; one is allowed", nil},
		{"the scheme alone", token, authorized("Bearer"), bearergate.ErrInvalidRequest, "in the Authorization header, nothing follows the scheme", nil},
		{"the scheme and spaces", token, authorized("Bearer  "), bearergate.ErrInvalidRequest, "in the Authorization header, nothing follows the scheme", nil},
		{"no space", token, authorized("Bearer," + secretToken), bearergate.ErrInvalidRequest, "in the Authorization header, the scheme is not followed by a space and a token", nil},
		{"a space", token, authorized("Bearer abc def"), bearergate.ErrInvalidRequest, "the token is malformed: byte 4 of 7 is a space" + syntax, nil},
		{"a comma, through ByPrefix", bearergate.RequireToken(mixed), authorized("Bearer " + secretToken + ",x"), bearergate.ErrInvalidRequest, "the token is malformed: byte 24 of 25 is a comma" + syntax, nil},
		{"a control character, of a proof", bearergate.RequireToken(proving{}), authorized("Proof a\x01"), bearergate.ErrInvalidRequest, "the token is malformed: byte 2 of 2 is a control character" + syntax, nil},
		{"not ASCII, of a JWT", bearergate.RequireToken(issuer.Verifier()), authorized("Bearer é"), bearergate.ErrInvalidRequest, "the token is malformed: byte 1 of 2 is not ASCII" + syntax, nil},
		{"an = inside", token, authorized("Bearer a=b=="), bearergate.ErrInvalidRequest, "the token is malformed: byte 2 of 5 is an = before the end" + syntax, nil},
		{"padding alone", token, authorized("Bearer =="), bearergate.ErrInvalidRequest, "the token is malformed: byte 1 of 2 is an = before the end" + syntax, nil},
		{"too long", token, get(strings.Repeat("a", 8193)), bearergate.ErrInvalidToken, "the token has 8193 bytes, and Config.MaxTokenLength allows 8192", []string{"8193", "8192"}},
		{"an access token", verified(access, bearergate.InstallationToken), get("token"), bearergate.ErrInvalidToken,
			"this route accepts installation tokens, and the token is an access token" + hint, []string{"installation"}},
		{"an installation token", verified(claims, bearergate.AccessToken), get("token"), bearergate.ErrInvalidToken,
			"this route accepts access tokens, and the token is an installation token" + hint, []string{"installation"}},
		{"a type of another kind", verified(holding(claims, func(c *bearergate.Claims) { c.Type = "refresh" })), get("token"), bearergate.ErrTemporarilyUnavailable,
			`bearergate: the verifier returned a token of the type "refresh"; set Claims.Type to AccessToken or InstallationToken`, []string{"refresh"}},
		{"bound by jkt", constrained(bearergate.Confirmation{JWKThumbprint: "thumb"}), get("token"), bearergate.ErrInvalidToken, fmt.Sprintf(bound, "the member jkt"), []string{"jkt", "thumb"}},
		{"bound by x5t#S256", constrained(bearergate.Confirmation{CertificateThumbprint: "thumb"}), get("token"), bearergate.ErrInvalidToken, fmt.Sprintf(bound, "the member x5t#S256"), []string{"x5t"}},
		{"bound by both", constrained(bearergate.Confirmation{JWKThumbprint: "t", CertificateThumbprint: "t"}), get("token"), bearergate.ErrInvalidToken, fmt.Sprintf(bound, "the members jkt and x5t#S256"), []string{"jkt"}},
		{"bound in another way", constrained(bearergate.Confirmation{}), get("token"), bearergate.ErrInvalidToken, fmt.Sprintf(bound, "a member that is neither jkt nor x5t#S256"), []string{"jkt"}},
		{"an opaque token of another prefix", bearergate.RequireToken(opaque(claims, nil)), get("other_0123456789"), bearergate.ErrInvalidToken,
			`the token is not an opaque token: it does not begin with "bi_oat_" and go on`, []string{"bi_oat_"}},
		{"an unknown opaque token", bearergate.RequireToken(opaque(claims, bearergate.ErrInvalidToken)), get(secretToken), bearergate.ErrInvalidToken, "the lookup does not know the opaque token", nil},
		{"an expired opaque token", bearergate.RequireToken(opaque(expired, nil)), get(secretToken), bearergate.ErrInvalidToken,
			"the token expired at 1999-12-31T23:00:00Z, 1h0m0s ago; the leeway is 30s", []string{"1999", "1h"}},
		{"a lookup without an answer", bearergate.RequireToken(opaque(bearergate.Claims{}, nil)), get(secretToken), bearergate.ErrTemporarilyUnavailable,
			`bearergate: the lookup returned claims with the type "" and the expiry 0001-01-01T00:00:00Z; set Claims.Type to AccessToken or InstallationToken, and Claims.ExpiresAt`, []string{"0001"}},
		{"a scheme that the member does not accept", bearergate.RequireToken(mixed), authorized("Proof " + secretToken), bearergate.ErrInvalidToken,
			`the token was sent by the scheme Proof; of the verifiers for tokens with and without the prefix "bi_oat_", its own accepts Bearer`, []string{"bi_oat_"}},
		{"all scopes", bearergate.RequireScope("held:one", "b", "c"), as(claims), bearergate.ErrMissingScope,
			`this route requires all of the scopes "held:one b c"; the token holds "held:one held:two", without "b c"`, []string{"held:two"}},
		{"no scopes held", bearergate.RequireScope("a"), as(bearergatetest.InstallationClaims()), bearergate.ErrMissingScope,
			`this route requires the scope "a"; the token holds none; if they are in another claim, see jwtverifier's Config.ScopeClaims`, []string{"none"}},
		{"any scope", bearergate.RequireAnyScope("a", "b"), as(claims), bearergate.ErrMissingScope,
			`this route requires one of the scopes "a b"; the token holds "held:one held:two"`, []string{"held"}},
		{"scopes of the table", bearergate.RequireRouteScopes(bearergate.RouteScopes{"GET /x": {"a"}}), matched(as(claims), "GET /x"), bearergate.ErrMissingScope,
			`this route requires the scope "a"; the token holds "held:one held:two"`, []string{"held"}},
		{"a route that is not in the table", bearergate.RequireRouteScopes(bearergate.RouteScopes{"GET /x": {"a"}}), matched(as(claims), "GET /y"), bearergate.ErrServerError,
			`bearergate: the route "GET /y" is not in the table of RequireRouteScopes for the method "GET"; list it, with no scopes if it needs none`, []string{"/y"}},
		{"another organization", org, named("umbrella"), bearergate.ErrWrongOrganization,
			`the resource belongs to the organization "umbrella", and the token to "acme"`, []string{"umbrella", "acme"}},
		{"another organization than the grant's", bearergate.Chain(moved, org), named("umbrella"), bearergate.ErrWrongOrganization,
			`the resource belongs to the organization "umbrella", and the grant to "moved"`, []string{"umbrella", "moved"}},
		{"no organization", org, with(as(holding(claims, func(c *bearergate.Claims) { c.OrganizationID = "" })), "name", "umbrella"), bearergate.ErrWrongOrganization,
			`the resource belongs to the organization "umbrella", and the token names none`, []string{"umbrella"}},
		{"a long organization", org, named(long), bearergate.ErrWrongOrganization,
			`the resource belongs to the organization "` + long[:128] + `"…, and the token to "acme"`, []string{"xxx"}},
		{"a line break in an organization", org, named("a\nlevel=ERROR"), bearergate.ErrWrongOrganization,
			`the resource belongs to the organization "a\nlevel=ERROR", and the token to "acme"`, []string{"level"}},
		{"a path parameter", org, named(".."), bearergate.ErrInvalidRequest,
			`the path parameter "name" is ".."; it must be one segment, and not empty or a dot segment`, []string{"name", ".."}},
		{"a grant of another route", inPath, named("grant-2"), bearergate.ErrGrantNotFound,
			`the route names the grant "grant-2", and the token belongs to "grant-1"`, []string{"grant-1", "grant-2"}},
		{"a grant of a route, and none of the token", inPath, with(as(noGrant), "name", "grant-2"), bearergate.ErrGrantNotFound,
			`the route names the grant "grant-2", and the token names none`, []string{"grant-2"}},
		{"no grant", moved, as(noGrant), bearergate.ErrGrantNotFound, "the token names no grant", nil},
		{"an unknown grant", bearergate.RequireGrant(new(bearergate.MemoryGrants)), as(claims), bearergate.ErrGrantNotFound,
			`the grant store does not know the grant "grant-1"`, []string{"grant-1"}},
		{"a deleted grant, with a reason", bearergate.RequireGrant(grantStore(bearergate.Grant{}, fmt.Errorf("deleted in May: %w", bearergate.ErrGrantNotFound))), as(claims), bearergate.ErrGrantNotFound,
			`grant "grant-1": deleted in May`, []string{"grant-1", "May"}},
		{"a store that fails", bearergate.RequireGrant(grantStore(bearergate.Grant{}, errInner)), as(claims), bearergate.ErrTemporarilyUnavailable,
			`grant "grant-1": ` + errInner.Error(), []string{"grant-1", "inner"}},
		{"a store that returns another grant", bearergate.RequireGrant(grantStore(bearergate.Grant{ID: "grant-2"}, nil)), as(claims), bearergate.ErrTemporarilyUnavailable,
			`bearergate: the grant store returned the grant "grant-2" and no error, want the grant "grant-1"`, []string{"grant-1", "grant-2"}},
		{"a revoked grant", bearergate.RequireGrant(grantStore(bearergate.Grant{ID: "grant-1", RevokedAt: now}, nil)), as(claims), bearergate.ErrGrantRevoked,
			`the grant "grant-1" was revoked at 2000-01-01T00:00:00Z`, []string{"grant-1", "2000"}},
		{"a budget that is used up", bearergate.RateLimit(exhausted(5, now.Add(time.Minute)), bearergate.WithPolicyName("burst")), as(claims), bearergate.ErrRateLimited,
			`the budget "burst" is used up for this installation: its limit is 5, and the next request passes at 2000-01-01T00:01:00Z`, []string{"installation-1", "2000"}},
		{"failed authentications", bearergate.Chain(bearergate.LimitFailedAuthentication(exhausted(5, now.Add(time.Minute))), bearergate.RequireToken(failing(bearergate.ErrInvalidToken))), get("token"), bearergate.ErrRateLimited,
			`the budget "failed-authentication" is used up for this address: its limit is 5, and the next request passes at 2000-01-01T00:01:00Z`, []string{"192.0.2", "2000"}},
	}
}

// proving accepts proofs of the scheme Proof, and nothing as bearer.
type proving struct{ bearergate.Verifier }

func (proving) Schemes() []bearergate.Scheme {
	return []bearergate.Scheme{{Name: "Bearer"}, {Name: "Proof"}}
}

func (proving) VerifyRequest(*http.Request, string, string) (*bearergate.Token, error) {
	return nil, bearergate.ErrInvalidToken
}

func matched(r *http.Request, pattern string) *http.Request {
	r.Pattern = pattern
	return r
}

// TestReasonsHaveFactsThatNoClientSees has each refusal of each guard.
//
// Rules: S1.23, S1.24, S1.25.
func TestReasonsHaveFactsThatNoClientSees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range reasonCases(time.Now()) {
			configure, seen := observing(bearergate.Config{})
			got := refuses(t, bearergate.Chain(configure, c.guard), c.r, c.code)
			if len(*seen) != 1 {
				t.Fatalf("%s: got %d decisions, want 1", c.name, len(*seen))
			}
			reason := (*seen)[0].Reason
			if text := fmt.Sprint(reason); text != string(c.code)+": "+c.reason {
				t.Errorf("%s: got %s\nwant %s: %s", c.name, text, c.code, c.reason)
			}
			if !errors.Is(reason, c.code) {
				t.Errorf("%s: got a reason that is not %s", c.name, c.code)
			}
			for _, fact := range append(c.facts, secretToken[7:]) {
				if strings.Contains(fmt.Sprint(got.Body, withoutFields(got.Header)), fact) {
					t.Errorf("%s: got %q %v, want nothing of %q", c.name, got.Body, got.Header, fact)
				}
			}
		}
	})
}

// withoutFields returns the headers without those that say what a budget is.
func withoutFields(h http.Header) http.Header {
	h = h.Clone()
	h.Del("RateLimit")
	h.Del("RateLimit-Policy")
	return h
}

// TestFactsChangeNoAnswer compares each answer with that of the bare code.
//
// Rules: S1.17, S1.18, S1.19, S1.23.
func TestFactsChangeNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range reasonCases(time.Now()) {
			got, want := serve(c.guard, c.r), serve(bearergate.Require(func(*http.Request) error { return c.code }), get(""))
			if c.code == bearergate.ErrMissingScope {
				continue // has members of its own; see TestScopes
			}
			h := withoutFields(got.Header)
			for _, name := range []string{"Www-Authenticate", "Retry-After"} {
				h.Del(name)
				want.Header.Del(name)
			}
			if got.Body != want.Body {
				t.Errorf("%s: got %q, want %q", c.name, got.Body, want.Body)
			}
			if diff := cmp.Diff(want.Header, h); diff != "" {
				t.Errorf("%s: (-want +got):\n%s", c.name, diff)
			}
		}
	})
}

// TestOpaqueVerifiersErrorsSayTheirCode holds for programs that call the verifier
// themselves.
func TestOpaqueVerifiersErrorsSayTheirCode(t *testing.T) {
	_, err := opaque(bearergate.Claims{}, nil).VerifyToken(context.Background(), "other")
	if !errors.Is(err, bearergate.ErrInvalidToken) || !strings.HasPrefix(err.Error(), "invalid_token: the token is not") || strings.HasPrefix(errors.Unwrap(err).Error(), "invalid_token") {
		t.Errorf("got %v, and %v within, want the code once", err, errors.Unwrap(err))
	}
}

// TestReasonThatNobodyReadsIsNotFormatted counts allocations: a text costs several.
func TestReasonThatNobodyReadsIsNotFormatted(t *testing.T) {
	claims := bearergatetest.InstallationClaims("a")
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	allocations := func(guard bearergate.Middleware) float64 {
		handler, r := guard(next), with(as(claims), "org", "umbrella")
		w := discardWriter{http.Header{}}
		return testing.AllocsPerRun(100, func() { handler.ServeHTTP(w, r) })
	}
	bare := allocations(bearergate.Require(func(*http.Request) error { return bearergate.ErrWrongOrganization }))
	if got := allocations(bearergate.RequireOrg(bearergate.PathValue("org"))); got > bare+1 {
		t.Errorf("got %v allocations for a refusal with facts, want at most one more than %v", got, bare)
	}
}

// discardWriter is a ResponseWriter that keeps nothing.
type discardWriter struct{ header http.Header }

func (w discardWriter) Header() http.Header         { return w.header }
func (w discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w discardWriter) WriteHeader(int)             {}
