package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/bearergate/bearergate"
)

var (
	errUnknownCode  = refusal(bearergate.ErrInvalidGrant, "the code is unknown")
	errOtherClients = refusal(bearergate.ErrInvalidGrant, "the code or token was issued to another client")
	errExpired      = refusal(bearergate.ErrInvalidGrant, "expired")
	errRedirectURI  = refusal(bearergate.ErrInvalidGrant, "redirect_uri differs from the authorization request")
	errPKCE         = refusal(bearergate.ErrInvalidGrant, "PKCE failed")
	errLost         = refusal(bearergate.ErrInvalidGrant, "a concurrent exchange of the code was first")
	errReplay       = refusal(bearergate.ErrInvalidGrant, "the code was used before")
)

// redeem exchanges a code for tokens. Only a request that passes every check
// consumes the code, and only such a request can trigger revocation on replay.
func (e *Endpoint) redeem(ctx context.Context, client Client, f *form) (*tokens, error) {
	now, sum := time.Now(), sha256.Sum256([]byte(f.code))
	code, found, err := e.store.Code(ctx, sum)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, errUnknownCode
	case code.ClientID != client.ID:
		return nil, errOtherClients
	case !code.Used && !now.Before(code.ExpiresAt):
		return nil, errExpired
	case code.RedirectURI != f.redirectURI:
		return nil, errRedirectURI
	case !matchesChallenge(code.Challenge, f.codeVerifier), code.Challenge == "" && len(client.Secrets) == 0:
		return nil, errPKCE
	case code.Used:
		return nil, e.replayed(ctx, code)
	}
	answer, err := e.issueFor(ctx, code.Authorization)
	if err != nil {
		return nil, err
	}
	text, first := e.newRefreshToken(code.Authorization, now)
	outcome, err := e.store.Consume(ctx, sum, now, first)
	switch {
	case err != nil:
		return nil, err
	case outcome == Fresh:
		answer.RefreshToken = text
		return answer, nil
	}
	return nil, errLost
}

// replayed revokes the refresh tokens of the first exchange of the code, since one
// of the two parties stole it.
func (e *Endpoint) replayed(ctx context.Context, code AuthorizationCode) error {
	if err := e.store.RevokeFamily(ctx, code.Family); err != nil {
		return err
	}
	return errReplay
}
