package bearergate

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// RequireScope returns a guard that needs a token with every one of the scopes.
// Otherwise the answer is 403 missing_scope: "required" lists those that the
// token does not hold, in the order given here, and the challenge lists all
// scopes of the route (RFC 6750 section 3.1). The token's own scopes are never
// told. It panics on a scope that is empty or not a scope-token of RFC 6749
// section 3.3.
func RequireScope(scope string, more ...string) Middleware {
	scopes := routeScopes("RequireScope", scope, more)
	routeScopes := strings.Join(scopes, " ")
	return requireToken("RequireScope", func(_ *http.Request, s *state) error {
		for i, scope := range scopes {
			if !s.token.HasScope(scope) {
				return missingScope(s.token, scopes[i:], routeScopes)
			}
		}
		return nil
	})
}

func missingScope(t *Token, scopes []string, routeScopes string) error {
	var missing []string
	for _, scope := range scopes {
		if !t.HasScope(scope) {
			missing = append(missing, scope)
		}
	}
	return &Error{Code: CodeMissingScope, Required: strings.Join(missing, " "), routeScopes: routeScopes}
}

// RequireAnyScope returns a guard that needs a token with at least one of the
// scopes. Otherwise it answers as [RequireScope] does, with the first scope as
// "required".
func RequireAnyScope(scope string, more ...string) Middleware {
	scopes := routeScopes("RequireAnyScope", scope, more)
	errMissing := &Error{Code: CodeMissingScope, Required: scopes[0], routeScopes: strings.Join(scopes, " ")}
	return requireToken("RequireAnyScope", func(_ *http.Request, s *state) error {
		if slices.ContainsFunc(scopes, s.token.HasScope) {
			return nil
		}
		return errMissing
	})
}

// routeScopes returns the scopes of a route without repetitions.
func routeScopes(guard, scope string, more []string) []string {
	var scopes []string
	for _, s := range append([]string{scope}, more...) {
		if !isScopeToken(s) {
			panic(fmt.Sprintf("bearergate: %s was given the scope %q; a scope is printable ASCII without space, quote and backslash, and not empty", guard, s))
		}
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}
