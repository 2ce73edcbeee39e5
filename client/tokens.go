package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// tokenAnswer is the answer of a token endpoint (RFC 6749 section 5.1).
type tokenAnswer struct {
	AccessToken  text    `json:"access_token"`
	TokenType    text    `json:"token_type"`
	ExpiresIn    seconds `json:"expires_in"`
	RefreshToken text    `json:"refresh_token"`
	GrantID      text    `json:"grant_id"`
}

// mintAnswer is the answer of a mint route.
type mintAnswer struct {
	Token     text    `json:"token"`
	TokenType text    `json:"token_type"`
	ExpiresIn seconds `json:"expires_in"`
}

// text is a string of an answer. Any other value is empty, so that an odd member does
// not cost the refresh token beside it.
type text string

func (t *text) UnmarshalJSON(value []byte) error {
	s, _ := strictjson.String(string(value))
	*t = text(s)
	return nil
}

// seconds is a lifetime of an answer: a number, or a number in a string as some servers
// send. Any other value is 0. A number that no float can hold is infinite.
type seconds float64

func (s *seconds) UnmarshalJSON(value []byte) error {
	n, _ := strconv.ParseFloat(strings.Trim(string(value), `"`), 64)
	if math.IsNaN(n) {
		n = 0
	}
	*s = seconds(n)
	return nil
}

// errNoRefreshToken notes why a connection cannot be renewed.
var errNoRefreshToken = errors.New("the connection has no refresh token, and its access token is due")

// refresh gets an access token. It saves the new refresh token before that is used
// (S8.29), and drops the installation token, which the refresh makes obsolete. A new
// refresh token is kept even if the access token that came with it is of no use,
// since the old one is retired.
func (t *Transport) refresh(ctx context.Context, c Connection) (Connection, error) {
	if c.RefreshToken == "" {
		return c, &Error{Status: http.StatusUnauthorized, Code: bearergate.ErrInvalidGrant, Action: Reconnect, note: errNoRefreshToken}
	}
	var answer tokenAnswer
	issued, err := t.ask(ctx, &answer, t.refreshRequest(c.RefreshToken))
	if err != nil {
		return c, fmt.Errorf("client: refreshing the access token: %w", refusedRefresh(err))
	}
	if answer.RefreshToken != "" {
		c.RefreshToken = string(answer.RefreshToken)
	}
	c.Installation = StoredToken{}
	c.Access, err = newToken(answer.AccessToken, answer.TokenType, answer.ExpiresIn, issued)
	kept, failed := t.keep(ctx, c)
	return kept, errors.Join(failed, err)
}

func (t *Transport) refreshRequest(refreshToken string) newRequest {
	return t.tokenRequest(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}})
}

// tokenRequest returns a request to the token endpoint. It authenticates the client
// by Basic with form-encoded id and secret (RFC 6749 section 2.3.1). A public client
// sends its id.
func (t *Transport) tokenRequest(form url.Values) newRequest {
	if t.config.ClientSecret == "" {
		form.Set("client_id", t.config.ClientID)
	}
	return func(ctx context.Context) (*http.Request, error) {
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
}

// mint gets an installation token.
func (t *Transport) mint(ctx context.Context, c Connection) (Connection, error) {
	var answer mintAnswer
	issued, err := t.ask(ctx, &answer, grantRequest(http.MethodPost, t.config.MintURL, c))
	if err != nil {
		return c, fmt.Errorf("client: minting an installation token: %w", err)
	}
	c.Installation, err = newToken(answer.Token, answer.TokenType, answer.ExpiresIn, issued)
	return c, err
}

// grantRequest returns a request with the access token to a URL of the grant.
func grantRequest(method, target string, c Connection) newRequest {
	return func(ctx context.Context) (*http.Request, error) {
		target := strings.ReplaceAll(target, "{grantId}", url.PathEscape(c.GrantID))
		r, err := http.NewRequestWithContext(ctx, method, target, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+c.Access.Text)
		return r, nil
	}
}

// newToken returns the token of an answer. A token whose type is not Bearer is not
// used (S8.19).
func newToken(token, tokenType text, expiresIn seconds, issued time.Time) (StoredToken, error) {
	switch {
	case token == "" || expiresIn < 1:
		return StoredToken{}, errors.New("client: the answer has no token that lasts")
	case !strings.EqualFold(string(tokenType), "Bearer"):
		return StoredToken{}, errors.New("client: the answer has a token whose token_type is not Bearer")
	}
	const century = 100 * 365 * 24 * time.Hour
	lifetime := time.Duration(min(expiresIn, seconds(century/time.Second))) * time.Second
	return StoredToken{Text: string(token), IssuedAt: issued, ExpiresAt: issued.Add(lifetime)}, nil
}
