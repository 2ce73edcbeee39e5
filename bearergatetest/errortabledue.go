package bearergatetest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bearergate/bearergate"
)

// due is the answer that the error table demands.
type due struct {
	code          bearergate.Code
	required      string
	routeScopes   string // in the challenge of missing_scope
	noCredentials bool   // a challenge without an error
}

func (d due) String() string { return fmt.Sprint(d.code.Status(), " ", d.code) }

// fault is the difference of an answer from the one that is due, and the advice.
type fault struct{ finding, advice string }

const (
	adviceBody        = "send the code and no text of an error; if the format is yours on purpose, set Routes.ErrorWriter"
	adviceWriter      = "Routes.ErrorWriter wrote something else for this code: the API has another writer, or its bodies have the text of an error, or a time or an id of their own, which a test has to hold still"
	adviceRan         = "the handler ran although the request was refused: a middleware or handler has to return after Refuse, and gin has to abort, as adapters/gin does"
	adviceOtherScopes = "the guards of this route require other scopes than Routes.Scopes lists, or require them one by one: give one RequireScope all of them"
	adviceLeak        = "no refusal may hold what the client sent, or the text of an error"
)

// check compares an answer that has the code and the status of d.
func (d due) check(q request, a *answer) (fault, bool) {
	want := a.refusal(a.request.Method, &bearergate.Error{Code: d.code, Required: d.required})
	for _, check := range []func() (fault, bool){
		func() (fault, bool) { return a.checkEnd(want.Body.String()) },
		func() (fault, bool) { return a.checkPrivate(q.private) },
		func() (fault, bool) { return d.checkCause(a, want.Header()) },
		func() (fault, bool) { return d.checkRequired(a) },
		func() (fault, bool) { return d.checkBody(a, want.Body.String()) },
		func() (fault, bool) { return a.checkHeader(want.Header()) },
		func() (fault, bool) { return d.checkChallenge(a) },
		func() (fault, bool) { return d.checkRetryAfter(a) },
	} {
		if f, ok := check(); !ok {
			return f, false
		}
	}
	return fault{}, true
}

// checkEnd finds a handler that went on after the refusal.
func (a *answer) checkEnd(want string) (fault, bool) {
	more, cut := strings.CutPrefix(a.body.String(), want)
	late := slices.DeleteFunc(a.changedLate(), func(name string) bool { return slices.Contains(a.anyway, name) })
	switch {
	case cut && more != "":
		return fault{fmt.Sprintf("and then %.60q", more), adviceRan}, false
	case a.again != 0:
		return fault{fmt.Sprintf("and then the status %d", a.again), adviceRan}, false
	case a.ran:
		return fault{"and was served all the same, as Routes.Served counts", adviceRan}, false
	case len(late) > 0:
		return fault{fmt.Sprintf("and then the header %s was set", late[0]), adviceRan}, false
	}
	return fault{}, true
}

func (a *answer) checkPrivate(private []string) (fault, bool) {
	for _, text := range private {
		if text == "" {
			continue
		}
		if strings.Contains(a.body.String(), text) {
			return fault{fmt.Sprintf("with the body %.120q, which holds what the client sent", a.body.String()), adviceLeak}, false
		}
		for name, values := range a.header {
			if strings.Contains(strings.Join(values, "\n"), text) {
				return fault{fmt.Sprintf("with the header %s: %.60s, which holds what the client sent", name, values[0]), adviceLeak}, false
			}
		}
	}
	return fault{}, true
}

// checkCause finds the text of an error in a header, which begins with its code.
func (d due) checkCause(a *answer, want http.Header) (fault, bool) {
	text := string(d.code) + ": "
	for name, values := range a.header {
		if strings.Contains(strings.Join(values, "\n"), text) && !strings.Contains(want.Get(name), text) {
			return fault{fmt.Sprintf("with the header %s: %.60s, which holds the text of an error", name, values[0]), adviceLeak}, false
		}
	}
	return fault{}, true
}

func (d due) checkRequired(a *answer) (fault, bool) {
	if got, ok := a.required(); ok && got != d.required {
		return fault{fmt.Sprintf("with required %q, want %q", got, d.required), adviceOtherScopes}, false
	}
	return fault{}, true
}

func (d due) checkBody(a *answer, want string) (fault, bool) {
	switch got := a.body.String(); {
	case got == want:
		return fault{}, true
	case a.write != nil:
		return fault{fmt.Sprintf("with the body %.120q, want %q", got, want), adviceWriter}, false
	case strings.Contains(got, string(d.code)):
		return fault{fmt.Sprintf("with the body %.120q, want %q", got, want), adviceBody}, false
	default:
		return fault{fmt.Sprintf("with the body %.120q, want %q", got, want), adviceReplaced}, false
	}
}

func (a *answer) checkHeader(want http.Header) (fault, bool) {
	for _, name := range []string{"Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options"} {
		if !slices.Equal(a.header[name], want[name]) {
			return fault{fmt.Sprintf("with %s, want %s", field(name, a.header[name]), field(name, want[name])), adviceReplaced}, false
		}
	}
	for _, name := range []string{"Etag", "Last-Modified", "Content-Encoding"} {
		if len(a.header[name]) > 0 {
			return fault{fmt.Sprintf("with %s, which describes a success", field(name, a.header[name])), adviceReplaced}, false
		}
	}
	return fault{}, true
}

func field(name string, values []string) string {
	if len(values) == 0 {
		return "no " + name
	}
	return fmt.Sprintf("%s: %s", name, strings.Join(values, ", "))
}

// errorAttributes are those of RFC 6750 section 3.1.
var errorAttributes = map[bearergate.Code]string{
	bearergate.ErrInvalidRequest: "invalid_request",
	bearergate.ErrInvalidToken:   "invalid_token",
	bearergate.ErrMissingScope:   "insufficient_scope",
}

// checkChallenge allows for any realm, and for the members that Configure adds.
func (d due) checkChallenge(a *answer) (fault, bool) {
	got, attribute := a.header["Www-Authenticate"], errorAttributes[d.code]
	if attribute == "" {
		if len(got) > 0 {
			return fault{fmt.Sprintf("with WWW-Authenticate: %s, want no challenge", got[0]), adviceReplaced}, false
		}
		return fault{}, true
	}
	want := `^Bearer realm="[^"]*"`
	if !d.noCredentials {
		want += `, error="` + attribute + `"`
	}
	if d.code == bearergate.ErrMissingScope {
		want += regexp.QuoteMeta(`, scope="` + d.routeScopes + `"`)
	}
	want += `(, scope="[^"]*")?(, resource_metadata="[^"]*")?$`
	if !slices.ContainsFunc(got, regexp.MustCompile(want).MatchString) {
		return fault{fmt.Sprintf("with %s, want %s", field("WWW-Authenticate", got), d.challenge(attribute)), d.adviceChallenge(got)}, false
	}
	return fault{}, true
}

func (d due) challenge(attribute string) string {
	switch {
	case d.noCredentials:
		return `Bearer realm="…" without an error`
	case d.code == bearergate.ErrMissingScope:
		return fmt.Sprintf(`Bearer realm="…", error=%q, scope=%q`, attribute, d.routeScopes)
	}
	return fmt.Sprintf(`Bearer realm="…", error=%q`, attribute)
}

func (d due) adviceChallenge(got []string) string {
	if d.code == bearergate.ErrMissingScope && len(got) > 0 {
		return adviceOtherScopes
	}
	return adviceReplaced
}

func (d due) checkRetryAfter(a *answer) (fault, bool) {
	got, due := a.header["Retry-After"], d.code.RetryAfter() > 0
	switch seconds, err := strconv.Atoi(a.header.Get("Retry-After")); {
	case !due && len(got) > 0:
		return fault{fmt.Sprintf("with Retry-After: %s, want none", got[0]), adviceReplaced}, false
	case due && (len(got) != 1 || err != nil || seconds < 1):
		return fault{fmt.Sprintf("with %s, want whole seconds, 1 at least", field("Retry-After", got)), adviceReplaced}, false
	}
	return fault{}, true
}
