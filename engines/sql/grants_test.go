package sql_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// Rules: S4.37.
func TestPutMakesNoRevokedGrantActive(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		grants := e.database(t).store(t).Grants()
		active := bearergate.Grant{ID: "grant", OrganizationID: "acme"}
		must(t, grants.Put(t.Context(), active))
		active.OrganizationID = "other"
		must(t, grants.Put(t.Context(), active))
		must(t, grants.Revoke(t.Context(), "grant", time.Time{}))
		if err := grants.Put(t.Context(), active); !errors.Is(err, bearergate.ErrGrantRevoked) {
			t.Errorf("an active grant over a revoked one: got error %v, want ErrGrantRevoked", err)
		}
		revoked := bearergate.Grant{ID: "grant", OrganizationID: "third", RevokedAt: time.UnixMilli(1)}
		must(t, grants.Put(t.Context(), revoked))
		got, err := grants.Grant(t.Context(), "grant")
		must(t, err)
		if got.OrganizationID != "third" || !got.RevokedAt.Equal(revoked.RevokedAt) {
			t.Errorf("got %+v, want %+v", got, revoked)
		}
	})
}
