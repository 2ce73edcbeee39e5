package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// maxAttempts is how many requests are sent to an endpoint that cannot answer.
const maxAttempts = 3

// ask sends a request for a token until it is answered, at most maxAttempts times.
// It returns the time at which it sent the last one.
func (t *Transport) ask(ctx context.Context, into any, newRequest func() (*http.Request, error)) (issued time.Time, err error) {
	for attempt := 1; ; attempt++ {
		r, err := newRequest()
		if err != nil {
			return issued, err
		}
		issued = time.Now()
		err = t.send(r, into)
		if err == nil || isFinal(err) || attempt == maxAttempts {
			return issued, err
		}
		pause := pauseAfter(err)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause || sleep(ctx, pause) != nil {
			return issued, err
		}
	}
}

// isFinal reports whether another attempt cannot succeed.
func isFinal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Action != Wait && e.Status < http.StatusInternalServerError
}

// pauseAfter returns how long to wait before the next attempt.
func pauseAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return renewPause
}

// send sends a request for a token and decodes the answer.
func (t *Transport) send(r *http.Request, into any) error {
	resp, err := t.client.Do(r)
	if err != nil {
		return err
	}
	if err := CheckResponse(resp); err != nil {
		resp.Body.Close()
		return err
	}
	if err := readToken(resp, into); err != nil {
		return &Error{Status: resp.StatusCode, note: err}
	}
	return nil
}

// readToken decodes a successful answer.
func readToken(resp *http.Response, into any) error {
	body, err := readBody(resp)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("answered %d", resp.StatusCode)
	}
	if code, _, ok := codeOfBody(body); ok {
		return fmt.Errorf("has the error %q", code)
	}
	return json.Unmarshal(body, into)
}
