package installation

import (
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
	report(r, token, grant)
	return token, grant, nil
}

func report(r *http.Request, token *bearergate.Token, grant bearergate.Grant) {
	id, _ := tokenid.Parse(token.ID()) // the zero ID for any other
	audit.Report(r, audit.Facts{ClientID: token.ClientID(), GrantID: grant.ID, Subject: token.Subject(), Family: id.Family})
}
