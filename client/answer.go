package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/challenge"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// maxBody bounds the bytes that are read of an answer's body.
const maxBody = 1 << 20

var errTooLong = errors.New("more than 1 MiB")

// CheckResponse returns an [*Error] if the status of resp is 400 or more, and nil
// otherwise. It is for callers that do not use [Transport]. For an error, it reads
// at most 1 MiB of the body, and replaces the body with the bytes that it read.
func CheckResponse(resp *http.Response) error {
	if resp.StatusCode < http.StatusBadRequest {
		return nil
	}
	body, err := readBody(resp)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	e := classify(resp, body)
	if err != nil {
		e.note = fmt.Errorf("reading the answer: %w", err)
	}
	return e
}

// readBody reads the body and closes it.
func readBody(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		body, err = body[:maxBody], errTooLong
	}
	return body, err
}

// classify returns the error for an answer with a status of 400 or more.
func classify(resp *http.Response, body []byte) *Error {
	e := &Error{Status: resp.StatusCode}
	code, required := codeOf(resp, body)
	if code.Status() == resp.StatusCode {
		e.Code, e.Required, e.Action = code, required, code.Action()
	}
	if pause := pauseOf(resp.StatusCode); pause > 0 {
		e.Action, e.RetryAfter = Wait, retryAfter(resp.Header, time.Now(), pause)
	}
	return e
}

// codeOf returns the code that the answer names, or "" if it names none.
func codeOf(resp *http.Response, body []byte) (code bearergate.Code, required []string) {
	if isHEAD(resp) {
		return codeOfChallenges(resp), nil
	}
	return codeOfBody(body)
}

func isHEAD(resp *http.Response) bool {
	return resp.Request != nil && resp.Request.Method == http.MethodHead
}

// codeOfBody reads the documented JSON: an object with "error", and "required" for
// missing_scope.
func codeOfBody(body []byte) (code bearergate.Code, required []string) {
	err := strictjson.Object(string(body), func(name, value string) error {
		text, _ := strictjson.String(value) // or ""
		switch name {
		case "error":
			code = bearergate.Code(text)
		case "required":
			required = strings.Fields(text)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", nil
	case code != bearergate.ErrMissingScope:
		return code, nil
	}
	return code, required
}

// codeOfChallenges returns the code of the first challenge whose code has the
// status of the answer (S8.26).
func codeOfChallenges(resp *http.Response) bearergate.Code {
	for _, c := range challenge.Parse(resp.Header.Values("WWW-Authenticate")) {
		if code := codeOfAttribute(c.Parameters["error"]); code.Status() == resp.StatusCode {
			return code
		}
	}
	return ""
}

// codeOfAttribute returns the code for the error attribute of a challenge (RFC 6750
// section 3.1).
func codeOfAttribute(attribute string) bearergate.Code {
	switch attribute {
	case "invalid_request":
		return bearergate.ErrInvalidRequest
	case "invalid_token":
		return bearergate.ErrInvalidToken
	case "insufficient_scope":
		return bearergate.ErrMissingScope
	}
	return ""
}
