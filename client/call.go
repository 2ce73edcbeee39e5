package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"time"
)

// call is a request of the application and the state of its attempts.
type call struct {
	transport *Transport
	request   *http.Request
	token     StoredToken
	rejected  string        // a token that must not be used again
	left      time.Duration // of MaxWait
	sent      bool
	renewed   bool // after invalid_token
	changed   bool // to another connection
}

// do sends the request until its answer can be returned.
func (c *call) do() (*http.Response, error) {
	for {
		resp, err := c.attempt()
		if err != nil {
			return nil, err
		}
		refusal := refusalOf(resp)
		if refusal == nil {
			return resp, nil
		}
		if err := c.react(refusal); err != nil {
			return nil, err
		}
	}
}

// attempt sends the request once.
func (c *call) attempt() (*http.Response, error) {
	ctx := c.request.Context()
	token, err := c.transport.current(ctx, c.rejected)
	if err != nil {
		return nil, err
	}
	attempt := c.request.Clone(ctx)
	attempt.Header.Set("Authorization", "Bearer "+token.Text)
	if c.sent && c.request.GetBody != nil {
		if attempt.Body, err = c.request.GetBody(); err != nil {
			return nil, fmt.Errorf("client: repeating a request: %w", err)
		}
	}
	c.token, c.sent = token, true
	return c.transport.config.Base.RoundTrip(attempt)
}

// closeUnsent closes the body of a request that was never sent, as a RoundTripper
// must.
func (c *call) closeUnsent() {
	if !c.sent && c.request.Body != nil {
		c.request.Body.Close()
	}
}

// react performs the action of the refusal. It returns nil if the request must be
// sent again.
func (c *call) react(refusal *Error) error {
	switch refusal.Action {
	case RefreshAndRemint:
		return c.renew(refusal)
	case Reconnect, Reauthorize:
		return c.change(refusal)
	case Wait:
		return c.wait(refusal)
	}
	return refusal
}

// renew has the token renewed, and lets the request be sent again, once. The token
// is renewed even if the request cannot be sent again (S8.2).
func (c *call) renew(refusal *Error) error {
	if c.renewed || !c.transport.force(c.token.Text) {
		return refusal
	}
	c.renewed, c.rejected = true, c.token.Text
	return c.again(refusal)
}

// change lets the request be sent again, once, if another connection is stored.
func (c *call) change(refusal *Error) error {
	if err := c.transport.another(c.request.Context(), c.token.Text, refusal); err != nil {
		return err
	}
	if c.changed {
		return refusal
	}
	c.changed, c.rejected = true, c.token.Text
	return c.again(refusal)
}

// wait waits for the time of Retry-After. It returns the refusal if the time left
// is shorter.
func (c *call) wait(refusal *Error) error {
	if err := c.again(refusal); err != nil {
		return err
	}
	if refusal.RetryAfter > c.left {
		return refusal
	}
	c.left -= refusal.RetryAfter
	if err := sleep(c.request.Context(), spread(refusal.RetryAfter)); err != nil {
		return refusal.with(err)
	}
	return nil
}

// spread returns a time that is up to a quarter longer, so that requests that were
// refused together do not return together.
func spread(d time.Duration) time.Duration { return d + rand.N(min(d, longest)/4+1) }

// longest is what spread adds a quarter of at most, so that the sum is a time.
const longest = time.Hour

// again returns nil if the request can be sent again: it has no body, or one that
// can be read again. Otherwise it returns the refusal.
func (c *call) again(refusal *Error) error {
	r := c.request
	if r.Body == nil || r.Body == http.NoBody || r.GetBody != nil {
		return nil
	}
	return refusal.with(errNotRepeated)
}

var errNotRepeated = errors.New("not repeated, as the body of the request cannot be read again; set GetBody")

// refusalOf returns the error if the answer is one of the error table. For any
// other answer it returns nil, and the body can still be read.
func refusalOf(resp *http.Response) *Error {
	if resp.StatusCode < http.StatusBadRequest || !isJSON(resp) {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) <= maxBody {
		if e := classify(resp, body); e.Code != "" || asksHEADToWait(resp) {
			resp.Body.Close()
			return e
		}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
	return nil
}

func isJSON(resp *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return mediaType == "application/json"
}

// asksHEADToWait reports whether the answer asks to wait and has no body that could
// name the code.
func asksHEADToWait(resp *http.Response) bool {
	return isHEAD(resp) && pauseOf(resp.StatusCode) > 0
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
