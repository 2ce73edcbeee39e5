package bearergate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Refuse answers the request with err, through the settings of [Configure], as
// the guards do. A [Code] or an [*Error] in the tree of err sets the answer. Any
// other error is answered 503 temporarily_unavailable, and a nil error 500
// server_error. The answer holds nothing of the error's text. A handler calls
// Refuse for refusals of its own, and returns.
//
// An invalid_client or invalid_grant counts as a failed authentication: see
// [LimitFailedAuthentication].
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	s, e := stateFrom(r.Context()), errorFrom(err)
	if s.settings.refusing == nil && (e.Code == ErrInvalidClient || e.Code == ErrInvalidGrant) {
		e = s.failures().charge(w, r, visit{s, false}, e)
	}
	refuse(w, r, s, e)
}

// refuse answers with e, which is its own. The record keeps a copy. Without a record,
// a fault is logged, once.
func refuse(w http.ResponseWriter, r *http.Request, s *state, e *Error) {
	switch {
	case s.record != nil:
		s.record.refused(r, e.refusal())
	case s.settings.refusing == nil:
		logUnobserved(r, e)
	}
	if write := s.settings.ErrorWriter; write != nil {
		write(w, r.WithContext(s.refusing(r.Context(), *e)), e)
		return
	}
	writeError(w, r, s, e)
}

// WriteError is the default [ErrorWriter]. It writes the status of the code and one
// JSON object with "error" and, for missing_scope, "required". The headers are
// Content-Type, Content-Length, Cache-Control: no-store, X-Content-Type-Options:
// nosniff, the challenge of RFC 6750 section 3 or RFC 6749 section 5.2, and
// Retry-After if the code has one. Headers that describe a success, such as
// Content-Encoding, ETag and Last-Modified, are removed. The answer to HEAD has the
// same headers and no body. If e is nil or its code is not in the table, the answer
// is 500 server_error.
//
// Handlers call [Refuse], which uses the configured writer.
func WriteError(w http.ResponseWriter, r *http.Request, e *Error) {
	if e = e.refusal(); e == nil || e.Code.row() == nil {
		e = ErrServerError.refusal()
	}
	writeError(w, r, stateFrom(r.Context()), e)
}

func writeError(w http.ResponseWriter, r *http.Request, s *state, e *Error) {
	i, caller := e.Code.index(), s.caller()
	row, made := &table[i], &s.settings.answers[i]
	e.guarded = e.guarded || caller.token != nil || caller.anonymous
	e.noCredentials = e.noCredentials || caller.anonymous && e.Code == ErrInvalidToken && len(r.Header["Authorization"]) == 0
	e.answerAs(s.settings.refusing)
	body, length := made.body, made.length
	if e.Code == ErrMissingScope {
		body = e.missingScopeBody()
		length = strconv.Itoa(len(body))
	}

	f := fields{header: w.Header(), values: new([maxFields]string)}
	removeSuccessHeaders(f.header)
	f.set("Content-Type", "application/json")
	f.set("Content-Length", length)
	f.set("Cache-Control", "no-store")
	f.set("X-Content-Type-Options", "nosniff")
	if row.pragmaNoCache {
		f.set("Pragma", "no-cache")
	}
	e.setChallenge(&f, row, made, r, s)
	if row.retryAfter > 0 {
		f.set("Retry-After", strconv.FormatInt(e.retryAfterSeconds(row), 10))
	}
	if made.link != "" {
		f.add("Link", made.link)
	}
	w.WriteHeader(row.status)
	if r.Method != http.MethodHead {
		w.Write(body) // if this fails, the client is gone
	}
}

// setChallenge sets WWW-Authenticate if the answer has a challenge.
func (e *Error) setChallenge(f *fields, r *row, made *answer, req *http.Request, s *state) {
	c, schemes := &s.settings.Config, s.caller().schemes
	if e.schemes != nil {
		schemes = e.schemes
	}
	switch {
	case r.challenge == noChallenge:
	case r.challenge == challengeAlways, e.guarded:
		if schemes == bearerOnly {
			f.set("Www-Authenticate", e.bearerChallenge(r, made, c))
			return
		}
		f.header["Www-Authenticate"] = e.schemeChallenges(r, c, schemes)
	case r.challenge == challengeBasic && req.Header.Get("Authorization") != "":
		f.set("Www-Authenticate", `Basic realm="`+c.Realm+`"`)
	}
}

// bearerChallenge returns the challenge of the scheme Bearer without parameters.
func (e *Error) bearerChallenge(r *row, made *answer, c *Config) string {
	switch {
	case e.Code == ErrMissingScope:
		return e.challenge(r, c, bearerOnly.all[0], !e.noCredentials)
	case e.noCredentials:
		return made.challengeWithoutError
	}
	return made.challenge
}

// answerAs gives e, which a replacement writer may have made anew, the challenge of
// the refusal that it answers.
func (e *Error) answerAs(refusal *Error) {
	if refusal == nil {
		return
	}
	e.guarded = e.guarded || refusal.guarded
	if e.schemes == nil {
		e.schemes = refusal.schemes
	}
	if e.Code == refusal.Code {
		e.noCredentials = e.noCredentials || refusal.noCredentials
		e.routeScopes = cmp.Or(e.routeScopes, refusal.routeScopes)
	}
}

// removeSuccessHeaders removes the headers of earlier middleware for a body that is
// not sent. There are fewer headers than names to look for.
func removeSuccessHeaders(h http.Header) {
	for name := range h {
		if describesSuccess(name) {
			delete(h, name)
		}
	}
}

func describesSuccess(name string) bool {
	switch name {
	case "Accept-Ranges", "Age", "Content-Digest", "Content-Disposition",
		"Content-Encoding", "Content-Language", "Content-Location",
		"Cdn-Cache-Control", "Content-Md5", "Content-Range", "Digest", "Etag", "Expires",
		"Last-Modified", "Repr-Digest", "Retry-After", "Surrogate-Control", "Trailer",
		"Transfer-Encoding", "Www-Authenticate":
		return true
	}
	return false
}

func (e *Error) missingScopeBody() []byte {
	if isScopeList(e.Required) { // in it, JSON escapes nothing
		return []byte(`{"error":"` + string(ErrMissingScope) + `","required":"` + e.Required + "\"}\n")
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

func (e *Error) retryAfterSeconds(r *row) int64 {
	wait := e.RetryAfter
	if wait <= 0 {
		wait = r.retryAfter
	}
	return wholeSeconds(wait)
}

// wholeSeconds rounds up, so that a client that waits as long is not too early.
func wholeSeconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return max(s, 1)
}
