package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// Action is what a client does about a refusal.
type Action int

const (
	// FixRequest is for refusals that no repetition cures.
	FixRequest Action = iota
	// RestartAuthorization sends the user to the authorization page again: the code
	// cannot be used.
	RestartAuthorization
	// RefreshAndRemint gets a new access token and a new installation token, and
	// repeats the request once.
	RefreshAndRemint
	// Reauthorize asks the user for the scopes in [Error.Required].
	Reauthorize
	// Reconnect tells the user that the connection is gone. No more requests are
	// made with it.
	Reconnect
	// Wait repeats the request after [Error.RetryAfter].
	Wait
)

// String returns the choice in words.
func (a Action) String() string {
	switch a {
	case FixRequest:
		return "fix the request"
	case RestartAuthorization:
		return "restart the authorization"
	case RefreshAndRemint:
		return "refresh and re-mint"
	case Reauthorize:
		return "authorize again"
	case Reconnect:
		return "reconnect"
	case Wait:
		return "wait"
	}
	return "Action(" + strconv.Itoa(int(a)) + ")"
}

// Error is an answer of 400 or more. [errors.Is] with a sentinel of bearergate,
// such as [bearergate.ErrGrantRevoked], and [errors.As] with a
// *bearergate.Error, hold for those of the table.
type Error struct {
	// Status is that of the answer.
	Status int
	// Code is empty where the answer was not one of the table: another status than
	// the code's, or another body than the documented JSON.
	Code bearergate.Code
	// Required are the scopes that are missing.
	Required []string
	// RetryAfter is how long to wait, at least a second where there is a reason to.
	RetryAfter time.Duration
	// Action is what to do.
	Action Action

	note error
}

// Error tells status and code, and nothing else of the answer.
func (e *Error) Error() string {
	text := "bearergate: answered " + strconv.Itoa(e.Status)
	if e.Code != "" {
		text += " " + string(e.Code)
	}
	if len(e.Required) > 0 {
		text += ", missing " + strings.Join(e.Required, " ")
	}
	if e.note != nil {
		text += ": " + e.note.Error()
	}
	return text
}

// Unwrap returns the refusal as the server side has it, nil where it is none of
// the table, and what else there is to say.
func (e *Error) Unwrap() []error {
	var inner []error
	if e.Code != "" {
		inner = append(inner, &bearergate.Error{Code: e.Code, Required: strings.Join(e.Required, " "), RetryAfter: e.RetryAfter})
	}
	if e.note != nil {
		inner = append(inner, e.note)
	}
	return inner
}

// maxBody bounds what is read of an answer.
const maxBody = 1 << 20

// CheckResponse returns nil for an answer below 400, and otherwise an [*Error],
// for callers with a transport of their own. It reads at most 1 MiB of such an
// answer's body, and leaves what it read to be read again.
func CheckResponse(resp *http.Response) error {
	if resp.StatusCode < http.StatusBadRequest {
		return nil
	}
	body, err := readBody(resp)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	e := decode(resp, body)
	if err != nil {
		e.note = fmt.Errorf("reading the answer: %w", err)
	}
	return e
}

var errTooLong = errors.New("more than 1 MiB")

// readBody reads the body and closes it.
func readBody(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		body, err = body[:maxBody], errTooLong
	}
	return body, err
}

func decode(resp *http.Response, body []byte) *Error {
	e := &Error{Status: resp.StatusCode}
	code, required, ok := readRefusal(body)
	if len(body) == 0 && resp.Request != nil && resp.Request.Method == http.MethodHead {
		code, ok = refusalOfHead(resp)
	}
	if ok && code.Status() == resp.StatusCode {
		e.Code, e.Required = code, required
	}
	e.Action = actionFor(e.Code)
	if e.Action == Wait || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		e.RetryAfter = retryAfter(resp.Header, time.Now(), e.Status)
	}
	return e
}

// readRefusal reads the documented JSON: an object with "error", and "required"
// for missing_scope.
func readRefusal(body []byte) (code bearergate.Code, required []string, ok bool) {
	err := strictjson.Object(string(body), func(name, value string) error {
		text, isString := strictjson.String(value)
		switch {
		case name == "error" && isString:
			code, ok = bearergate.Code(text), true
		case name == "required" && isString:
			required = strings.Fields(text)
		}
		return nil
	})
	if err != nil || code != bearergate.ErrMissingScope {
		required = nil
	}
	return code, required, ok && err == nil
}

// refusalOfHead tells an answer without its body by how long that would be.
// Scopes that are missing cannot be told so, and a token endpoint has no HEAD.
func refusalOfHead(resp *http.Response) (bearergate.Code, bool) {
	for _, code := range bearergate.Codes() {
		switch code {
		case bearergate.ErrMissingScope, bearergate.ErrInvalidGrant, bearergate.ErrInvalidClient:
			continue
		}
		body := len(`{"error":"`) + len(code) + len("\"}\n")
		if code.Status() == resp.StatusCode && resp.ContentLength == int64(body) {
			return code, true
		}
	}
	return "", false
}

func actionFor(code bearergate.Code) Action {
	switch code {
	case bearergate.ErrInvalidToken:
		return RefreshAndRemint
	case bearergate.ErrInvalidGrant:
		return RestartAuthorization
	case bearergate.ErrMissingScope:
		return Reauthorize
	case bearergate.ErrGrantRevoked:
		return Reconnect
	case bearergate.ErrRateLimited, bearergate.ErrTemporarilyUnavailable:
		return Wait
	}
	return FixRequest
}

// retryAfter reads Retry-After (RFC 9110 section 10.2.3): seconds or a date. One
// that is absent, in the past or nonsense stands for a second, and for five with
// 503, so that nobody asks without a pause.
func retryAfter(h http.Header, now time.Time, status int) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		const most = uint64(1<<63-1) / uint64(time.Second)
		return max(time.Duration(min(seconds, most))*time.Second, time.Second)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), time.Second)
	}
	if status == http.StatusServiceUnavailable {
		return 5 * time.Second
	}
	return time.Second
}
