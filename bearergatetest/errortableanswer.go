package bearergatetest

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bearergate/bearergate"
)

// answer is an http.ResponseWriter that keeps what a client would see, and what came
// too late to be seen.
type answer struct {
	request  *http.Request
	write    bearergate.ErrorWriter // of the API, if it has one
	status   int
	header   http.Header // as it was sent
	body     bytes.Buffer
	again    int         // a status that was written after the first
	live     http.Header // as the handlers see it
	anyway   []string    // fields that middleware sets too late in every answer
	ran      bool        // a handler served the request
	panicked any
}

func (a *answer) Header() http.Header { return a.live }

func (a *answer) WriteHeader(status int) {
	switch {
	case status < 200: // informational
	case a.status == 0:
		a.status, a.header = status, a.live.Clone()
	default:
		a.again = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	return a.body.Write(b)
}

// Flush implements http.Flusher, which some handlers demand.
func (a *answer) Flush() {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
}

// changedLate returns the header fields that were set after the header was sent.
func (a *answer) changedLate() []string {
	var late []string
	for _, name := range slices.Sorted(maps.Keys(a.live)) {
		if !slices.Equal(a.live[name], a.header[name]) && !strings.HasPrefix(name, http.TrailerPrefix) {
			late = append(late, name)
		}
	}
	return late
}

var refusalBody = regexp.MustCompile(`^\{"error":"([a-z_]+)"(?:,"required":"([^"]*)")?\}\n`)

// code returns the code of a refusal by bearergate, empty for any other answer.
func (a *answer) code() bearergate.Code {
	if m := refusalBody.FindSubmatch(a.body.Bytes()); m != nil && bearergate.Code(m[1]).Status() != 0 {
		return bearergate.Code(m[1])
	}
	for _, c := range bearergate.Codes() {
		if c != bearergate.ErrInvalidGrant && c.Status() == a.status && a.isRefusal(c) { // a code of the token endpoint, as long as invalid_token
			return c
		}
	}
	return ""
}

// isRefusal knows the answer to HEAD by the length of the body that it leaves out, or
// by its challenge, and one of another format by its body.
func (a *answer) isRefusal(c bearergate.Code) bool {
	body := a.refusal(http.MethodGet, &bearergate.Error{Code: c}).Body.Bytes()
	switch {
	case c == bearergate.ErrMissingScope && strings.Contains(a.header.Get("WWW-Authenticate"), `error="insufficient_scope"`):
		return true
	case a.write != nil:
		return bytes.HasPrefix(a.body.Bytes(), body)
	}
	return a.request.Method == http.MethodHead && a.header.Get("Content-Length") == strconv.Itoa(len(body))
}

// refusal returns what the API's writer writes for the error.
func (a *answer) refusal(method string, e *bearergate.Error) *httptest.ResponseRecorder {
	rec, r := httptest.NewRecorder(), httptest.NewRequest(method, a.request.URL.EscapedPath(), nil)
	r.Host = a.request.Host
	if a.write == nil {
		bearergate.WriteError(rec, r, e)
	} else {
		a.write(rec, r, e)
	}
	return rec
}

// passed reports whether a handler answered, perhaps with an error of its own.
func (a *answer) passed() bool {
	switch a.status {
	case http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
		return false
	}
	return a.panicked == nil && a.code() == ""
}

// required returns the scopes that a refusal names, if its body is known.
func (a *answer) required() (scopes string, ok bool) {
	if m := refusalBody.FindSubmatch(a.body.Bytes()); m != nil {
		return string(m[2]), true
	}
	return "", false
}

// text describes the answer in a failure.
func (a *answer) text() string {
	switch {
	case a.panicked != nil:
		return fmt.Sprintf("by the panic %q", fmt.Sprint(a.panicked))
	case a.code() != "":
		return fmt.Sprint(a.status, " ", a.code())
	case a.status >= 400 && a.body.Len() > 0:
		return fmt.Sprintf("%d %.60q", a.status, strings.TrimSpace(a.body.String()))
	}
	return strconv.Itoa(a.status)
}
