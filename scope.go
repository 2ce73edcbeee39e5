package bearergate

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bearergate/bearergate/internal/quote"
	"github.com/bearergate/bearergate/internal/scopetoken"
)

// RequireScope returns a guard that requires every one of the scopes. If the token
// lacks one, the answer is 403 missing_scope. The body's "required" lists the missing
// scopes, in the order given here. The challenge lists all scopes of the route (RFC
// 6750 section 3.1). The answer never lists the token's own scopes. It panics on a
// scope that is empty or not a scope-token of RFC 6749 section 3.3.
func RequireScope(scope string, more ...string) Middleware {
	scopes := newScopeList("RequireScope", prepend(scope, more))
	return behindToken("RequireScope", func(_ http.ResponseWriter, _ *http.Request, v visit) (visit, error) {
		return v, scopes.check(v.token())
	})
}

// RequireAnyScope returns a guard that requires at least one of the scopes. If the
// token holds none of them, it answers as [RequireScope] does, with the first scope
// as "required". It panics as RequireScope does.
func RequireAnyScope(scope string, more ...string) Middleware {
	scopes := newScopeList("RequireAnyScope", prepend(scope, more))
	return behindToken("RequireAnyScope", func(_ http.ResponseWriter, _ *http.Request, v visit) (visit, error) {
		if slices.ContainsFunc(scopes.scopes, v.token().HasScope) {
			return v, nil
		}
		return visit{}, scopes.missing(scope, v.token(), "one")
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
	return l.missing(strings.Join(missing, " "), t, "all")
}

// missing returns the refusal of a token that does not hold as many of the scopes
// as the route requires.
func (l *scopeList) missing(required string, t *Token, quantity string) error {
	return becauseOf(Error{Code: ErrMissingScope, Required: required, routeScopes: l.joined}, scopesMissing{l.scopes, t.claims.Scopes, quantity, required})
}

// scopesMissing is the scopes that a route requires, and those that the token holds.
type scopesMissing struct {
	required, held []string
	quantity       string
	missing        string
}

func (m scopesMissing) String() string {
	text := fmt.Sprintf("this route requires %s; the token holds %s", m.requirement(), quotedScopes(m.held))
	switch {
	case len(m.held) == 0:
		return text + "; if they are in another claim, see jwtverifier's Config.ScopeClaims"
	case m.quantity == "all" && len(m.required) > 1:
		return text + ", without " + quote.Text(m.missing)
	}
	return text
}

func (m scopesMissing) requirement() string {
	if len(m.required) == 1 {
		return "the scope " + quote.Text(m.required[0])
	}
	return m.quantity + " of the scopes " + quotedScopes(m.required)
}
