package bearergatetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bearergate/bearergate"
)

// testScopes begins with no scopes at all, which distinguishes a missing guard from one that
// requires other scopes.
func (s *routeSuite) testScopes() {
	none := s.by(s.withoutScopes())
	switch {
	case len(s.scopes) == 0:
		return
	case s.send(none).passed():
		s.tryScopes(s.withoutAll(), nil)
		return
	case s.AnyScope:
		s.testAnyScope()
	case len(s.scopes) > 1:
		s.testEachScope()
	}
	if !s.missing[scopeGuard] {
		s.tryScopes(s.withoutAll(), nil)
		s.testSimilarScopes()
	}
}

func (s *routeSuite) withoutAll() string {
	if len(s.scopes) == 1 {
		return "a token without the scope " + quoted(s.scopes)
	}
	return "a token without scopes"
}

func (s *routeSuite) testEachScope() {
	for i, scope := range s.scopes {
		s.tryScopes(fmt.Sprintf("a token without the scope %q", scope), slices.Delete(slices.Clone(s.scopes), i, i+1))
	}
}

func (s *routeSuite) testSimilarScopes() {
	var similar []string
	for _, scope := range s.scopes {
		similar = append(similar, scope+":all", strings.ToUpper(scope)+"X", scope[:len(scope)-1]+"*", "*")
	}
	s.tryScopes("a token with similar scopes, such as "+quoted(similar[:1])+",", similar)
}

// tryScopes sends a token that holds too few scopes.
func (s *routeSuite) tryScopes(what string, held []string) {
	c := s.caller()
	c.Scopes = held
	s.try(probe{what: what, request: s.by(c), want: s.missingScope(held), guard: scopeGuard, lacking: s.lacksScopes(held)})
}

func (s *routeSuite) missingScope(held []string) due {
	missing := slices.DeleteFunc(slices.Clone(s.scopes), func(scope string) bool { return slices.Contains(held, scope) })
	if s.AnyScope {
		missing = s.scopes[:1]
	}
	return due{code: bearergate.ErrMissingScope, required: strings.Join(missing, " "), routeScopes: strings.Join(s.scopes, " ")}
}

// lacksScopes distinguishes RequireAnyScope in the place of RequireScope from no guard.
func (s *routeSuite) lacksScopes(held []string) string {
	switch {
	case s.AnyScope:
		return fmt.Sprintf("this route lacks RequireAnyScope(%s)", quoted(s.scopes))
	case slices.ContainsFunc(s.scopes, func(scope string) bool { return slices.Contains(held, scope) }):
		return fmt.Sprintf("this route needs every one of its scopes, not some: RequireScope(%s)", quoted(s.scopes))
	case len(held) > 0:
		return "scopes are compared byte for byte, without wildcards, as RequireScope does"
	}
	return fmt.Sprintf("this route lacks RequireScope(%s)", quoted(s.scopes))
}

func (s *routeSuite) testAnyScope() {
	for _, scope := range s.scopes {
		c := s.caller()
		c.Scopes = []string{scope}
		if a := s.send(s.by(c)); !a.passed() {
			s.missing[scopeGuard] = true
			s.report("a token with the scope "+quoted(c.Scopes), fault{a.text() + ", want a pass", fmt.Sprintf("one scope is enough for this route: it needs RequireAnyScope(%s)", quoted(s.scopes))})
		}
	}
}
