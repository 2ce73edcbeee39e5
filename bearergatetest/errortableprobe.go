package bearergatetest

import (
	"fmt"
	"strings"

	"github.com/bearergate/bearergate"
)

// guardName is a guard, as failures name it.
type guardName string

const (
	tokenGuard guardName = "RequireToken"
	limitGuard guardName = "RateLimit"
	grantGuard guardName = "RequireGrant"
	orgGuard   guardName = "RequireOrg"
	scopeGuard guardName = "RequireScope"

	failuresGuard guardName = "LimitFailedAuthentication"
)

// answeredBy are the guards that answer with a code.
var answeredBy = map[bearergate.Code]guardName{
	bearergate.ErrInvalidToken:      tokenGuard,
	bearergate.ErrRateLimited:       limitGuard,
	bearergate.ErrGrantNotFound:     grantGuard,
	bearergate.ErrGrantRevoked:      grantGuard,
	bearergate.ErrWrongOrganization: orgGuard,
	bearergate.ErrMissingScope:      scopeGuard,
}

// probe is a bad request, and the answer that is due.
type probe struct {
	what    string // "a token without the scope …"
	request request
	want    due
	guard   guardName   // refuses it
	inside  []guardName // would refuse it as well
	lacking string      // what to do if the request passed
	outage  func(down bool)
}

// try sends the request, unless its answer depends on a guard that is known to be
// missing. It reports whether the answer was as due.
func (s *routeSuite) try(p probe) bool {
	switch {
	case s.failed[p.what]: // with GET
		return false
	case len(p.inside) > 0 && (s.missing[p.guard] || s.anyMissing(p.inside)):
		return true
	}
	f, ok := s.judge(p, s.sendDuring(p.outage, p.request))
	if !ok {
		s.missing[p.guard] = true
		s.report(p.what, f)
	}
	return ok
}

// sendDuring sends a request while something is down.
func (s *routeSuite) sendDuring(outage func(down bool), q request) *answer {
	if outage != nil {
		outage(true)
		defer outage(false)
	}
	return s.send(q)
}

func (s *routeSuite) anyMissing(guards []guardName) bool {
	for _, g := range guards {
		if s.missing[g] {
			return true
		}
	}
	return false
}

// report says each thing once, and of HEAD only what is different from GET.
func (s *routeSuite) report(what string, f fault) {
	if s.failed[what] || s.advised[f.advice] {
		s.failed[what] = true
		return
	}
	s.failed[what], s.advised[f.advice] = true, true
	s.failures = append(s.failures, fmt.Sprintf("%s: %s was answered %s; %s", s.name(), what, f.finding, f.advice))
}

func (s *routeSuite) judge(p probe, a *answer) (fault, bool) {
	code, status := a.code(), p.want.code.Status()
	switch {
	case s.ErrorWriter != nil && a.refusal(s.method, &bearergate.Error{Code: p.want.code}).Code != status:
		return fault{fmt.Sprintf("%s, want %s", a.text(), p.want), adviceWriterStatus}, false
	case code == p.want.code && a.status != status:
		return fault{fmt.Sprintf("%s with the status %d, want %d", code, a.status, status), adviceStatus}, false
	case code == p.want.code, code == "" && a.status == status && a.panicked == nil:
		f, ok := p.want.check(p.request, a)
		f.finding = p.want.String() + " " + f.finding
		return f, ok
	}
	return fault{fmt.Sprintf("%s, want %s", a.text(), p.want), s.advise(p, a)}, false
}

const (
	adviceStatus       = "an error writer, or a middleware around the guards, changes the status, which clients act on"
	adviceWriterStatus = "Routes.ErrorWriter changes the status, which clients act on: let it call bearergate.WriteError, which sets the status and the header"
	adviceReplaced     = "something around the guards changes their answers: let it pass the status, the headers and the body of a refusal, or set Routes.ErrorWriter if they are those of the API's writer"
	adviceShared       = "its caller made no other request: the key of RateLimit has to be the caller"
	advicePanic        = "return an error: net/http answers a panic by closing the connection"
)

// advise says what to do about another answer than the one that is due.
func (s *routeSuite) advise(p probe, a *answer) string {
	switch {
	case a.panicked != nil:
		return advicePanic
	case a.code() != "":
		return s.adviseCode(p, a.code())
	case !a.passed(), a.status >= 300 && a.status != s.goodStatus:
		return "this is no answer of bearergate: " + adviceReplaced
	case s.asSecond:
		return "HEAD is not guarded as GET is: " + p.lacking
	}
	return p.lacking
}

// adviseCode says what to do about another refusal than the one that is due.
func (s *routeSuite) adviseCode(p probe, got bearergate.Code) string {
	for _, g := range p.inside {
		if answeredBy[got] == g {
			return fmt.Sprintf("%s stands outside of %s: put %s first", g, p.guard, p.guard)
		}
	}
	switch {
	case got == bearergate.ErrRateLimited:
		return adviceShared
	case got == bearergate.ErrServerError:
		return p.lacking + ", or a guard that needs the token stands outside of RequireToken; the log names that guard"
	case got == bearergate.ErrTemporarilyUnavailable:
		return fmt.Sprintf("a verifier, a store or a function returned an error without a code: return one with bearergate.%s in its tree", constantOf(p.want.code))
	case p.outage != nil:
		return "an outage is no fault of the client: return the error as it is, without a bearergate.Code in its tree"
	case p.guard == failuresGuard:
		return p.lacking
	}
	return fmt.Sprintf("whatever refused it has to return bearergate.%s", constantOf(p.want.code))
}

// constantOf returns the name of the code's constant.
func constantOf(c bearergate.Code) string {
	var b strings.Builder
	b.WriteString("Err")
	for word := range strings.SplitSeq(string(c), "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
