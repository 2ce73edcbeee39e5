package installation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/typednil"
)

// UseReporter reports that an access token is used, such as the ReportUse method of
// a tokenendpoint.Endpoint does. It is called before a token is minted, again
// before the answer, and before a grant is revoked. A [bearergate.Code] or [*bearergate.Error] in the tree of its
// error sets the answer, such as invalid_token for a token that was revoked; any
// other error is 503. It is called concurrently.
type UseReporter func(ctx context.Context, access *bearergate.Token) error

// MintConfig configures a [MintHandler]. Issue and Grants are required.
type MintConfig struct {
	// Issue returns the text of a new installation token.
	Issue TokenIssuer
	// Grants finds the grants of access tokens, as RequireGrant in front does. The
	// grant is looked up again after the body was read.
	Grants bearergate.GrantStore
	// Lifetime is how long installation tokens last, a second at least. If zero,
	// [DefaultTokenLifetime] is used.
	Lifetime time.Duration
	// ReportUse, if set, receives each access token that is used.
	ReportUse UseReporter
}

// MintHandler returns the handler of a route such as
// POST /installations/{grantId}/tokens, which gives an app installation tokens
// for its grant. It needs the guards of the package comment in front; without them
// it answers 500 server_error. [Service.Mint] has them.
//
// The token has the scopes and projects that the access token and the grant have in
// common. A request asks for fewer with a JSON object of at most 64 KiB:
//
//	{"scopes": ["projects:read"], "projectIds": ["p1"]}
//
// Any other member is answered 400 invalid_request.
//
// The answer is 201 with a JSON object that has token, token_type, expires_in, scope
// and projectIds, an empty array for all projects. A scope that is not among those of
// token and grant is answered 403 missing_scope, and a project that is not among them
// 400 invalid_request. If access token and grant have no project in common, the
// answer is 403 forbidden.
//
// If the access token is bound to a key, the installation token is bound to the same
// one. If the access token has the id of a family (see tokenendpoint.FamilyOf), the
// installation token has another one of the same family.
//
// The error names every fault of c.
func MintHandler(c MintConfig) (http.Handler, error) {
	c.Lifetime = cmp.Or(c.Lifetime, DefaultTokenLifetime)
	var faults []error
	if c.Issue == nil {
		faults = append(faults, errors.New("installation: MintConfig.Issue is nil; use a TokenIssuer, such as IssueOpaque(prefix, tokens.Save)"))
	}
	if typednil.Is(c.Grants) {
		faults = append(faults, errors.New("installation: MintConfig.Grants is nil; use the GrantStore of RequireGrant"))
	}
	if c.Lifetime < time.Second {
		faults = append(faults, fmt.Errorf("installation: MintConfig.Lifetime is %v; use a second at least, or 0 for %v", c.Lifetime, DefaultTokenLifetime))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &minter{c}, nil
}
