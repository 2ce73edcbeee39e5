package installation

import (
	"context"
	"errors"
	"net/http"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/tokenid"
)

// RevokeFunc revokes a grant, or tokens that were issued for it, or both. It may be
// called again for a grant that was revoked before. A [bearergate.Code] or
// [*bearergate.Error] in the tree of its error sets the answer; any other error is 503.
// It is called concurrently.
type RevokeFunc func(ctx context.Context, grantID string) error

// RevokeConfig configures a [RevokeHandler]. Tokens and Grant are required.
type RevokeConfig struct {
	// Tokens revokes the codes and refresh tokens of the grant, such as the RevokeGrant
	// method of a tokenendpoint.Store does. It is called first.
	Tokens RevokeFunc
	// Grant revokes the grant itself: it sets its RevokedAt in the GrantStore.
	Grant RevokeFunc
	// ReportUse, if set, receives each access token that is used.
	ReportUse UseReporter
}

// RevokeHandler returns the handler of a route such as
// DELETE /installations/{grantId}. It needs the guards of the package comment in
// front; without them it answers 500 server_error. [Service.Revoke] has them.
//
// After the answer, 204, refresh tokens are invalid_grant, and installation tokens
// behind RequireGrant are 410. If a function fails, the answer is 503, and the client
// can repeat the request. A function that revokes both in one transaction is given
// twice: the second call finds nothing to do. The error names every fault of c.
func RevokeHandler(c RevokeConfig) (http.Handler, error) {
	var faults []error
	if c.Tokens == nil {
		faults = append(faults, errors.New("installation: RevokeConfig.Tokens is nil; use the RevokeGrant method of the token endpoint's store"))
	}
	if c.Grant == nil {
		faults = append(faults, errors.New("installation: RevokeConfig.Grant is nil; use a function that sets the RevokedAt of the grant in the GrantStore"))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &revoker{c}, nil
}

type revoker struct{ RevokeConfig }

func (v *revoker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := v.revoke(r); err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (v *revoker) revoke(r *http.Request) error {
	token, grant, err := guarded(r)
	if err != nil {
		return err
	}
	if err := v.reportUse(r.Context(), token); err != nil {
		return err
	}
	if err := v.Tokens(r.Context(), grant.ID); err != nil {
		return err
	}
	return v.Grant(r.Context(), grant.ID)
}

// reportUse refuses a token of a family that was revoked. A family that is unknown may
// be one that an earlier request has revoked half.
func (v *revoker) reportUse(ctx context.Context, access *bearergate.Token) error {
	if v.ReportUse == nil {
		return nil
	}
	if err := v.ReportUse(ctx, access); !errors.Is(err, tokenid.ErrUnknownFamily) {
		return err
	}
	return nil
}
