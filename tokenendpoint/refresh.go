package tokenendpoint

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/secret"
)

var (
	errUnknownRefreshToken = refusal(bearergate.ErrInvalidGrant, "the refresh token is unknown or was revoked")
	errReuse               = refusal(bearergate.ErrInvalidGrant, "a rotated refresh token was used again")
	errWidened             = malformed("the scope was not granted")
)

// refresh exchanges a refresh token for an access token and a new refresh token.
func (e *Endpoint) refresh(ctx context.Context, client Client, f *form) (*tokens, error) {
	now, sum := time.Now(), sha256.Sum256([]byte(f.refreshToken))
	token, found, err := e.store.RefreshToken(ctx, sum)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, errUnknownRefreshToken
	case token.ClientID != client.ID:
		return nil, errOtherClients
	case !now.Before(token.ExpiresAt):
		return nil, errExpired
	case !token.RetiredAt.IsZero() && !e.inGrace(token, now):
		return nil, e.reused(ctx, token)
	}
	narrowed, err := narrow(token.Authorization, f.scope)
	if err != nil {
		return nil, err
	}
	answer, err := e.issueFor(ctx, narrowed)
	if err != nil {
		return nil, err
	}
	if token.RetiredAt.IsZero() {
		var outcome Outcome
		token, outcome, err = e.rotate(ctx, f.refreshToken, token, now)
		switch {
		case err != nil:
			return nil, err
		case outcome == Unknown || outcome == Expired:
			return nil, errUnknownRefreshToken
		case !e.inGrace(token, now) && outcome == Used:
			return nil, e.reused(ctx, token)
		}
	}
	answer.RefreshToken = open(f.refreshToken, token.Successor)
	return answer, nil
}

// rotate retires the token, unless a concurrent request did, and returns it as it
// was then retired.
func (e *Endpoint) rotate(ctx context.Context, text string, token RefreshToken, now time.Time) (RefreshToken, Outcome, error) {
	next, successor := e.newRefreshToken(token.Authorization, now)
	token.RetiredAt, token.Successor = now, seal(text, next)
	rotated, outcome, err := e.store.Rotate(ctx, sha256.Sum256([]byte(text)), now, token.Successor, *successor)
	if outcome == Fresh {
		rotated = token
	}
	return rotated, outcome, err
}

// inGrace reports whether a retired token is still accepted.
func (e *Endpoint) inGrace(token RefreshToken, now time.Time) bool {
	return e.grace > 0 && now.Sub(token.RetiredAt) < e.grace
}

func (e *Endpoint) reused(ctx context.Context, token RefreshToken) error {
	if err := e.store.RevokeFamily(ctx, token.Family); err != nil {
		return err
	}
	return errReuse
}

// narrow returns the authorization with only the requested scopes (RFC 6749 section
// 6).
func narrow(a Authorization, scope string) (Authorization, error) {
	if scope == "" {
		return a, nil
	}
	var asked []string
	for s := range strings.SplitSeq(scope, " ") {
		if !slices.Contains(a.Scopes, s) {
			return a, errWidened
		}
		if !slices.Contains(asked, s) {
			asked = append(asked, s)
		}
	}
	a.Scopes = asked
	return a, nil
}

// newRefreshToken returns a token and its record for the store. If no refresh
// tokens are issued, both are empty.
func (e *Endpoint) newRefreshToken(a Authorization, now time.Time) (string, *NewRefreshToken) {
	if e.refreshLifetime < 0 {
		return "", nil
	}
	text := secret.New()
	return text, &NewRefreshToken{sha256.Sum256([]byte(text)), RefreshToken{Authorization: a, ExpiresAt: now.Add(e.refreshLifetime)}}
}

// seal encrypts a token's successor so that only the token decrypts it. A reader of
// the store learns neither.
func seal(token, successor string) (sealed [32]byte) {
	text, _ := base64.RawURLEncoding.DecodeString(successor)
	subtle.XORBytes(sealed[:], text, pad(token))
	return sealed
}

func open(token string, sealed [32]byte) string {
	var text [secret.Size]byte
	subtle.XORBytes(text[:], sealed[:], pad(token))
	return base64.RawURLEncoding.EncodeToString(text[:])
}

// pad returns the one-time pad for the successor of a token. It is used once, since
// a token has one successor.
func pad(token string) []byte {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("bearergate: successor"))
	return mac.Sum(nil)
}
