package sqlstore

import (
	"context"
	"database/sql"

	"github.com/bearergate/bearergate"
)

// RevokeGrant implements [tokenendpoint.Store]. It does not revoke the grant itself:
// see [Store.RevokeGrant].
func (c *Codes) RevokeGrant(ctx context.Context, grantID string) error {
	_, err := call(ctx, c.store, func(ctx context.Context, conn *sql.Conn) (struct{}, error) {
		return struct{}{}, c.store.config.transaction(ctx, conn, func(tx *sql.Tx) error {
			return c.store.removeIssued(ctx, tx, grantID)
		})
	})
	return wrap("revoking the codes and tokens of a grant", err)
}

// RevokeGrant revokes a grant and removes its codes and families of refresh tokens, in one
// transaction. If there is no such grant, it removes these all the same, and the
// error wraps [bearergate.ErrGrantNotFound]. If the grant was revoked before, the
// time of that stays. It is both RevokeTokens and RevokeGrant of [installation.Config].
// Opaque tokens of the grant are not removed: RequireGrant
// answers them with 410, and they expire.
func (s *Store) RevokeGrant(ctx context.Context, grantID string) error {
	revoked, err := call(ctx, s, func(ctx context.Context, conn *sql.Conn) (revoked int64, err error) {
		err = s.config.transaction(ctx, conn, func(tx *sql.Tx) (err error) {
			revoked, err = rows(tx.ExecContext(ctx, s.texts.revokeGrant, key(grantID), now()))
			if err != nil {
				return err
			}
			return s.removeIssued(ctx, tx, grantID)
		})
		return revoked, err
	})
	if err == nil && revoked == 0 {
		err = bearergate.ErrGrantNotFound
	}
	return wrap("revoking a grant", err)
}

// removeIssued removes the codes first. A Consume that runs at the same time holds
// its code until its family can be seen, and later ones find no code. A
// ReplaceFamily holds its family, and adds none.
func (s *Store) removeIssued(ctx context.Context, tx *sql.Tx, grantID string) error {
	for _, statement := range []string{s.texts.removeCodes, s.texts.removeFamilies} {
		if _, err := tx.ExecContext(ctx, statement, key(grantID)); err != nil {
			return err
		}
	}
	return nil
}
