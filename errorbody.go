package bearergate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Code is the value of the "error" member of an error answer. The set is
// closed: [Codes] lists it.
type Code string

// The codes, in the order of the documented table.
const (
	CodeInvalidRequest         Code = "invalid_request"
	CodeInvalidGrant           Code = "invalid_grant"
	CodeInvalidToken           Code = "invalid_token"
	CodeMissingScope           Code = "missing_scope"
	CodeWrongOrganization      Code = "wrong_organization"
	CodeGrantNotFound          Code = "grant_not_found"
	CodeGrantRevoked           Code = "grant_revoked"
	CodeRateLimited            Code = "rate_limited"
	CodeInvalidClient          Code = "invalid_client"
	CodeTemporarilyUnavailable Code = "temporarily_unavailable"
	CodeServerError            Code = "server_error"
)

type challenge int

const (
	noChallenge challenge = iota
	// bearerWhereGuarded is for a code that guards and endpoints share: only
	// the answer of a guard names the Bearer scheme.
	bearerWhereGuarded
	bearerAlways
	basic
)

type answer struct {
	code           Code
	status         int
	meaning        string
	remedy         string
	challenge      challenge
	challengeError string // the error attribute of the challenge, where it is not the code
	pragmaNoCache  bool
	// defaultRetryAfter is what Retry-After says where the error does not; an
	// answer without one carries no Retry-After.
	defaultRetryAfter time.Duration
}

var answers = [...]answer{
	{
		code: CodeInvalidRequest, status: http.StatusBadRequest,
		meaning:   "A parameter or the Authorization header is missing or malformed.",
		remedy:    "Fix the request; do not retry it unchanged.",
		challenge: bearerWhereGuarded,
	},
	{
		code: CodeInvalidGrant, status: http.StatusUnauthorized,
		meaning:   "The code expired or was used, redirect_uri or PKCE does not match, or the refresh token was revoked.",
		remedy:    "Restart the authorization; for a refresh token, reconnect.",
		challenge: basic, pragmaNoCache: true,
	},
	{
		code: CodeInvalidToken, status: http.StatusUnauthorized,
		meaning:   "The token is expired, forged, unknown, or of the wrong type.",
		remedy:    "Refresh the access token, mint a new installation token, and replay once.",
		challenge: bearerAlways,
	},
	{
		code: CodeMissingScope, status: http.StatusForbidden,
		meaning:   "The token is valid and does not hold a scope that the route needs.",
		remedy:    "Authorize again with the scopes named in required.",
		challenge: bearerAlways, challengeError: "insufficient_scope",
	},
	{
		code: CodeWrongOrganization, status: http.StatusForbidden,
		meaning: "The token's grant belongs to another organization than the resource.",
		remedy:  "Use the token of that organization's installation; do not retry.",
	},
	{
		code: CodeGrantNotFound, status: http.StatusNotFound,
		meaning: "The grant was deleted or never existed.",
		remedy:  "Do not retry.",
	},
	{
		code: CodeGrantRevoked, status: http.StatusGone,
		meaning: "The grant exists and was revoked.",
		remedy:  "Drop the connection and ask the user to reconnect.",
	},
	{
		code: CodeRateLimited, status: http.StatusTooManyRequests,
		meaning:           "The budget of requests is used up.",
		remedy:            "Wait as long as Retry-After says, then retry.",
		defaultRetryAfter: time.Second,
	},
	{
		code: CodeInvalidClient, status: http.StatusUnauthorized,
		meaning:   "The client's own authentication failed at the token endpoint.",
		remedy:    "Fix the client's credentials.",
		challenge: basic,
	},
	{
		code: CodeTemporarilyUnavailable, status: http.StatusServiceUnavailable,
		meaning:           "The server cannot decide right now. The credentials may be fine.",
		remedy:            "Keep the connection, wait as long as Retry-After says, then retry.",
		defaultRetryAfter: 5 * time.Second,
	},
	{
		code: CodeServerError, status: http.StatusInternalServerError,
		meaning: "The guards of this route are wired wrongly.",
		remedy:  "Keep the connection and tell the operator.",
	},
}

func (c Code) answer() (answer, bool) {
	for _, a := range answers {
		if a.code == c {
			return a, true
		}
	}
	return answer{}, false
}

// Codes returns every code, in the order of the documented table.
func Codes() []Code {
	codes := make([]Code, len(answers))
	for i, a := range answers {
		codes[i] = a.code
	}
	return codes
}

// Status returns the HTTP status of the answer, 0 for a code that is not in
// the table.
func (c Code) Status() int { a, _ := c.answer(); return a.status }

// Meaning says in a sentence what the answer tells the client.
func (c Code) Meaning() string { a, _ := c.answer(); return a.meaning }

// Remedy says in a sentence what the client does about the answer.
func (c Code) Remedy() string { a, _ := c.answer(); return a.remedy }

// Error is a refusal: what the client is told, and, behind Unwrap, the private
// cause that only the program, its log and its [Observer] see.
//
// A check refuses a request by returning one, as it is or wrapped with %w.
// [errors.Is] compares by Code alone, so a test against a sentinel such as
// [ErrGrantRevoked] holds for every Error of that code.
type Error struct {
	Code Code
	// Required is the value of the body's "required" member: space-delimited
	// scopes. Only the answer to [CodeMissingScope] has one.
	Required string
	// RetryAfter is sent rounded up to whole seconds, at least 1. Only the
	// answers to [CodeRateLimited] and [CodeTemporarilyUnavailable] have one;
	// zero stands for 1 and 5 seconds.
	RetryAfter time.Duration

	cause         error
	routeScopes   string
	noCredentials bool
	guarded       bool
}

// The refusals without details, to return, wrap with %w, or compare with
// [errors.Is]. They are never changed.
var (
	ErrInvalidRequest         = &Error{Code: CodeInvalidRequest}
	ErrInvalidGrant           = &Error{Code: CodeInvalidGrant}
	ErrInvalidToken           = &Error{Code: CodeInvalidToken}
	ErrMissingScope           = &Error{Code: CodeMissingScope}
	ErrWrongOrganization      = &Error{Code: CodeWrongOrganization}
	ErrGrantNotFound          = &Error{Code: CodeGrantNotFound}
	ErrGrantRevoked           = &Error{Code: CodeGrantRevoked}
	ErrRateLimited            = &Error{Code: CodeRateLimited}
	ErrInvalidClient          = &Error{Code: CodeInvalidClient}
	ErrTemporarilyUnavailable = &Error{Code: CodeTemporarilyUnavailable}
	ErrServerError            = &Error{Code: CodeServerError}
)

// Error returns the code and the private cause, also where the cause is an error
// whose own text cannot be had. It is for logs, not for clients.
func (e *Error) Error() string {
	switch {
	case e == nil:
		return "nil *bearergate.Error"
	case e.cause == nil:
		return string(e.Code)
	case errors.Is(e.cause, e): // says the code itself
		return fmt.Sprint(e.cause)
	default:
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
}

// Unwrap returns the private cause, nil where there is none.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// Is reports whether target is an *Error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t != nil && e != nil && t.Code == e.Code
}

// because returns a copy of e with a private cause.
func (e *Error) because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// errorFrom returns the refusal that err asks for, as a copy that is the
// caller's own. An error that is none of ours is a fault of the server.
func errorFrom(err error) *Error {
	if err == nil {
		return ErrServerError.because(errors.New("bearergate: refused with a nil error"))
	}
	var found *Error
	if !errors.As(err, &found) {
		return ErrTemporarilyUnavailable.because(err)
	}
	if found == nil || found.Code.Status() == 0 {
		return ErrServerError.because(err)
	}
	e := *found
	if err != error(found) {
		e.cause = err
	}
	return &e
}

// ErrorWriter answers a refused request. It must write a complete answer: a
// writer that writes nothing lets net/http send 200. The *Error is its own to
// read and change. One that only adds something delegates to [WriteError].
type ErrorWriter func(w http.ResponseWriter, r *http.Request, e *Error)

// Refuse answers the request with err, through the writer, realm and reference
// page of [Configure], as the guards do: an [*Error] in err's tree sets the
// answer, any other error is answered 503 temporarily_unavailable without a
// word of its text. A handler calls it for refusals of its own and returns.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	refuse(w, r, errorFrom(err))
}

func refuseGuarded(w http.ResponseWriter, r *http.Request, err error) {
	e := errorFrom(err)
	e.guarded = true
	refuse(w, r, e)
}

func refuse(w http.ResponseWriter, r *http.Request, e *Error) {
	state := stateFrom(r.Context())
	state.record.refused(r, e)
	if write := state.settings.writer; write != nil {
		write(w, r, e)
		return
	}
	WriteError(w, r, e)
}

// WriteError is the default [ErrorWriter], and the only one that knows the
// format: the status of the code, one JSON object with "error" and, for
// missing_scope, "required", Content-Length, Cache-Control: no-store,
// X-Content-Type-Options: nosniff, the challenge of RFC 6750 section 3 or RFC
// 6749 section 5.2, and Retry-After where the code has one. Headers that
// describe a success (Content-Encoding, ETag, Last-Modified and their like) are
// removed. HEAD gets the same headers and no body.
//
// Handlers call [Refuse], which honours a configured writer; a configured
// writer delegates to WriteError.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	e := errorFrom(err)
	answer, _ := e.Code.answer()
	body := e.body()
	state := stateFrom(r.Context())

	h := w.Header()
	removeSuccessHeaders(h)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if answer.pragmaNoCache {
		h.Set("Pragma", "no-cache")
	}
	guarded := e.guarded || state.token != nil
	if c := e.challenge(answer, state.settings.realm, guarded); c != "" {
		h.Set("WWW-Authenticate", c)
	}
	if answer.defaultRetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(e.retryAfterSeconds(answer), 10))
	}
	if state.settings.reference != "" {
		h.Add("Link", "<"+state.settings.reference+"#"+string(e.Code)+`>; rel="help"`)
	}
	w.WriteHeader(answer.status)
	if r.Method != http.MethodHead {
		w.Write(body) // the client is gone if this fails: nobody is left to tell
	}
}

// removeSuccessHeaders removes what earlier middleware said about a body that
// will not be sent.
func removeSuccessHeaders(h http.Header) {
	for _, name := range [...]string{
		"Accept-Ranges", "Age", "Content-Digest", "Content-Disposition",
		"Content-Encoding", "Content-Language", "Content-Location",
		"Content-Md5", "Content-Range", "Digest", "Etag", "Expires",
		"Last-Modified", "Repr-Digest", "Retry-After", "Trailer",
		"Transfer-Encoding", "Www-Authenticate",
	} {
		delete(h, name)
	}
}

func (e *Error) body() []byte {
	if e.Code != CodeMissingScope {
		return []byte(`{"error":"` + string(e.Code) + "\"}\n")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // "<" is a legal scope character, and this is no HTML
	enc.Encode(struct {
		Error    Code   `json:"error"`
		Required string `json:"required"`
	}{e.Code, e.Required})
	return b.Bytes()
}

func (e *Error) challenge(a answer, realm string, guarded bool) string {
	switch {
	case a.challenge == basic:
		return `Basic realm="` + realm + `"`
	case a.challenge == noChallenge, a.challenge == bearerWhereGuarded && !guarded:
		return ""
	}
	c := `Bearer realm="` + realm + `"`
	if e.noCredentials {
		return c
	}
	name := string(e.Code)
	if a.challengeError != "" {
		name = a.challengeError
	}
	c += `, error="` + name + `"`
	if e.Code == CodeMissingScope {
		if scopes := e.challengeScopes(); scopes != "" {
			c += `, scope="` + scopes + `"`
		}
	}
	return c
}

// challengeScopes are the route's; an Error that an application made knows
// only what is required. What would need escaping is left out.
func (e *Error) challengeScopes() string {
	scopes := e.routeScopes
	if scopes == "" {
		scopes = e.Required
	}
	if !isScopeList(scopes) {
		return ""
	}
	return scopes
}

func (e *Error) retryAfterSeconds(a answer) int64 {
	wait := e.RetryAfter
	if wait <= 0 {
		wait = a.defaultRetryAfter
	}
	return wholeSeconds(wait)
}

// wholeSeconds rounds up, so that who waits as long does not come too early.
func wholeSeconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return max(s, 1)
}
