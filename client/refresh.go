package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
)

// renew returns an installation token other than the rejected one. It holds the
// lock that all processes share. The previous holder may have renewed the token
// already (S8.31).
func (t *Transport) renew(ctx context.Context, rejected string) (StoredToken, error) {
	id, store := t.config.ConnectionID, t.config.Connections
	unlock, err := store.Lock(ctx, id)
	if err != nil {
		return StoredToken{}, fmt.Errorf("client: locking the connection: %w", err)
	}
	defer unlock()
	c, err := store.Load(ctx, id)
	switch {
	case err != nil:
		return StoredToken{}, fmt.Errorf("client: loading the connection: %w", err)
	case c.Dead != "":
		return StoredToken{}, &Error{Status: c.Dead.Status(), Code: c.Dead, Action: Reconnect}
	case c.Installation.Text != rejected && c.Installation.fresh(time.Now()):
		return c.Installation, nil
	case rejected != "" && c.Installation.Text == rejected:
		c.Access = StoredToken{}
	}
	if c, err = t.renewTokens(ctx, c); err != nil {
		return StoredToken{}, t.ended(ctx, c, err)
	}
	if err := store.Save(ctx, id, c); err != nil {
		return StoredToken{}, fmt.Errorf("client: saving the connection: %w", err)
	}
	return c.Installation, nil
}

// renewTokens mints an installation token. It refreshes the access token first if
// that is due, or once after the access token was refused.
func (t *Transport) renewTokens(ctx context.Context, c Connection) (Connection, error) {
	if !c.Access.fresh(time.Now()) {
		return t.refreshAndMint(ctx, c)
	}
	minted, err := t.mint(ctx, c)
	if errors.Is(err, bearergate.ErrInvalidToken) {
		return t.refreshAndMint(ctx, c)
	}
	return minted, err
}

func (t *Transport) refreshAndMint(ctx context.Context, c Connection) (Connection, error) {
	c, err := t.refresh(ctx, c)
	if err != nil {
		return c, err
	}
	return t.mint(ctx, c)
}

// refresh gets an access token. It saves the new refresh token before it is used
// (S8.29), and drops the installation token, which the refresh makes obsolete.
func (t *Transport) refresh(ctx context.Context, c Connection) (Connection, error) {
	var answer struct {
		AccessToken  string `json:"access_token"`
		ExpiresIn    int64  `json:"expires_in"`
		RefreshToken string `json:"refresh_token"`
	}
	issued, err := t.ask(ctx, &answer, func() (*http.Request, error) { return t.refreshRequest(ctx, c) })
	if err != nil {
		return c, fmt.Errorf("client: refreshing the access token: %w", refusedRefresh(err))
	}
	if c.Access, err = newToken(answer.AccessToken, answer.ExpiresIn, issued); err != nil {
		return c, err
	}
	if answer.RefreshToken != "" {
		c.RefreshToken = answer.RefreshToken
	}
	c.Installation = StoredToken{}
	if err := t.config.Connections.Save(ctx, t.config.ConnectionID, c); err != nil {
		return c, fmt.Errorf("client: saving the new refresh token: %w", err)
	}
	return c, nil
}

// refreshRequest returns the request of a refresh. It authenticates the client by
// Basic with form-encoded id and secret (RFC 6749 section 2.3.1). A public client
// sends its id.
func (t *Transport) refreshRequest(ctx context.Context, c Connection) (*http.Request, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.RefreshToken}}
	if t.config.ClientSecret == "" {
		form.Set("client_id", t.config.ClientID)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.config.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if t.config.ClientSecret != "" {
		r.SetBasicAuth(url.QueryEscape(t.config.ClientID), url.QueryEscape(t.config.ClientSecret))
	}
	return r, nil
}

// mint gets an installation token.
func (t *Transport) mint(ctx context.Context, c Connection) (Connection, error) {
	var answer struct {
		Token     string `json:"token"`
		ExpiresIn int64  `json:"expires_in"`
	}
	issued, err := t.ask(ctx, &answer, func() (*http.Request, error) { return t.mintRequest(ctx, c) })
	if err != nil {
		return c, fmt.Errorf("client: minting an installation token: %w", err)
	}
	c.Installation, err = newToken(answer.Token, answer.ExpiresIn, issued)
	return c, err
}

func (t *Transport) mintRequest(ctx context.Context, c Connection) (*http.Request, error) {
	mintURL := strings.ReplaceAll(t.config.MintURL, "{grantId}", url.PathEscape(c.GrantID))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, mintURL, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.Access.Text)
	return r, nil
}

func newToken(text string, expiresIn int64, issued time.Time) (StoredToken, error) {
	if text == "" || expiresIn <= 0 {
		return StoredToken{}, errors.New("client: the answer has no token that lasts")
	}
	const most = int64(1<<63-1) / int64(time.Second) / 2
	lifetime := time.Duration(min(expiresIn, most)) * time.Second
	return StoredToken{Text: text, IssuedAt: issued, ExpiresAt: issued.Add(lifetime)}, nil
}
