package tokenendpoint

import (
	"context"
	"fmt"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/tokenid"
)

// ReportUse reports that an access token is used, to be called before anything is
// done for it. Set it as ReportUse of an installation.Config. With
// [Config.UsesReported] it is how the endpoint knows that an answer arrived.
//
// If the token's family was revoked, the error wraps [bearergate.ErrInvalidToken]. Any
// other error is a fault of the store. A token without the id that the endpoint
// passed to Issue is out of its sight: the error is nil.
func (e *Endpoint) ReportUse(ctx context.Context, t *bearergate.Token) error {
	id, ok := tokenid.Parse(t.ID())
	if !ok {
		return nil
	}
	for range maxAttempts {
		done, err := e.reportOnce(ctx, id)
		if done || err != nil {
			return err
		}
	}
	return errChanged
}

var (
	errFamilyRevoked = refusal(bearergate.ErrInvalidToken, "the family of the access token was revoked")
	errFamilyUnknown = fmt.Errorf("%w: %w", bearergate.ErrInvalidToken, tokenid.ErrUnknownFamily)
)

// reportOnce reports false if the family changed meanwhile.
func (e *Endpoint) reportOnce(ctx context.Context, id tokenid.ID) (bool, error) {
	family, found, err := e.store.Family(ctx, id.Family)
	switch {
	case err != nil:
		return false, err
	case !found:
		return false, errFamilyUnknown
	case family.Revoked:
		return false, errFamilyRevoked
	}
	now := time.Now()
	first := id.Generation >= family.Generation && !family.Used
	family.Used = family.Used || first
	if forgets := family.Forget(now); !first && !forgets {
		return true, nil
	}
	return e.replace(ctx, family, now)
}

// FamilyOf returns the family of refresh tokens that a token belongs to, by its id.
// It reports false if there is none. Stores of opaque tokens need it for the hook
// [Config.Revoked].
func FamilyOf(tokenID string) (family string, ok bool) {
	id, ok := tokenid.Parse(tokenID)
	if !ok {
		return "", false
	}
	return id.Family, true
}
