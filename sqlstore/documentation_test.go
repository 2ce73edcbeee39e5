package sqlstore_test

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/sqlstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// The code of docs/stores.md.
var _ = []any{openStore, newRoutes}

func openStore(ctx context.Context, url string) (*sqlstore.Store, error) {
	db, err := sql.Open("pgx", url) // with import _ "github.com/jackc/pgx/v5/stdlib"
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(20)
	config := sqlstore.Config{Dialect: sqlstore.Postgres}
	if err := sqlstore.Setup(ctx, db, config); err != nil {
		return nil, err
	}
	return sqlstore.New(ctx, db, config)
}

type issuer func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error)

func newRoutes(store *sqlstore.Store, jwts bearergate.Verifier, issue issuer) (http.Handler, error) {
	grants, err := bearergate.NewCachedGrants(store.Grants(), bearergate.CacheConfig{})
	if err != nil {
		return nil, err
	}
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients:      store.Clients(),
		Store:        store.Codes(),
		Grants:       store.Grants(), // not the cache: a refresh sees each revocation at once
		Issue:        issue,
		UsesReported: true,
		Revoked:      store.OpaqueTokens().Revoked,
	})
	if err != nil {
		return nil, err
	}
	revoke := func(ctx context.Context, grantID string) error {
		defer grants.Forget(grantID) // also if the store failed: it may have revoked
		return store.RevokeGrant(ctx, grantID)
	}
	installations, err := installation.New(installation.Config{
		AccessTokens: jwts,
		Grants:       grants,
		Tokens:       store.OpaqueTokens(),
		ReportUse:    endpoint.ReportUse,
		RevokeTokens: revoke, // both in one transaction
		RevokeGrant:  revoke,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/oauth/token", endpoint)
	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint())
	mux.Handle("DELETE /installations/{grantId}", installations.Revoke())
	return mux, nil
}
