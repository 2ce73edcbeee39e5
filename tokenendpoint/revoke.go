package tokenendpoint

import (
	"context"
	"net/http"

	"github.com/bearergate/bearergate"
)

// RevokeGrant returns the handler of a route such as
// DELETE /installations/{grantId}, behind the guards of [MintInstallationTokens].
// It revokes the grant's codes and refresh tokens in the store, and then, by
// revoke, the grant itself; so when it has answered 204, refresh tokens answer
// invalid_grant, and installation tokens, behind RequireGrant, 410. If the second
// fails, the answer is 503, and the client can repeat the request.
func RevokeGrant(store Store, revoke func(ctx context.Context, grantID string) error) http.Handler {
	if store == nil || revoke == nil {
		panic("tokenendpoint: RevokeGrant needs a Store and what revokes the grant itself")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, grant, err := guarded(r)
		if err == nil {
			err = store.RevokeGrant(r.Context(), grant.ID)
		}
		if err == nil {
			err = revoke(r.Context(), grant.ID)
		}
		if err != nil {
			bearergate.Refuse(w, r, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
