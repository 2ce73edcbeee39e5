package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/audit"
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
	sum := sha256.Sum256([]byte(f.code))
	code, found, err := e.store.Code(ctx, sum)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, errUnknownCode
	case code.ClientID != client.ID:
		return nil, errOtherClients
	}
	observe(ctx, code.Authorization)
	switch {
	case !code.Used && !f.arrived.Before(code.ExpiresAt):
		return nil, errExpired
	case code.RedirectURI != f.redirectURI:
		return nil, errRedirectURI
	case !matchesChallenge(code.Challenge, f.codeVerifier), code.Challenge == "" && client.isPublic():
		return nil, errPKCE
	case code.Used && e.isLate(ctx, f.began, time.Now()):
		return nil, errLate
	case code.Used:
		return nil, e.stolen(ctx, code.Authorization, audit.CodeReplayed, errReplay)
	}
	now := time.Now()
	next := e.rules.begin(code.Authorization, now)
	answer, err := e.answerTo(ctx, &next, "", now, new(issued))
	if err != nil {
		return nil, err
	}
	outcome, err := e.store.Consume(ctx, sum, f.arrived, next.family)
	if err != nil {
		outcome, err = e.consumedAfterAll(ctx, sum, next.family.FamilyID, err)
	}
	switch {
	case err != nil:
		return nil, err
	case outcome != Fresh:
		return nil, errLost
	}
	observe(ctx, next.family.Authorization)
	return answer, nil
}

// consumedAfterAll looks whether the store consumed a code for a family, although
// Consume returned an error: the answer of the store may have been lost.
func (e *Endpoint) consumedAfterAll(ctx context.Context, sum Sum, family string, cause error) (Outcome, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookAgain)
	defer cancel()
	code, found, err := e.store.Code(ctx, sum)
	switch {
	case err != nil, !found, !code.Used:
		return Unknown, cause
	case code.FamilyID != family:
		return Used, nil
	}
	return Fresh, nil
}

// lookAgain is how long a store may take to say what it did.
const lookAgain = 5 * time.Second
