package installation

import (
	"context"
	"errors"
	"fmt"

	"github.com/bearergate/bearergate"
)

var errOtherGrant = errors.New("installation: the grant store returned a grant with another id than requested")

// activeGrant looks a grant up, and fails as RequireGrant does.
func activeGrant(ctx context.Context, grants bearergate.GrantStore, id string) (bearergate.Grant, error) {
	grant, err := grants.Grant(ctx, id)
	switch {
	case err != nil:
		return grant, err
	case grant.ID != id:
		return grant, errOtherGrant
	case !grant.RevokedAt.IsZero():
		return grant, fmt.Errorf("%w: the grant was revoked while the request arrived", bearergate.ErrGrantRevoked)
	}
	return grant, nil
}
