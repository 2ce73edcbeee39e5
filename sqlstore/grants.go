package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/bearergate/bearergate"
)

// Grants is a [bearergate.GrantStore].
type Grants struct{ store *Store }

// Grants returns the store of grants.
func (s *Store) Grants() *Grants { return &Grants{s} }

var _ bearergate.GrantStore = (*Grants)(nil)

type grantRow struct {
	revokedAt sql.Null[int64] // NULL if the grant is active
	record    string
}

func (r *grantRow) columns() []any { return []any{&r.revokedAt, &r.record} }

// grantRecord is the part of a grant that has no column.
type grantRecord struct {
	OrganizationID text   `json:"organization_id"`
	Scopes         []text `json:"scopes"`
	ProjectIDs     []text `json:"project_ids"`
}

// Grant implements [bearergate.GrantStore].
func (g *Grants) Grant(ctx context.Context, id string) (bearergate.Grant, error) {
	row, found, err := find(ctx, g.store, g.store.texts.grant, key(id), (*grantRow).columns)
	switch {
	case err != nil:
		return bearergate.Grant{}, wrap("reading a grant", err)
	case !found:
		return bearergate.Grant{}, bearergate.ErrGrantNotFound
	}
	var record grantRecord
	if err := decode(row.record, &record); err != nil {
		return bearergate.Grant{}, wrap("reading a grant", err)
	}
	grant := bearergate.Grant{ID: id, OrganizationID: string(record.OrganizationID), Scopes: stringsOf(record.Scopes), ProjectIDs: stringsOf(record.ProjectIDs)}
	if row.revokedAt.Valid {
		grant.RevokedAt = micros(row.revokedAt.V).time()
	}
	return grant, nil
}

// Put stores the grant. It replaces a grant with the same ID, but revocation is final:
// if that grant was revoked and this one is not, nothing changes, and the error wraps
// [bearergate.ErrGrantRevoked].
func (g *Grants) Put(ctx context.Context, grant bearergate.Grant) error {
	record, err := encode(grantRecord{text(grant.OrganizationID), textsOf(grant.Scopes), textsOf(grant.ProjectIDs)})
	if err != nil {
		return wrap("storing a grant", err)
	}
	stored, err := g.store.change(ctx, g.store.texts.putGrant, key(grant.ID), revocation(grant.RevokedAt), record)
	if err == nil && stored == 0 {
		err = bearergate.ErrGrantRevoked
	}
	return wrap("storing a grant", err)
}

// revocation returns the column of a time of revocation. A time that is not zero
// does not become zero by its microseconds.
func revocation(at time.Time) sql.Null[int64] {
	micros := at.UnixMicro()
	if micros == (time.Time{}).UnixMicro() {
		micros++
	}
	return sql.Null[int64]{V: micros, Valid: !at.IsZero()}
}

// Revoke marks the grant as revoked at this time. If the time is zero, the current
// time is used. If the grant was revoked before, Revoke has no effect. If there is no
// such grant, the error wraps [bearergate.ErrGrantNotFound]. [Store.RevokeGrant] also
// ends its codes and refresh tokens.
func (g *Grants) Revoke(ctx context.Context, id string, at time.Time) error {
	if at.IsZero() {
		at = time.Now()
	}
	revoked, err := g.store.change(ctx, g.store.texts.revokeGrant, key(id), revocation(at))
	if err == nil && revoked == 0 {
		err = bearergate.ErrGrantNotFound
	}
	return wrap("revoking a grant", err)
}
