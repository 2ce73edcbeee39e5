package bearergate_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// keysOf is a limiter that lets all requests pass, and the keys that it was asked
// for.
func keysOf() (bearergate.Limiter, *[]string) {
	keys := new([]string)
	return bearergate.LimiterFunc(func(_ context.Context, key string) (bearergate.Quota, error) {
		*keys = append(*keys, key)
		return bearergate.Quota{Limit: 1, Remaining: 1, Allowed: true}, nil
	}), keys
}

// byID is a KeyFunc of an application's own, which needs no token.
func byID(r *http.Request) (string, error) { return r.Header.Get("X-Id"), nil }

func withID(id string) *http.Request {
	r := get("")
	r.Header.Set("X-Id", id)
	return r
}

// of returns claims of the issuer and the ids.
func of(issuer, subject, client, organization string) bearergate.Claims {
	return bearergate.Claims{
		Type: bearergate.AccessToken, Issuer: issuer, Subject: subject, ClientID: client, OrganizationID: organization,
		InstallationID: "shared by all",
	}
}

// Rules: S6.7.
func TestKeyDecidesWhoSharesABudget(t *testing.T) {
	first := of("iss", "alice", "app", "acme")
	for _, c := range []struct {
		name      string
		key       bearergate.KeyFunc
		same, not []bearergate.Claims
	}{
		{"user", bearergate.UserKey,
			[]bearergate.Claims{of("iss", "alice", "other", "other")},
			[]bearergate.Claims{of("iss", "bob", "app", "acme"), of("other", "alice", "app", "acme")}},
		{"client", bearergate.ClientKey,
			[]bearergate.Claims{of("iss", "bob", "app", "other")},
			[]bearergate.Claims{of("iss", "alice", "other", "acme"), of("other", "alice", "app", "acme")}},
		{"organization", bearergate.OrganizationKey,
			[]bearergate.Claims{of("iss", "bob", "other", "acme"), of("other", "bob", "other", "acme")},
			[]bearergate.Claims{of("iss", "alice", "app", "other")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			guard := bearergate.RateLimit(budgetOf(t, 1), bearergate.WithKey(c.name, c.key))
			passes(t, guard, as(first))
			for _, claims := range c.same {
				refuses(t, guard, as(claims), bearergate.ErrRateLimited)
			}
			for _, claims := range c.not {
				passes(t, guard, as(claims))
			}
		})
	}
}

// Rules: S6.8, S6.12.
func TestNameOfTheKeyIsThatOfThePolicy(t *testing.T) {
	guard := bearergate.Chain(
		bearergate.RateLimit(budgetOf(t, 9), bearergate.WithKey("user", bearergate.UserKey)),
		bearergate.RateLimit(budgetOf(t, 5)))
	h := serve(guard, as(bearergatetest.InstallationClaims())).Header
	want := []string{`"user";q=9;w=60`, `"installation";q=5;w=60`}
	if diff := cmp.Diff(want, h.Values("RateLimit-Policy")); diff != "" {
		t.Errorf("RateLimit-Policy (-want +got):\n%s", diff)
	}
	if got, want := h.Values("RateLimit")[0], `"user";r=8;t=`; !strings.HasPrefix(got, want) {
		t.Errorf("got RateLimit %q, want %q", got, want)
	}
}

// Rules: S6.9.
func TestKeyFuncsErrorSetsTheAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want bearergate.Code
	}{
		{"nothing", nil, bearergate.ErrServerError},
		{"cannot tell", errInner, bearergate.ErrTemporarilyUnavailable},
		{"a code", fmt.Errorf("no id: %w", bearergate.ErrInvalidRequest), bearergate.ErrInvalidRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, keys := keysOf()
			refuses(t, bearergate.RateLimit(l, bearergate.WithKey("id", func(*http.Request) (string, error) {
				return "", c.err
			})), get(""), c.want)
			if len(*keys) > 0 {
				t.Errorf("the limiter was asked for %q, want not to be", *keys)
			}
		})
	}
}

// Rules: S6.9.
func TestTokenWithoutWhatTheKeyNeedsIsAWiringFault(t *testing.T) {
	for name, key := range readyKeys() {
		t.Run(name, func(t *testing.T) {
			configure, seen := observing(bearergate.Config{})
			guard := bearergate.Chain(configure, bearergate.RateLimit(budgetOf(t, 1), bearergate.WithKey("the-key", key)))
			refuses(t, guard, as(bearergate.Claims{Type: bearergate.AccessToken, Issuer: "iss"}), bearergate.ErrServerError)
			if got, want := (*seen)[0].Reason.Error(), `WithKey("the-key")`; !strings.Contains(got, want) {
				t.Errorf("got reason %q, want it to name %s", got, want)
			}
		})
	}
}

// Rules: S6.3, S6.37.
func TestNoTwoKeysAreOneWhateverTheyHold(t *testing.T) {
	l, keys := keysOf()
	limit := func(name string, key bearergate.KeyFunc) bearergate.Middleware {
		return bearergate.RateLimit(l, bearergate.WithKey(name, key))
	}
	for _, name := range []string{"user", "client", "organization", "a", "a:1", "1:a", "1"} {
		for _, id := range []string{"a", "1:a", ":", "a:1:a", "key:1:a:a", "4:user:a", "3:iss:alice"} {
			passes(t, limit(name, byID), withID(id))
		}
	}
	for _, c := range []bearergate.Claims{
		of("i", "a", "a", "a"), of("", "a", "a", "i:a"), of("i:a", "b", "b", "b"), of("i", "a:b", "a:b", "a:b"), of("i:", "a", "a", ":a"), of("", "1:i:a", "1:i:a", "1:i:c"),
	} {
		passes(t, limit("user-of-issuer", bearergate.UserKey), as(c))
		passes(t, limit("client-of-issuer", bearergate.ClientKey), as(c))
		passes(t, limit("org", bearergate.OrganizationKey), as(c))
	}
	for _, installation := range []string{"a", "key:4:user:a"} {
		passes(t, bearergate.RateLimit(l), as(ofInstallation(installation)))
	}
	seen := make(map[string]bool)
	for _, key := range *keys {
		if seen[key] {
			t.Errorf("got the key %q twice, want all of them to differ", key)
		}
		seen[key] = true
	}
}

// Rules: S6.38.
func TestKeyOfTheApplicationsOwnNeedsNoToken(t *testing.T) {
	limit := bearergate.RateLimit(budgetOf(t, 1), bearergate.WithKey("id", byID))
	for name, guard := range map[string]bearergate.Middleware{
		"no-guard": limit,
		"optional": bearergate.Chain(bearergate.OptionalToken(issuer.Verifier()), limit),
	} {
		passes(t, guard, withID(name))
		refuses(t, guard, withID(name), bearergate.ErrRateLimited)
	}
}

// TestUsersAndAnonymousCallersHaveBudgets is a key that is made of a ready one and of
// the application's own.
//
// Rules: S6.38.
func TestUsersAndAnonymousCallersHaveBudgets(t *testing.T) {
	key := func(r *http.Request) (string, error) {
		user, err := bearergate.UserKey(r)
		if errors.Is(err, bearergate.ErrInvalidToken) {
			return "anonymous", nil
		}
		return user, err
	}
	guard := bearergate.Chain(bearergate.OptionalToken(issuer.Verifier()), bearergate.RateLimit(budgetOf(t, 1), bearergate.WithKey("caller", key)))
	for _, token := range []string{"", issuer.AccessToken()} {
		passes(t, guard, get(token))
		refuses(t, guard, get(token), bearergate.ErrRateLimited)
	}
	refuses(t, bearergate.RateLimit(budgetOf(t, 1), bearergate.WithKey("caller", key)), get(""), bearergate.ErrServerError)
}

// Rules: S1.25, S6.39.
func TestTokenKeyIsAHashOfTheToken(t *testing.T) {
	const raw = "bi_oat_0123456789abcdef"
	l, keys := keysOf()
	limit := bearergate.RateLimit(l, bearergate.WithKey("token", bearergate.TokenKey))
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: "grant"})
	guard := bearergate.Chain(
		bearergate.RequireToken(accepting(bearergate.Claims{Type: bearergate.AccessToken, GrantID: "grant"})), bearergate.RequireGrant(grants), limit)
	for _, value := range []string{"Bearer " + raw, "bearer " + raw, "BEARER    " + raw, "Bearer" + strings.Repeat(" ", 1024) + raw, "Bearer " + raw + "0"} {
		passes(t, guard, withAuthorization(value))
	}
	first, other := sha256.Sum256([]byte(raw)), sha256.Sum256([]byte(raw+"0"))
	want := slices.Repeat([]string{"key:5:token:" + base64.RawURLEncoding.EncodeToString(first[:])}, 4)
	want = append(want, "key:5:token:"+base64.RawURLEncoding.EncodeToString(other[:]))
	if diff := cmp.Diff(want, *keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	proofs := bearergate.Chain(bearergate.RequireToken(dpop{boundTokens(bearergate.Confirmation{JWKThumbprint: "key"})}), limit)
	bound := withAuthorization("DPoP bound")
	bound.Header.Set("DPoP", "proof of key")
	passes(t, proofs, bound)
	if got := len(*keys); got != 6 {
		t.Errorf("got %d keys, want one of a token by another scheme too", got)
	}
}

// TestTokenKeyIgnoresHeadersThatNobodyVerified is a server that verifies by other
// means: its clients could make up as many budgets as they like.
//
// Rules: S6.9, S6.39.
func TestTokenKeyIgnoresHeadersThatNobodyVerified(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 1), bearergate.WithKey("token", bearergate.TokenKey))
	r := as(bearergatetest.InstallationClaims())
	r.Header.Set("Authorization", "Bearer made-up")
	refuses(t, guard, r, bearergate.ErrServerError)

	replaced := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(bearergatetest.ContextWithToken(r.Context(), bearergatetest.InstallationClaims())))
		})
	}
	refuses(t, bearergate.Chain(bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())), replaced, guard), get("token"), bearergate.ErrServerError)
}

// Rules: S6.42.
func TestOrganizationKeyIsThatOfTheGrant(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "moved"})
	l, keys := keysOf()
	limit := bearergate.RateLimit(l, bearergate.WithKey("org", bearergate.OrganizationKey))
	passes(t, limit, as(bearergatetest.InstallationClaims()))
	passes(t, bearergate.Chain(bearergate.RequireGrant(grants), limit), as(bearergatetest.InstallationClaims()))
	if diff := cmp.Diff([]string{"key:3:org:acme", "key:3:org:moved"}, *keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// Rules: S6.17, S6.35.
func TestKeyIsThatOfTheFallbackToo(t *testing.T) {
	guard := bearergate.RateLimit(brokenLimiter(), bearergate.WithKey("id", byID), bearergate.WithFallback(budgetOf(t, 1)))
	passes(t, guard, withID("a"))
	passes(t, guard, withID("b"))
	refuses(t, guard, withID("a"), bearergate.ErrRateLimited)
}

func TestKeyFuncThatPanicsPropagates(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 1), bearergate.WithKey("id", func(*http.Request) (string, error) { panic("key") }))
	if got := panics(t, func() { serve(guard, get("")) }); got != "key" {
		t.Errorf("got panic %v, want that of the function", got)
	}
}

// Rules: S1.25.
func TestReasonOfAUsedUpKeyNamesItsKindAlone(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	guard := bearergate.Chain(configure, bearergate.RateLimit(exhausted(7, time.Unix(0, 0)), bearergate.WithKey("device", byID)))
	refuses(t, guard, withID("hunter2"), bearergate.ErrRateLimited)
	const want = `rate_limited: the budget "device" is used up for this device: its limit is 7, and the next request passes at 1970-01-01T00:00:00Z`
	if got := (*seen)[0].Reason.Error(); got != want {
		t.Errorf("got reason %q, want %q", got, want)
	}
}
