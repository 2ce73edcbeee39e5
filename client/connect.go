package client

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Authorization is an authorization request that the user has not answered yet (RFC
// 6749 section 4.1.1). The app keeps it in the user's session, for
// [Transport.Connect]. State and CodeVerifier are secret.
type Authorization struct {
	// URL is the page to redirect the user to.
	URL string
	// State is the state of the request, which binds the callback to the session.
	State string
	// CodeVerifier is the secret of PKCE (RFC 7636).
	CodeVerifier string
}

// CallbackError is the reason why a callback leads to no connection: a code of RFC
// 6749 section 4.1.2.1 that the authorization server sent, or one of the constants.
type CallbackError string

const (
	// ErrAccessDenied means that the user or the server refused.
	ErrAccessDenied CallbackError = "access_denied"
	// ErrWrongState means that the callback belongs to another request than the
	// Authorization. An attacker may have sent the user.
	ErrWrongState CallbackError = "wrong_state"
	// ErrWrongIssuer means that the callback is not from [Config.Issuer].
	ErrWrongIssuer CallbackError = "wrong_issuer"
	// ErrCodeUsed means that the callback was sent before, as when the user reloads the
	// page. The connection that the first one made is not changed.
	ErrCodeUsed CallbackError = "code_used"
	// ErrNoCode means that the callback has neither one code nor an error.
	ErrNoCode CallbackError = "no_code"
)

// Error returns a text with the code.
func (e CallbackError) Error() string { return "client: the authorization failed: " + string(e) }

// Authorize begins to connect: it returns a new authorization request for the
// scopes, with a state and PKCE. Config.AuthorizeURL and Config.RedirectURL are
// required. It sends nothing.
func (t *Transport) Authorize(scopes ...string) (Authorization, error) {
	if t.config.AuthorizeURL == "" { // and RedirectURL
		return Authorization{}, errors.New("client: Authorize needs Config.AuthorizeURL and Config.RedirectURL; set both")
	}
	page, err := url.Parse(t.config.AuthorizeURL)
	if err != nil {
		return Authorization{}, fmt.Errorf("client: parsing Config.AuthorizeURL: %w", err)
	}
	a := Authorization{State: rand.Text(), CodeVerifier: rand.Text() + rand.Text()}
	challenge := sha256.Sum256([]byte(a.CodeVerifier))
	query := page.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": t.config.ClientID, "redirect_uri": t.config.RedirectURL, "state": a.State,
		"code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	if len(scopes) > 0 {
		query.Set("scope", strings.Join(scopes, " "))
	}
	page.RawQuery = query.Encode()
	a.URL = page.String()
	return a, nil
}

// Connect ends what [Transport.Authorize] began: it exchanges the code of a callback
// for tokens, and saves the connection. callback is the query of the request to
// Config.RedirectURL. Every other Transport of the connection uses the new one when it
// renews its token or the token is refused, and within a second if it is dead. If ctx
// ends first, the work goes on.
//
// A [CallbackError] means that nothing was exchanged. An [*Error] is an answer of
// the token endpoint. A code is sent once: after any other error the user is asked
// to authorize again.
func (t *Transport) Connect(ctx context.Context, a Authorization, callback url.Values) error {
	code, err := t.codeOf(a, callback)
	if err != nil {
		return err
	}
	if !t.isFirst(a.State) {
		return ErrCodeUsed
	}
	return t.do(ctx, connecting, t.exchange(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {t.config.RedirectURL}, "code_verifier": {a.CodeVerifier},
	}))
}

// isFirst remembers that the code of the authorization request is sent, and reports
// false if it was before: the server takes the second use of a code for theft. It
// remembers a number of requests that no user exceeds.
func (t *Transport) isFirst(state string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.Contains(t.exchanged, state) {
		return false
	}
	t.exchanged = append(t.exchanged[max(0, len(t.exchanged)-maxExchanged+1):], state)
	return true
}

const maxExchanged = 16

// codeOf returns the code of a callback. Nothing is believed before the state.
func (t *Transport) codeOf(a Authorization, callback url.Values) (string, error) {
	switch state := single(callback["state"]); {
	case a.State == "" || subtle.ConstantTimeCompare([]byte(state), []byte(a.State)) != 1:
		return "", ErrWrongState
	case t.config.Issuer != "" && single(callback["iss"]) != t.config.Issuer:
		return "", ErrWrongIssuer
	case callback.Has("error"):
		return "", callbackError(single(callback["error"]))
	}
	code := single(callback["code"])
	if code == "" {
		return "", ErrNoCode
	}
	return code, nil
}

// single returns the value of a parameter that occurs once, and else "".
func single(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// callbackError returns the error for the code of a server. A text that is no code
// is not repeated.
func callbackError(code string) error {
	noCode := func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }
	if code == "" || len(code) > 64 || strings.ContainsFunc(code, noCode) {
		return ErrNoCode
	}
	switch e := CallbackError(code); e {
	case ErrWrongState, ErrWrongIssuer, ErrCodeUsed: // no server may say that
		return ErrNoCode
	default:
		return e
	}
}

// exchange returns the task that exchanges a code and saves the connection.
func (t *Transport) exchange(form url.Values) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := t.redeem(ctx, form)
		if err != nil {
			return err
		}
		if c, err = saveConnection(ctx, t.config.Connections, t.config.ConnectionID, c); err != nil {
			return err
		}
		t.remember(c)
		t.change(c)
		return nil
	}
}

const noGrantID = "client: the token answer has no grant_id, and MintURL or RevokeURL has {grantId}; " +
	"save the connection with SaveConnection"

func (t *Transport) redeem(ctx context.Context, form url.Values) (Connection, error) {
	var answer tokenAnswer
	issued := time.Now()
	if err := t.askOnce(ctx, &answer, t.tokenRequest(form)); err != nil {
		return Connection{}, fmt.Errorf("client: exchanging the code: %w", err)
	}
	access, err := newToken(answer.AccessToken, answer.TokenType, answer.ExpiresIn, issued)
	if err != nil {
		return Connection{}, err
	}
	if answer.GrantID == "" && strings.Contains(t.config.MintURL+t.config.RevokeURL, "{grantId}") {
		return Connection{}, errors.New(noGrantID)
	}
	return Connection{GrantID: string(answer.GrantID), RefreshToken: string(answer.RefreshToken), Access: access}, nil
}
