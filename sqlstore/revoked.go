package sqlstore

import (
	"context"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Revoked ends the opaque tokens of a family that was revoked. It is the hook
// Revoked of [tokenendpoint.Config].
func (o *OpaqueTokens) Revoked(ctx context.Context, a tokenendpoint.Authorization) error {
	return o.RevokeFamily(ctx, a.FamilyID)
}
