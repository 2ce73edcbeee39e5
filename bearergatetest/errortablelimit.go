package bearergatetest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bearergate/bearergate"
)

var rateLimited = due{code: bearergate.ErrRateLimited}

func (s *routeSuite) testBudget() {
	if s.Budget == 0 || !s.testLimit() || s.asSecond {
		return
	}
	if !s.missing[tokenGuard] {
		s.testBudgetOfOthers()
	}
	s.testLimitIsFirst()
}

// testLimit reports whether the budget of a caller is enforced.
func (s *routeSuite) testLimit() bool {
	q := s.good()
	var last *answer
	for n := range s.Budget {
		if last = s.send(q); last.code() == bearergate.ErrRateLimited {
			s.missing[limitGuard] = true
			s.report(fmt.Sprintf("request %d of a caller", n+1), fault{last.text() + fmt.Sprintf(", want %d to pass", s.Budget),
				"Routes.Budget is not that of the API's limiter, or the budget is not each caller's own"})
			return false
		}
	}
	what := fmt.Sprintf("request %d of a caller, from as many addresses,", s.Budget+1)
	if !s.try(probe{what: what, request: q, want: rateLimited, guard: limitGuard, lacking: lacksLimit(last)}) {
		return false
	}
	f, ok := s.send(q).checkRateLimit()
	if !ok {
		s.report(what, f)
	}
	return ok
}

// lacksLimit distinguishes a limit of something else from none.
func lacksLimit(passed *answer) string {
	if len(passed.header.Values("RateLimit-Policy")) > 0 {
		return "the key of RateLimit is not the caller, or Routes.Budget is not that of its limiter"
	}
	return "this route lacks RateLimit(limiter)"
}

var rateLimitField = regexp.MustCompile(`"[^"]+";r=0;t=(\d+)`)

// checkRateLimit checks the fields of a refusal by RateLimit.
func (a *answer) checkRateLimit() (fault, bool) {
	m := rateLimitField.FindStringSubmatch(strings.Join(a.header.Values("RateLimit"), ", ")) // one member for each limit
	switch {
	case len(a.header.Values("RateLimit-Policy")) == 0:
		return fault{a.text() + " with no RateLimit-Policy", adviceReplaced}, false
	case m == nil:
		return fault{fmt.Sprintf("%s with %s, want a budget with r=0", a.text(), field("RateLimit", a.header.Values("RateLimit"))), adviceReplaced}, false
	}
	t, _ := strconv.Atoi(m[1])
	if wait, _ := strconv.Atoi(a.header.Get("Retry-After")); wait < t {
		return fault{fmt.Sprintf("%s with Retry-After: %d, before the time of its RateLimit field", a.text(), wait), adviceReplaced}, false
	}
	return fault{}, true
}

// testBudgetOfOthers tests that nobody uses up the budget of another caller.
func (s *routeSuite) testBudgetOfOthers() {
	good := s.good()
	forged, thief := good, forgeries(good.token())
	forged.authorization = bearer(thief[len(thief)-1].token) // it names the same caller
	for range s.Budget + 1 {
		s.send(forged)
	}
	if a := s.send(good); a.code() == bearergate.ErrRateLimited {
		s.report("a good token, after forgeries of it,", fault{a.text() + ", want a pass", "RateLimit stands outside of RequireToken, so that anybody uses up the budget of others: put RequireToken first"})
	}
}

// testLimitIsFirst uses up the budget with requests that a guard inside refuses.
func (s *routeSuite) testLimitIsFirst() {
	for _, g := range s.guards() {
		if s.missing[g] {
			continue
		}
		q, what := s.refusedBy(g)
		for range s.Budget {
			s.send(q)
		}
		s.try(probe{
			what: fmt.Sprintf("request %d of a caller, each with %s,", s.Budget+1, what), request: q,
			want: rateLimited, guard: limitGuard, inside: []guardName{g}, lacking: "this route lacks RateLimit(limiter)",
		})
	}
}

// refusedBy returns a request that only one guard refuses.
func (s *routeSuite) refusedBy(g guardName) (request, string) {
	switch g {
	case grantGuard:
		return s.revoked(s.caller()), "a revoked grant"
	case orgGuard:
		return s.ofOtherOrg(s.caller()), "a token of another organization"
	}
	return s.by(s.withoutScopes()), "a token without scopes"
}
