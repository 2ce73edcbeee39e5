package bearergate

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bearergate/bearergate/internal/scopetoken"
)

// RequireScope returns a guard that needs a token with every one of the scopes.
// Otherwise the answer is 403 missing_scope: "required" lists those that the
// token does not hold, in the order given here, and the challenge lists all
// scopes of the route (RFC 6750 section 3.1). The answer
// never lists the token's own scopes. It panics on a scope that is empty or not a scope-token of RFC 6749
// section 3.3.
func RequireScope(scope string, more ...string) Middleware {
	scopes := newScopeList("RequireScope", prepend(scope, more))
	return behindToken("RequireScope", func(_ http.ResponseWriter, _ *http.Request, s *state) (*state, error) {
		return s, scopes.check(s.token)
	})
}

// RequireAnyScope returns a guard that needs a token with at least one of the
// scopes. Otherwise it answers as [RequireScope] does, with the first scope as
// "required".
func RequireAnyScope(scope string, more ...string) Middleware {
	scopes := newScopeList("RequireAnyScope", prepend(scope, more))
	errMissing := scopes.missing(scope)
	return behindToken("RequireAnyScope", func(_ http.ResponseWriter, _ *http.Request, s *state) (*state, error) {
		if slices.ContainsFunc(scopes.scopes, s.token.HasScope) {
			return s, nil
		}
		return nil, errMissing
	})
}

func prepend(scope string, more []string) []string { return append([]string{scope}, more...) }

// scopeList is the scopes of a route, without repetitions.
type scopeList struct {
	scopes []string
	joined string
}

func newScopeList(guard string, scopes []string) *scopeList {
	l := new(scopeList)
	for _, s := range scopes {
		if !scopetoken.Valid(s) {
			panic(fmt.Sprintf("bearergate: %s was given the scope %q; a scope is printable ASCII without space, quote and backslash, and not empty", guard, s))
		}
		if !slices.Contains(l.scopes, s) {
			l.scopes = append(l.scopes, s)
		}
	}
	l.joined = strings.Join(l.scopes, " ")
	return l
}

// check needs all of the scopes.
func (l *scopeList) check(t *Token) error {
	if !slices.ContainsFunc(l.scopes, func(s string) bool { return !t.HasScope(s) }) {
		return nil
	}
	missing := slices.DeleteFunc(slices.Clone(l.scopes), t.HasScope)
	return l.missing(strings.Join(missing, " "))
}

func (l *scopeList) missing(required string) error {
	return &Error{Code: ErrMissingScope, Required: required, routeScopes: l.joined}
}
