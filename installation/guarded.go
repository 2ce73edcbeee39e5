package installation

import (
	"context"
	"fmt"
	"net/http"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/internal/tokenid"
)

var errUnguarded = fmt.Errorf("%w: minting and revoking need RequireToken with AccessToken, and RequireGrant, in front", bearergate.ErrServerError)

// guarded returns the access token and the grant that the guards in front found.
func guarded(r *http.Request) (*bearergate.Token, bearergate.Grant, error) {
	token, hasToken := bearergate.TokenFrom(r.Context())
	grant, hasGrant := bearergate.GrantFrom(r.Context())
	if !hasToken || !hasGrant || token.Type() != bearergate.AccessToken {
		return nil, grant, errUnguarded
	}
	observe(r.Context(), token, grant)
	return token, grant, nil
}

// observe sets facts for the observer, if there is one.
func observe(ctx context.Context, token *bearergate.Token, grant bearergate.Grant) {
	f := audit.From(ctx)
	if f == nil {
		return
	}
	id, _ := tokenid.Parse(token.ID())
	f.ClientID, f.GrantID, f.Subject, f.Family = token.ClientID(), grant.ID, token.Subject(), id.Family
}
