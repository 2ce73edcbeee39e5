package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
)

const (
	// renewTimeout bounds a renewal, which lives by it and not by a request's
	// context.
	renewTimeout = 45 * time.Second
	// renewPause lies between attempts to renew, and is how long a failure is told
	// to all who ask.
	renewPause = time.Second
	// renewAttempts is how often an endpoint that cannot answer is asked.
	renewAttempts = 3
)

// renewal is one that is under way.
type renewal struct{ done chan struct{} }

// current returns an installation token other than the one that was rejected. It
// waits for a renewal where there is none that is fresh; where that fails, one
// that still lives will do.
func (t *Transport) current(ctx context.Context, rejected string) (Token, error) {
	for range maxRenewals {
		token, r, err := t.tokenOrRenewal(rejected)
		if r == nil {
			return token, err
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return Token{}, context.Cause(ctx)
		}
	}
	return Token{}, errNoToken
}

// maxRenewals is more than a request can need: one that others began before it,
// and its own.
const maxRenewals = 3

var errNoToken = errors.New("client: renewals give no token that is new and lasts")

func (t *Transport) tokenOrRenewal(rejected string) (Token, *renewal, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, usable := time.Now(), t.token.Text != rejected
	switch {
	case t.dead != nil:
		return Token{}, nil, t.dead
	case usable && t.token.fresh(now):
		return t.token, nil, nil
	case t.failure != nil && now.Before(t.retryAt):
		if usable && t.token.living(now) {
			return t.token, nil, nil
		}
		return Token{}, nil, t.failure
	case t.renewal == nil:
		t.renewal = &renewal{done: make(chan struct{})}
		go t.run(t.renewal, rejected)
	}
	return Token{}, t.renewal, nil
}

func (t *Transport) run(r *renewal, rejected string) {
	ctx, cancel := context.WithTimeout(context.Background(), renewTimeout)
	defer cancel()
	token, err := t.renew(ctx, rejected)
	var e *Error
	if errors.As(err, &e) && e.Action == Reconnect {
		t.latch(e)
	}
	t.mu.Lock()
	if err == nil {
		t.token, t.failure = token, nil
	} else {
		t.failure, t.retryAt = err, time.Now().Add(renewPause)
	}
	t.renewal = nil
	t.mu.Unlock()
	close(r.done)
}

// renew gets an installation token, under the lock that all processes share.
// Whoever had it before may have done the work.
func (t *Transport) renew(ctx context.Context, rejected string) (Token, error) {
	id, store := t.config.ConnectionID, t.config.Connections
	unlock, err := store.Lock(ctx, id)
	if err != nil {
		return Token{}, fmt.Errorf("client: locking the connection: %w", err)
	}
	defer unlock()
	c, err := store.Load(ctx, id)
	switch {
	case err != nil:
		return Token{}, fmt.Errorf("client: loading the connection: %w", err)
	case c.Dead != "":
		return Token{}, &Error{Status: c.Dead.Status(), Code: c.Dead, Action: Reconnect}
	case c.Installation.Text != rejected && c.Installation.fresh(time.Now()):
		return c.Installation, nil
	case rejected != "" && c.Installation.Text == rejected:
		c.Access = Token{}
	}
	refreshed := false
	for {
		if !c.Access.fresh(time.Now()) {
			if c, err = t.refresh(ctx, c); err != nil {
				return Token{}, t.ended(ctx, c, err)
			}
			refreshed = true
		}
		c.Installation, err = t.mint(ctx, c)
		switch {
		case errors.Is(err, bearergate.ErrInvalidToken) && !refreshed:
			c.Access = Token{}
			continue
		case err != nil:
			return Token{}, t.ended(ctx, c, err)
		}
		if err := store.Save(ctx, id, c); err != nil {
			return Token{}, fmt.Errorf("client: saving the connection: %w", err)
		}
		return c.Installation, nil
	}
}

// ended saves that a connection is dead, where that is what err says.
func (t *Transport) ended(ctx context.Context, c Connection, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Action == Reconnect {
		c.Dead = e.Code
		if saveErr := t.config.Connections.Save(ctx, t.config.ConnectionID, c); saveErr != nil {
			e.note = fmt.Errorf("saving that the connection is dead: %w", saveErr)
		}
	}
	return err
}

// die is for a request that was told that its token's grant was revoked. Where
// the user has reconnected since, it was not this connection's.
func (t *Transport) die(ctx context.Context, token string, e *Error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTimeout)
	defer cancel()
	if t.markDead(ctx, token, e) {
		t.latch(e)
	}
}

// markDead reports whether the connection is dead. A store that cannot tell does
// not keep it alive.
func (t *Transport) markDead(ctx context.Context, token string, e *Error) bool {
	id, store := t.config.ConnectionID, t.config.Connections
	unlock, err := store.Lock(ctx, id)
	if err != nil {
		e.note = fmt.Errorf("locking the connection: %w", err)
		return true
	}
	defer unlock()
	c, err := store.Load(ctx, id)
	switch {
	case err != nil:
		e.note = fmt.Errorf("loading the connection: %w", err)
		return true
	case c.Installation.Text != token && c.Dead == "":
		return false
	}
	c.Dead = e.Code
	if err := store.Save(ctx, id, c); err != nil {
		e.note = fmt.Errorf("saving that the connection is dead: %w", err)
	}
	return true
}

// latch ends all further requests.
func (t *Transport) latch(e *Error) {
	t.mu.Lock()
	first := t.dead == nil
	if first {
		t.dead = e
	}
	t.mu.Unlock()
	if first && t.config.Dead != nil {
		t.config.Dead(e)
	}
}

// refresh gets an access token, and saves the new refresh token before anybody
// uses it.
func (t *Transport) refresh(ctx context.Context, c Connection) (Connection, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.RefreshToken}}
	if t.config.ClientSecret == "" {
		form.Set("client_id", t.config.ClientID)
	}
	var answer struct {
		AccessToken  string `json:"access_token"`
		ExpiresIn    int64  `json:"expires_in"`
		RefreshToken string `json:"refresh_token"`
	}
	issued, err := t.ask(ctx, &answer, func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.config.TokenURL, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if t.config.ClientSecret != "" {
			r.SetBasicAuth(url.QueryEscape(t.config.ClientID), url.QueryEscape(t.config.ClientSecret))
		}
		return r, nil
	})
	var e *Error
	if errors.As(err, &e) && e.Code == bearergate.ErrInvalidGrant {
		e.Action = Reconnect
	}
	if err != nil {
		return c, fmt.Errorf("client: refreshing the access token: %w", err)
	}
	if c.Access, err = newToken(answer.AccessToken, answer.ExpiresIn, issued); err != nil {
		return c, err
	}
	if answer.RefreshToken != "" {
		c.RefreshToken = answer.RefreshToken
	}
	c.Installation = Token{}
	if err := t.config.Connections.Save(ctx, t.config.ConnectionID, c); err != nil {
		return c, fmt.Errorf("client: saving the new refresh token: %w", err)
	}
	return c, nil
}

func (t *Transport) mint(ctx context.Context, c Connection) (Token, error) {
	mintURL := strings.ReplaceAll(t.config.MintURL, "{grantId}", url.PathEscape(c.GrantID))
	var answer struct {
		Token     string `json:"token"`
		ExpiresIn int64  `json:"expires_in"`
	}
	issued, err := t.ask(ctx, &answer, func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, mintURL, nil)
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+c.Access.Text)
		}
		return r, err
	})
	if err != nil {
		return Token{}, fmt.Errorf("client: minting an installation token: %w", err)
	}
	return newToken(answer.Token, answer.ExpiresIn, issued)
}

func newToken(text string, expiresIn int64, issued time.Time) (Token, error) {
	if text == "" || expiresIn <= 0 {
		return Token{}, errors.New("client: the answer has no token that lasts")
	}
	const most = int64(1<<63-1) / int64(time.Second)
	return Token{text, issued, issued.Add(time.Duration(min(expiresIn, most/2)) * time.Second)}, nil
}

// ask sends a request for a token until it is answered, a few times at most. It
// returns when the last was sent.
func (t *Transport) ask(ctx context.Context, into any, newRequest func() (*http.Request, error)) (issued time.Time, err error) {
	for attempt := 1; ; attempt++ {
		r, requestErr := newRequest()
		if requestErr != nil {
			return issued, requestErr
		}
		issued = time.Now()
		pause := renewPause
		err = t.send(r, into)
		var e *Error
		switch {
		case err == nil:
			return issued, nil
		case errors.As(err, &e) && e.Action != Wait && e.Status < http.StatusInternalServerError:
			return issued, err
		case e != nil && e.RetryAfter > 0:
			pause = e.RetryAfter
		}
		if deadline, ok := ctx.Deadline(); attempt == renewAttempts || ok && time.Until(deadline) < pause {
			return issued, err
		}
		if sleep(ctx, pause) != nil {
			return issued, err
		}
	}
}

func (t *Transport) send(r *http.Request, into any) error {
	resp, err := t.client.Do(r)
	if err != nil {
		return err
	}
	if err := CheckResponse(resp); err != nil {
		resp.Body.Close()
		return err
	}
	body, err := readBody(resp)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("answered %d", resp.StatusCode)
	}
	if err == nil {
		if code, _, ok := readRefusal(body); ok {
			err = fmt.Errorf("has the error %q", code)
		}
	}
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return &Error{Status: resp.StatusCode, note: err}
	}
	return nil
}
