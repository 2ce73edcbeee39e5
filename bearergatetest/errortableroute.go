package bearergatetest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/pattern"
)

// routeSuite tests one route.
type routeSuite struct {
	Routes
	api     http.Handler
	mint    func(bearergate.Claims) string
	pattern string
	scopes  []string

	failures   []string
	method     string             // of the requests
	goodStatus int                // of the answer to a good token
	goodLate   []string           // header fields that are set too late in that answer too
	failed     map[string]bool    // requests that were not answered as due
	missing    map[guardName]bool // that did not refuse what they should
	advised    map[string]bool    // advice that a failure gave already
	asSecond   bool               // HEAD, whose GET was tested before
}

// testMethods tests HEAD for what GET does right.
func (s *routeSuite) testMethods() {
	s.failed, s.missing, s.advised = make(map[string]bool), make(map[guardName]bool), make(map[string]bool)
	s.method, _ = pattern.CutMethod(s.pattern)
	if s.method == "" {
		s.method = http.MethodGet
	}
	s.test()
	if s.method == http.MethodGet {
		s.method, s.asSecond = http.MethodHead, true
		if s.isServed() {
			s.test()
		}
	}
}

// isServed reports whether the router has a route for the method.
func (s *routeSuite) isServed() bool {
	switch s.send(s.good()).status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return false
	}
	return true
}

// test stops if neither the absence of a token nor a good token is answered as it has
// to be: every other answer would say the same again.
func (s *routeSuite) test() {
	good := s.send(s.good())
	s.goodStatus, s.goodLate = good.status, good.changedLate()
	if !s.testNoToken() || !s.testGoodToken(good) {
		return
	}
	s.testCredentials()
	s.testTokens()
	s.testGrant()
	s.testOrg()
	s.testScopes()
	s.testOrder()
	s.testBudget()
	s.testFailures()
	s.testOutages()
}

// name is how failures name the route.
func (s *routeSuite) name() string {
	_, path := pattern.CutMethod(s.pattern)
	return s.method + " " + path
}

// target returns the URL of the route for a caller.
func (s *routeSuite) target(c bearergate.Claims) string {
	_, path := pattern.CutMethod(s.pattern)
	var b strings.Builder
	if !strings.HasPrefix(path, "/") {
		b.WriteString("http://") // the pattern has a host
	}
	for path != "" {
		before, name, after := pattern.CutParameter(path)
		b.WriteString(before)
		if len(before) < len(path) && name != "$" {
			b.WriteString(s.escapedValue(name, c))
		}
		path = after
	}
	return b.String()
}

func (s *routeSuite) escapedValue(parameter string, c bearergate.Claims) string {
	parameter, _, _ = strings.Cut(parameter, ":") // a regular expression of chi
	if name, rest := strings.CutSuffix(parameter, "..."); rest {
		return (&url.URL{Path: s.pathValue(name, c)}).EscapedPath()
	}
	return url.PathEscape(s.pathValue(parameter, c))
}

func (s *routeSuite) pathValue(name string, c bearergate.Claims) string {
	if value, ok := s.PathValues[name]; ok {
		return value
	}
	switch name {
	case s.Org:
		return c.OrganizationID
	case s.GrantInPath:
		return c.GrantID
	}
	return "1"
}
