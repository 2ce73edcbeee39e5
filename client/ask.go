package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// attemptTimeout bounds a request to an endpoint with its answer, so that one that
// hangs leaves time for another attempt.
const attemptTimeout = 8 * time.Second

// maxAttempts is how many requests are sent to an endpoint that cannot answer.
const maxAttempts = 4

// pauseAfter returns the pause after an attempt: none after the first one, since its
// answer may have been lost, and then 1 s and 2 s.
func pauseAfter(attempt int, err error) time.Duration {
	pause := min(retryAfterOf(err), maxRetryAfter)
	if attempt > 1 {
		pause = max(pause, growing(attempt-1))
	}
	return pause
}

// newRequest returns a request to an endpoint.
type newRequest func(context.Context) (*http.Request, error)

// ask sends a request until it is answered, within ctx. It returns the time at which
// it sent the last one. If into is nil, no body is expected.
func (t *Transport) ask(ctx context.Context, into any, request newRequest) (issued time.Time, err error) {
	for attempt := 1; ; attempt++ {
		issued = time.Now()
		err = t.askOnce(ctx, into, request)
		if err == nil || isFinal(err) || attempt == maxAttempts || !rest(ctx, pauseAfter(attempt, err)) {
			return issued, err
		}
	}
}

// rest sleeps, and reports whether ctx lasts longer.
func rest(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return (!ok || time.Until(deadline) > pause) && sleep(ctx, pause) == nil
}

// isFinal reports whether another attempt cannot succeed. A success with another
// body than a token's may be a proxy's.
func isFinal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Action != Wait && e.Status/100 != 2 && e.Status < http.StatusInternalServerError
}

func (t *Transport) askOnce(ctx context.Context, into any, request newRequest) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	r, err := request(ctx)
	if err != nil {
		return err
	}
	resp, err := t.client.Do(r)
	if err != nil {
		return err
	}
	if err := CheckResponse(resp); err != nil {
		return err
	}
	if err := readAnswer(resp, into); err != nil {
		return &Error{Status: resp.StatusCode, note: err}
	}
	return nil
}

// readAnswer decodes a successful answer, and closes its body.
func readAnswer(resp *http.Response, into any) error {
	body, err := readBody(resp)
	switch {
	case resp.StatusCode/100 != 2:
		return fmt.Errorf("answered %d", resp.StatusCode)
	case into == nil:
		return nil
	case err != nil:
		return err
	}
	if code, _ := codeOfBody(body); code != "" {
		return errors.New("is an error with a status of success")
	}
	return json.Unmarshal(body, into)
}
