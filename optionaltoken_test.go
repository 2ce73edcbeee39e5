package bearergate_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// bareChallenge is that of a request without credentials.
const bareChallenge = `Bearer realm="api"`

// subject is a guard that reports the subject of the token that it sees, "" for
// none.
func subject(seen *string) bearergate.Middleware {
	return bearergate.Require(func(r *http.Request) error {
		*seen = ""
		if token, ok := bearergate.TokenFrom(r.Context()); ok {
			*seen = token.Subject()
		}
		return nil
	})
}

// Rules: S2.13.
func TestAnonymousCallerPassesWithoutToken(t *testing.T) {
	seen := "unset"
	guard := bearergate.Chain(bearergate.OptionalToken(issuer.Verifier()), subject(&seen))
	passes(t, guard, get(""))
	if seen != "" {
		t.Errorf("got the token of %q, want none", seen)
	}
	passes(t, guard, get(issuer.AccessToken()))
	if seen != bearergatetest.DefaultSubject {
		t.Errorf("got the token of %q, want %q", seen, bearergatetest.DefaultSubject)
	}
}

// Rules: S2.14.
func TestBadCredentialsNeverCountAsNone(t *testing.T) {
	guard := bearergate.OptionalToken(issuer.Verifier(), bearergate.InstallationToken)
	for name, c := range map[string]struct {
		guard bearergate.Middleware
		r     *http.Request
		want  bearergate.Code
	}{
		"expired":             {guard, get(issuer.InstallationToken(bearergatetest.Expired())), bearergate.ErrInvalidToken},
		"forged":              {guard, get(bearergatetest.NewStranger().InstallationToken()), bearergate.ErrInvalidToken},
		"of another type":     {guard, get(issuer.AccessToken()), bearergate.ErrInvalidToken},
		"of another scheme":   {guard, withAuthorization("Basic dXNlcjpwYXNz"), bearergate.ErrInvalidToken},
		"an empty header":     {guard, withAuthorization(""), bearergate.ErrInvalidToken},
		"two empty headers":   {guard, withAuthorization("", ""), bearergate.ErrInvalidRequest},
		"no token":            {guard, withAuthorization("Bearer"), bearergate.ErrInvalidRequest},
		"keys are down":       {bearergate.OptionalToken(unreachableKeys(t)), get(issuer.AccessToken()), bearergate.ErrTemporarilyUnavailable},
		"a verifier's fault":  {bearergate.OptionalToken(failing(errInner)), get("token"), bearergate.ErrTemporarilyUnavailable},
		"neither nor":         {bearergate.OptionalToken(failing(nil)), get("token"), bearergate.ErrTemporarilyUnavailable},
		"a code of its own":   {bearergate.OptionalToken(failing(bearergate.ErrForbidden)), get("token"), bearergate.ErrForbidden},
		"a token with a key":  {bearergate.OptionalToken(boundTokens(bearergate.Confirmation{})), get("bound"), bearergate.ErrInvalidToken},
		"longer than allowed": {bearergate.Chain(configured(bearergate.Config{MaxTokenLength: 3}), guard), get("token"), bearergate.ErrInvalidToken},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, c.guard, c.r, c.want) })
	}
}

// guardsThatNeedAToken are all of them.
func guardsThatNeedAToken(t *testing.T) map[string]bearergate.Middleware {
	member := func(context.Context, *bearergate.Token, string) (bool, error) { return true, nil }
	org := func(*http.Request) (string, error) { return "acme", nil }
	guards := map[string]bearergate.Middleware{
		"RequireScope":       bearergate.RequireScope("a"),
		"RequireAnyScope":    bearergate.RequireAnyScope("a"),
		"RequireRouteScopes": bearergate.RequireRouteScopes(bearergate.RouteScopes{"/": nil}, bearergate.AllowUnlistedRoutes()),
		"RequireOrg":         bearergate.RequireOrg(org),
		"RequireMembership":  bearergate.RequireMembership(org, member),
		"RequireGrant":       bearergate.RequireGrant(new(bearergate.MemoryGrants)),
		"RateLimit":          bearergate.RateLimit(budgetOf(t, 1)),
	}
	for name, key := range readyKeys() {
		guards[name] = bearergate.RateLimit(budgetOf(t, 1), bearergate.WithKey("key", key))
	}
	return guards
}

func readyKeys() map[string]bearergate.KeyFunc {
	return map[string]bearergate.KeyFunc{
		"UserKey": bearergate.UserKey, "ClientKey": bearergate.ClientKey,
		"OrganizationKey": bearergate.OrganizationKey, "TokenKey": bearergate.TokenKey,
	}
}

// Rules: S2.20, S5.5, S6.36.
func TestAnonymousCallerIsAskedToAuthenticate(t *testing.T) {
	for name, guard := range guardsThatNeedAToken(t) {
		t.Run(name, func(t *testing.T) {
			got := refuses(t, bearergate.Chain(bearergate.OptionalToken(issuer.Verifier()), guard), get(""), bearergate.ErrInvalidToken)
			if h := got.Header.Get(challenge); h != bareChallenge {
				t.Errorf("got challenge %q, want %q", h, bareChallenge)
			}
			refuses(t, guard, get(""), bearergate.ErrServerError) // no token guard at all
			without := get("")
			without = without.WithContext(bearergate.ContextWithToken(without.Context(), nil))
			refuses(t, guard, without, bearergate.ErrServerError)
			refuses(t, bearergate.Chain(guard, bearergate.OptionalToken(issuer.Verifier())), get(""), bearergate.ErrServerError)
		})
	}
}

// Rules: S2.20.
func TestAnonymousCallerIsOfferedEverySchemeAndSetting(t *testing.T) {
	configure, seen := observing(bearergate.Config{Realm: "r", DefaultScope: "a b"})
	guard := bearergate.Chain(configure,
		bearergate.OptionalToken(dpop{boundTokens(bearergate.Confirmation{JWKThumbprint: "key"})}), bearergate.RequireScope("a"))
	got := refuses(t, guard, get(""), bearergate.ErrInvalidToken)
	want := []string{`Bearer realm="r", scope="a b"`, `DPoP realm="r", scope="a b", algs="ES256 EdDSA"`}
	if diff := cmp.Diff(want, got.Header.Values(challenge)); diff != "" {
		t.Errorf("challenges (-want +got):\n%s", diff)
	}
	if got, want := (*seen)[0].Reason.Error(), "invalid_token: the request carries no token, and RequireScope needs one"; got != want {
		t.Errorf("got reason %q, want %q", got, want)
	}
}

// TestHandlerAsksAnonymousCallersToAuthenticate is a handler that finds out late
// that it needs to know the caller.
//
// Rules: S1.36, S2.20.
func TestHandlerAsksAnonymousCallersToAuthenticate(t *testing.T) {
	delegating := func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) { bearergate.WriteError(w, r, e) }
	for _, c := range []struct {
		name      string
		err       error
		token     string
		challenge string
	}{
		{"anonymous", bearergate.ErrInvalidToken, "", bareChallenge},
		{"anonymous, with a reason", fmt.Errorf("%w: no account", bearergate.ErrInvalidToken), "", bareChallenge},
		{"anonymous, malformed", bearergate.ErrInvalidRequest, "", bareChallenge + `, error="invalid_request"`},
		{"with a token", bearergate.ErrInvalidToken, "token", bareChallenge + `, error="invalid_token"`},
	} {
		for writer, config := range map[string]bearergate.Config{"": {}, ", own writer": {ErrorWriter: delegating}} {
			t.Run(c.name+writer, func(t *testing.T) {
				guard := bearergate.Chain(configured(config), bearergate.OptionalToken(accepting(bearergatetest.InstallationClaims())),
					bearergate.Require(func(*http.Request) error { return c.err }))
				if got := serve(guard, get(c.token)).Header.Get(challenge); got != c.challenge {
					t.Errorf("a check: got challenge %q, want %q", got, c.challenge)
				}
				refusing := func(http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { bearergate.Refuse(w, r, c.err) })
				}
				guard = bearergate.Chain(configured(config), bearergate.OptionalToken(accepting(bearergatetest.InstallationClaims())), refusing)
				if got := serve(guard, get(c.token)).Header.Get(challenge); got != c.challenge {
					t.Errorf("the handler: got challenge %q, want %q", got, c.challenge)
				}
			})
		}
	}
}

// TestCallerThatIsIdentifiedLaterIsNotAnonymous holds for what middleware between the
// guards does: it identifies the caller by other means, or reads the token from a
// cookie for a RequireToken inside.
//
// Rules: S1.3, S2.20.
func TestCallerThatIsIdentifiedLaterIsNotAnonymous(t *testing.T) {
	optional := bearergate.OptionalToken(issuer.Verifier())
	identified := func(claims bearergate.Claims) bearergate.Middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(bearergatetest.ContextWithToken(r.Context(), claims)))
			})
		}
	}
	fromCookie := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Authorization", "Bearer expired")
			next.ServeHTTP(w, r)
		})
	}
	refusing := bearergate.Require(func(*http.Request) error { return bearergate.ErrInvalidToken })
	for name, guard := range map[string]bearergate.Middleware{
		"by other means":   bearergate.Chain(optional, identified(bearergatetest.InstallationClaims()), refusing),
		"by another guard": bearergate.Chain(optional, fromCookie, bearergate.RequireToken(issuer.Verifier())),
	} {
		t.Run(name, func(t *testing.T) {
			got := refuses(t, guard, get(""), bearergate.ErrInvalidToken)
			if h, want := got.Header.Get(challenge), bareChallenge+`, error="invalid_token"`; h != want {
				t.Errorf("got challenge %q, want %q", h, want)
			}
		})
	}
}

// Rules: S2.21, S3.12.
func TestTokenOfAnOuterGuardDoesNotCount(t *testing.T) {
	seen := "unset"
	guard := bearergate.Chain(bearergate.OptionalToken(issuer.Verifier()), subject(&seen))
	passes(t, guard, as(bearergatetest.InstallationClaims()))
	if seen != "" {
		t.Errorf("got the token of %q, want none without a header", seen)
	}
	refuses(t, bearergate.Chain(guard, bearergate.RequireScope("a")), as(bearergatetest.InstallationClaims("a")), bearergate.ErrInvalidToken)

	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID})
	passes(t, bearergate.Chain(bearergate.RequireGrant(grants), guard, bearergate.Require(func(r *http.Request) error {
		if _, ok := bearergate.GrantFrom(r.Context()); ok {
			t.Error("got the grant of the outer token, want none")
		}
		return nil
	})), as(bearergatetest.InstallationClaims()))
}

func TestRequireTokenInsideOfOptionalTokenNeedsAToken(t *testing.T) {
	guard := bearergate.Chain(bearergate.OptionalToken(issuer.Verifier()), bearergate.RequireToken(issuer.Verifier()), bearergate.RequireScope("a"))
	refuses(t, guard, get(""), bearergate.ErrInvalidToken)
	passes(t, guard, get(issuer.AccessToken(bearergatetest.WithScopes("a"))))
}

// Rules: S1.45.
func TestAnonymousPassIsAPass(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	passes(t, bearergate.Chain(configure, bearergate.OptionalToken(issuer.Verifier())), get(""))
	if len(*seen) != 1 || (*seen)[0].Code != "" || (*seen)[0].TokenType != "" || (*seen)[0].Subject != "" {
		t.Errorf("got decisions %+v, want one pass without a token", *seen)
	}
}

// Rules: S6.26, S6.40.
func TestAnonymousCallersCostNoFailure(t *testing.T) {
	guard := bearergate.Chain(bearergate.LimitFailedAuthentication(budgetOf(t, 1)), bearergate.OptionalToken(issuer.Verifier()))
	scoped := bearergate.Chain(guard, bearergate.RequireScope("a"))
	for range 3 {
		passes(t, guard, get(""))
		refuses(t, scoped, get(""), bearergate.ErrInvalidToken)
	}
	refuses(t, guard, get("forged"), bearergate.ErrInvalidToken)
	refuses(t, guard, get("forged"), bearergate.ErrRateLimited)
	refuses(t, guard, get(""), bearergate.ErrRateLimited) // of the same address
}
