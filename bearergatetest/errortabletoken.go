package bearergatetest

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/bearergate/bearergate"
)

// noToken is the answer to a request that shows no bearer token.
var noToken = due{code: bearergate.ErrInvalidToken, noCredentials: true}

func (s *routeSuite) lacksToken() string {
	switch {
	case s.Optional:
		return "this route lacks OptionalToken(verifier)"
	case s.Type == bearergate.InstallationToken:
		return "this route lacks RequireToken(verifier, bearergate.InstallationToken)"
	case s.Type == bearergate.AccessToken:
		return "this route lacks RequireToken(verifier, bearergate.AccessToken)"
	}
	return "this route lacks RequireToken(verifier)"
}

// testNoToken reports whether the route is guarded at all.
func (s *routeSuite) testNoToken() bool {
	q := s.good()
	q.authorization = nil
	if !s.Optional || s.needsToken() {
		return s.try(probe{what: "a request without a token", request: q, want: noToken, guard: tokenGuard, lacking: s.lacksTokenIf(q)})
	}
	if a := s.send(q); s.Budget == 0 && !a.passed() {
		s.report("a request without a token", fault{a.text() + ", want a pass", "this route has RequireToken in place of OptionalToken, or a guard that needs a token inside of it"})
		return false
	}
	return true
}

// needsToken reports whether a guard inside of OptionalToken refuses anonymous callers.
func (s *routeSuite) needsToken() bool {
	return len(s.scopes) > 0 || s.Org != "" || s.PutGrant != nil || s.GrantInPath != ""
}

func (s *routeSuite) testCredentials() {
	good := s.good()
	malformed := due{code: bearergate.ErrInvalidRequest}
	for _, c := range []struct {
		what          string
		authorization []string
		want          due
	}{
		{"a request with an empty Authorization header", []string{""}, noToken},
		{"a request with a password (Basic)", []string{"Basic dXNlcjpwYXNz"}, noToken},
		{"a request with Bearer and no token", []string{"Bearer"}, malformed},
		{"a request with two words in place of a token", []string{"Bearer two words"}, malformed},
		{"a request with two Authorization headers", []string{good.authorization[0], good.authorization[0]}, malformed},
	} {
		q := good
		q.authorization = c.authorization
		s.try(probe{what: c.what, request: q, want: c.want, guard: tokenGuard, lacking: "something reads or changes the Authorization header before RequireToken does"})
	}
	if !s.Optional {
		good.target += "?access_token=" + url.QueryEscape(good.token())
		good.authorization = nil
		s.try(probe{what: "a token in the query", request: good, want: noToken, guard: tokenGuard, lacking: "something reads tokens from the query, which logs and browsers keep: only the Authorization header counts"})
	}
}

// lacksTokenIf distinguishes OptionalToken, and no route, from no guard.
func (s *routeSuite) lacksTokenIf(noToken request) string {
	switch s.goodStatus {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return s.lacksToken() + ", or the API does not serve " + s.name()
	}
	unknown := noToken
	unknown.authorization = bearer("unknown-" + callerRun)
	if !s.Optional && s.send(unknown).code() == bearergate.ErrInvalidToken {
		return "this route has OptionalToken in place of RequireToken"
	}
	return s.lacksToken()
}

func (s *routeSuite) testTokens() {
	good := s.good()
	s.send(good) // a cache of the API may remember the token of the forgeries
	s.testForgeries(good)
	s.testExpired()
	if s.Type != "" {
		s.refused(fmt.Sprintf("an %s token", other(s.Type)), s.by(s.ofOtherType()),
			fmt.Sprintf("this route accepts %s tokens alone: pass %s to RequireToken", s.Type, typeConstant(s.Type)))
	}
	if isJWT(good.token()) {
		s.testForeign()
	}
}

// refused sends a token that is not good.
func (s *routeSuite) refused(what string, q request, lacking string) {
	if s.advised[adviceSignature] {
		return // so no other claim of a forgery is checked either
	}
	s.try(probe{what: what, request: q, want: due{code: bearergate.ErrInvalidToken}, guard: tokenGuard, lacking: lacking})
}

func (s *routeSuite) testForgeries(good request) {
	for _, f := range append(forgeries(good.token()), forgery{"an unknown token", "unknown-" + callerRun, "the verifier accepts any token"}) {
		q := good
		q.authorization = bearer(f.token)
		s.refused(f.what, q, f.lacking)
	}
}

func (s *routeSuite) testExpired() {
	c := s.caller()
	c.IssuedAt, c.ExpiresAt = c.IssuedAt.Add(-2*time.Hour), c.ExpiresAt.Add(-2*time.Hour)
	s.refused("an expired token", s.by(c), "the verifier does not check the expiry, unless mint ignores Claims.ExpiresAt")
}

func (s *routeSuite) testForeign() {
	c := s.caller()
	c.Issuer = "https://other-issuer.example"
	s.refused("a token of another issuer", s.by(c), "the verifier does not check the issuer: set jwtverifier's Config.Issuer, unless mint ignores Claims.Issuer")
	c = s.caller()
	c.Audience = []string{"https://other-api.example"}
	s.refused("a token for another API", s.by(c), "the verifier does not check the audience: set jwtverifier's Config.Audience, unless mint ignores Claims.Audience")
}

func other(t bearergate.TokenType) bearergate.TokenType {
	if t == bearergate.InstallationToken {
		return bearergate.AccessToken
	}
	return bearergate.InstallationToken
}

func typeConstant(t bearergate.TokenType) string {
	if t == bearergate.InstallationToken {
		return "bearergate.InstallationToken"
	}
	return "bearergate.AccessToken"
}

// ofOtherType returns the claims of a token that is good but for its type.
func (s *routeSuite) ofOtherType() bearergate.Claims {
	c := s.caller()
	c.Type, c.InstallationID = other(c.Type), ""
	if c.Type == bearergate.InstallationToken {
		c.InstallationID = "installation-of-" + c.Subject
	}
	return c
}
