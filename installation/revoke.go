package installation

import (
	"context"
	"errors"
	"net/http"

	"github.com/bearergate/bearergate"
)

// RevokeFunc revokes a grant, or tokens that were issued for it, or both. It may be
// called again for a grant that was revoked before. A [bearergate.Code] or [*bearergate.Error] in the tree of
// its error sets the answer; any other error is 503. It is called concurrently.
type RevokeFunc func(ctx context.Context, grantID string) error

// RevokeHandler returns the handler of a route such as
// DELETE /installations/{grantId}. It needs the guards of the package comment in
// front; without them it answers 500 server_error. [Service.Revoke] has them.
//
// It calls tokens, which revokes the grant's codes and refresh tokens, such as the
// RevokeGrant method of a tokenendpoint.Store. Then it calls grant, which revokes
// the grant itself. After the answer, 204, refresh tokens are invalid_grant, and
// installation tokens behind RequireGrant are 410. If one of the two fails, the
// answer is 503, and the client can repeat the request. A nil function is an error. A
// function that revokes both in one transaction is given twice: the second call finds
// nothing to do.
func RevokeHandler(tokens, grant RevokeFunc) (http.Handler, error) {
	var faults []error
	if tokens == nil {
		faults = append(faults, errors.New("installation: RevokeHandler was given a nil function for codes and refresh tokens; pass the RevokeGrant method of the token endpoint's store"))
	}
	if grant == nil {
		faults = append(faults, errors.New("installation: RevokeHandler was given a nil function for the grant; pass one that sets its RevokedAt in the GrantStore"))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &revoker{tokens, grant}, nil
}

type revoker struct{ tokens, grant RevokeFunc }

func (v *revoker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := v.revoke(r); err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (v *revoker) revoke(r *http.Request) error {
	_, grant, err := guarded(r)
	if err != nil {
		return err
	}
	if err := v.tokens(r.Context(), grant.ID); err != nil {
		return err
	}
	return v.grant(r.Context(), grant.ID)
}
