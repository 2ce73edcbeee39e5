package bearergate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// dpop sketches a verifier of proofs of possession (RFC 9449): it verifies tokens
// by another verifier, and then the proof that came with the request. It checks
// nothing but that a proof is there and names the token's key.
type dpop struct{ bearergate.Verifier }

func (d dpop) Schemes() []bearergate.Scheme {
	return []bearergate.Scheme{{Name: "Bearer"}, {Name: "DPoP", Parameters: `algs="ES256 EdDSA"`}}
}

var (
	errBoundAsBearer = fmt.Errorf("%w: a token with a key was sent as bearer", bearergate.ErrInvalidToken)
	errNoProof       = fmt.Errorf("%w: no proof", bearergate.ErrInvalidToken)
)

func (d dpop) VerifyRequest(r *http.Request, scheme, raw string) (*bearergate.Token, error) {
	token, err := d.VerifyToken(r.Context(), raw)
	if err != nil {
		return nil, err
	}
	key, bound := token.Confirmation()
	switch {
	case scheme == "Bearer" && bound:
		return nil, errBoundAsBearer
	case scheme == "DPoP" && (!bound || r.Header.Get("DPoP") != "proof of "+key.JWKThumbprint):
		return nil, errNoProof
	}
	return token, nil
}

// boundTokens verifies the token "bound", which has a key, and any other as one
// without.
func boundTokens(confirmation bearergate.Confirmation) bearergate.Verifier {
	return bearergate.VerifierFunc(func(_ context.Context, raw string) (*bearergate.Token, error) {
		claims := bearergatetest.InstallationClaims("a")
		if raw == "bound" {
			claims.Confirmation = &confirmation
		}
		return bearergate.NewToken(claims), nil
	})
}

func TestProofsOfPossessionFit(t *testing.T) {
	const bearer, proof = `Bearer realm="api"`, `DPoP realm="api"`
	const algs = `, algs="ES256 EdDSA"`
	guard := bearergate.RequireToken(dpop{boundTokens(bearergate.Confirmation{JWKThumbprint: "key"})}, bearergate.InstallationToken)
	for _, c := range []struct {
		name          string
		guard         bearergate.Middleware
		authorization []string
		proof         string
		want          bearergate.Code // empty: passes
		challenges    []string
	}{
		{"a proof", guard, []string{"DPoP bound"}, "proof of key", "", nil},
		{"the scheme in any case", guard, []string{"dpOP bound"}, "proof of key", "", nil},
		{"a bearer token", guard, []string{"Bearer plain"}, "", "", nil},
		{"no credentials", guard, nil, "", bearergate.ErrInvalidToken, []string{bearer, proof + algs}},
		{"another scheme", guard, []string{"DPoPX bound"}, "", bearergate.ErrInvalidToken, []string{bearer, proof + algs}},
		{"no proof", guard, []string{"DPoP bound"}, "", bearergate.ErrInvalidToken, []string{proof + `, error="invalid_token"` + algs}},
		{"the proof of another key", guard, []string{"DPoP bound"}, "proof of other", bearergate.ErrInvalidToken, []string{proof + `, error="invalid_token"` + algs}},
		{"a bearer token by the other scheme", guard, []string{"DPoP plain"}, "proof of key", bearergate.ErrInvalidToken, []string{proof + `, error="invalid_token"` + algs}},
		{"a bound token as bearer", guard, []string{"Bearer bound"}, "proof of key", bearergate.ErrInvalidToken, []string{bearer + `, error="invalid_token"`, proof + algs}},
		{"malformed", guard, []string{"DPoP bo und"}, "proof of key", bearergate.ErrInvalidRequest, []string{proof + `, error="invalid_request"` + algs}},
		{"two credentials", guard, []string{"DPoP bound", "Bearer plain"}, "proof of key", bearergate.ErrInvalidRequest,
			[]string{bearer + `, error="invalid_request"`, proof + `, error="invalid_request"` + algs}},
		{"a scope that misses", bearergate.Chain(guard, bearergate.RequireScope("b")), []string{"DPoP bound"}, "proof of key", bearergate.ErrMissingScope,
			[]string{proof + `, error="insufficient_scope", scope="b"` + algs}},
		{"a scope that misses a bearer", bearergate.Chain(guard, bearergate.RequireScope("b")), []string{"Bearer plain"}, "", bearergate.ErrMissingScope,
			[]string{bearer + `, error="insufficient_scope", scope="b"`, proof + `, scope="b"` + algs}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := get("")
			r.Header["Authorization"] = c.authorization
			if c.proof != "" {
				r.Header.Set("DPoP", c.proof)
			}
			if c.want == "" {
				passes(t, c.guard, r)
				return
			}
			got := refuses(t, c.guard, r, c.want)
			if diff := cmp.Diff(c.challenges, got.Header.Values(challenge)); diff != "" {
				t.Errorf("challenges (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPrefixesKeepProofs holds that ByPrefix hides no RequestVerifier, and gives
// none of the schemes to a verifier that does not accept it.
func TestPrefixesKeepProofs(t *testing.T) {
	opaque := accepting(bearergatetest.InstallationClaims())
	proofs := dpop{boundTokens(bearergate.Confirmation{JWKThumbprint: "key"})}
	send := func(guard bearergate.Middleware, scheme, token string) int {
		r := withAuthorization(scheme + " " + token)
		r.Header.Set("DPoP", "proof of key")
		return serve(guard, r).Status
	}
	for name, guard := range map[string]bearergate.Middleware{
		"proofs otherwise": bearergate.RequireToken(bearergate.ByPrefix("opaque.", opaque, proofs)),
		"nested":           bearergate.RequireToken(bearergate.ByPrefix("x.", opaque, bearergate.ByPrefix("opaque.", opaque, proofs))),
	} {
		for _, c := range []struct {
			scheme, token string
			want          int
		}{
			{"Bearer", "opaque.1", 200}, {"DPoP", "opaque.1", 401},
			{"Bearer", "plain", 200}, {"DPoP", "bound", 200}, {"Bearer", "bound", 401},
		} {
			if got := send(guard, c.scheme, c.token); got != c.want {
				t.Errorf("%s: %s %s: got %d, want %d", name, c.scheme, c.token, got, c.want)
			}
		}
	}
}

// Rules: S1.38, S1.39, S1.40.
func TestConfigureSetsTheChallenges(t *testing.T) {
	const metadata = "https://api.example/.well-known/oauth-protected-resource"
	configure := configured(bearergate.Config{Realm: "r", DefaultScope: "a b", ResourceMetadataURL: metadata})
	end := `, resource_metadata="` + metadata + `"`
	pass := bearergate.RequireToken(accepting(bearergatetest.InstallationClaims()))
	for _, c := range []struct {
		name  string
		guard bearergate.Middleware
		token string
		code  bearergate.Code
		want  string
	}{
		{"no credentials", pass, "", bearergate.ErrInvalidToken, `Bearer realm="r", scope="a b"` + end},
		{"a bad token", bearergate.RequireToken(failing(bearergate.ErrInvalidToken)), "token", bearergate.ErrInvalidToken, `Bearer realm="r", error="invalid_token", scope="a b"` + end},
		{"malformed", pass, "to ken", bearergate.ErrInvalidRequest, `Bearer realm="r", error="invalid_request"` + end},
		{"a scope that misses", bearergate.Chain(pass, bearergate.RequireScope("c")), "token", bearergate.ErrMissingScope, `Bearer realm="r", error="insufficient_scope", scope="c"` + end},
		{"no challenge", bearergate.Chain(pass, bearergate.Require(func(*http.Request) error { return bearergate.ErrForbidden })), "token", bearergate.ErrForbidden, ""},
	} {
		got := refuses(t, bearergate.Chain(configure, c.guard), get(c.token), c.code)
		if got.Header.Get(challenge) != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got.Header.Get(challenge), c.want)
		}
	}
}

func TestSchemesThatCannotBePanic(t *testing.T) {
	for name, schemes := range map[string][]bearergate.Scheme{
		"none":                  {},
		"without a name":        {{Name: ""}},
		"of two words":          {{Name: "Bearer token"}},
		"with a line break":     {{Name: "DPoP", Parameters: "a=b\r\nX: y"}},
		"with an umlaut in one": {{Name: "Bearer"}, {Name: "Bärer"}},
	} {
		t.Run(name, func(t *testing.T) {
			panics(t, func() { bearergate.RequireToken(schemed{accepting(bearergatetest.InstallationClaims()), schemes}) })
		})
	}
}

type schemed struct {
	bearergate.Verifier
	schemes []bearergate.Scheme
}

func (s schemed) Schemes() []bearergate.Scheme { return s.schemes }

func (s schemed) VerifyRequest(*http.Request, string, string) (*bearergate.Token, error) {
	return nil, errInner
}

func TestErrorOfAProofVerifierSetsTheAnswer(t *testing.T) {
	guard := bearergate.RequireToken(schemed{failing(nil), []bearergate.Scheme{{Name: "DPoP"}}})
	refuses(t, guard, withAuthorization("DPoP token"), bearergate.ErrTemporarilyUnavailable)
	got := refuses(t, guard, withAuthorization("Bearer token"), bearergate.ErrInvalidToken)
	if want := `DPoP realm="api"`; got.Header.Get(challenge) != want {
		t.Errorf("got challenge %q, want %q", got.Header.Get(challenge), want)
	}
}

// TestFirstErrorOfOursInTheTreeSetsTheAnswer is about errors of others that hold
// one, as that of an upstream that answers by this package does.
func TestFirstErrorOfOursInTheTreeSetsTheAnswer(t *testing.T) {
	revoked := &bearergate.Error{Code: bearergate.ErrGrantRevoked}
	for _, c := range []struct {
		err  error
		want bearergate.Code
	}{
		{fmt.Errorf("%w: upstream: %w", bearergate.ErrTemporarilyUnavailable, revoked), bearergate.ErrTemporarilyUnavailable},
		{fmt.Errorf("%w: upstream: %w", bearergate.ErrTemporarilyUnavailable, bearergate.ErrGrantRevoked), bearergate.ErrTemporarilyUnavailable},
		{fmt.Errorf("%w: %w", revoked, bearergate.ErrTemporarilyUnavailable), bearergate.ErrGrantRevoked},
		{errors.Join(errInner, fmt.Errorf("x: %w", bearergate.ErrForbidden), revoked), bearergate.ErrForbidden},
	} {
		refuses(t, bearergate.Require(func(*http.Request) error { return c.err }), get(""), c.want)
	}
}

// TestStateHoldsWhatItWasGiven kills what a caller or a handler could change
// afterwards.
func TestStateHoldsWhatItWasGiven(t *testing.T) {
	guards := []bearergate.Middleware{bearergate.RequireToken(accepting(bearergatetest.InstallationClaims()), bearergate.InstallationToken)}
	chain := bearergate.Chain(guards...)
	guards[0] = func(next http.Handler) http.Handler { return next }
	refuses(t, chain, get(""), bearergate.ErrInvalidToken)

	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "acme", Scopes: []string{"a"}, ProjectIDs: []string{"p"}})
	read := func(r *http.Request) (scope, project string) {
		grant, _ := bearergate.GrantFrom(r.Context())
		scope, project = grant.Scopes[0], grant.ProjectIDs[0]
		grant.Scopes[0], grant.ProjectIDs[0] = "changed", "changed"
		return scope, project
	}
	passes(t, bearergate.Chain(bearergate.RequireGrant(grants), bearergate.Require(func(r *http.Request) error {
		read(r)
		if scope, project := read(r); scope != "a" || project != "p" {
			t.Errorf("got scope %s and project %s, want a and p", scope, project)
		}
		other := bearergatetest.ContextWithToken(r.Context(), bearergatetest.InstallationClaims())
		if _, ok := bearergate.GrantFrom(other); ok {
			t.Error("got the grant of another token, want none")
		}
		return nil
	})), as(bearergatetest.InstallationClaims()))
}

func TestLimiterWithoutALimitBarsNoAddress(t *testing.T) {
	unlimited := bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
		return bearergate.Quota{Reset: time.Now().Add(time.Hour), Allowed: true}, nil
	})
	guard := bearergate.Chain(bearergate.LimitFailedAuthentication(unlimited), bearergate.RequireToken(issuer.Verifier()))
	for range 3 {
		refuses(t, guard, get("forged"), bearergate.ErrInvalidToken)
	}
	passes(t, guard, get(issuer.InstallationToken()))
}
