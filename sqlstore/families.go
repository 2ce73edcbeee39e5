package sqlstore

import (
	"context"

	"github.com/bearergate/bearergate/tokenendpoint"
)

type familyRow struct {
	grantID   []byte
	version   int64
	expiresAt micros
	record    string
}

func (r *familyRow) columns() []any {
	return []any{&r.grantID, &r.version, &r.expiresAt, &r.record}
}

// familyRecord is the part of a family that has no column.
type familyRecord struct {
	ClientID       text      `json:"client_id"`
	Subject        text      `json:"subject"`
	Scopes         []text    `json:"scopes"`
	Generation     int64     `json:"generation"`
	Token          sum       `json:"token"`
	TokenExpiresAt micros    `json:"token_expires_at"`
	Used           bool      `json:"used"`
	Retired        []retired `json:"retired"`
	Revoked        bool      `json:"revoked"`
}

type retired struct {
	Token       sum    `json:"token"`
	Successor   sum    `json:"successor"`
	GraceEndsAt micros `json:"grace_ends_at"`
	Reuses      int    `json:"reuses"`
}

// Family implements [tokenendpoint.Store].
func (c *Codes) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	row, found, err := find(ctx, c.store, c.store.texts.family, key(id), (*familyRow).columns)
	if err != nil || !found {
		return tokenendpoint.Family{}, false, wrap("reading a family", err)
	}
	family, err := row.familyOf(id)
	return family, err == nil, wrap("reading a family", err)
}

// ReplaceFamily implements [tokenendpoint.Store].
func (c *Codes) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (bool, error) {
	row, err := newFamilyRow(f)
	if err != nil {
		return false, wrap("replacing a family", err)
	}
	replaced, err := c.store.change(ctx, c.store.texts.replaceFamily, key(f.FamilyID), row.version-1, row.grantID, row.version, row.expiresAt, row.record)
	return replaced == 1, wrap("replacing a family", err)
}

func newFamilyRow(f tokenendpoint.Family) (familyRow, error) {
	all := make([]retired, len(f.Retired))
	for i, r := range f.Retired {
		all[i] = retired{r.Token, r.Successor, microsOf(r.GraceEndsAt), r.Reuses}
	}
	record, err := encode(familyRecord{
		text(f.ClientID), text(f.Subject), textsOf(f.Scopes), f.Generation, f.Token, microsOf(f.TokenExpiresAt), f.Used, all, f.Revoked,
	})
	return familyRow{key(f.GrantID), f.Version, microsOf(f.ExpiresAt), record}, err
}

func (r *familyRow) familyOf(id string) (f tokenendpoint.Family, err error) {
	var record familyRecord
	if err := decode(r.record, &record); err != nil {
		return f, err
	}
	f = tokenendpoint.Family{
		Authorization: tokenendpoint.Authorization{
			ClientID: string(record.ClientID), GrantID: string(r.grantID), Subject: string(record.Subject), Scopes: stringsOf(record.Scopes), FamilyID: id,
		},
		Version: r.version, Generation: record.Generation,
		Token: record.Token, TokenExpiresAt: record.TokenExpiresAt.time(),
		Used: record.Used, Revoked: record.Revoked, ExpiresAt: r.expiresAt.time(),
	}
	for _, t := range record.Retired {
		f.Retired = append(f.Retired, tokenendpoint.RetiredToken{Token: t.Token, Successor: t.Successor, GraceEndsAt: t.GraceEndsAt.time(), Reuses: t.Reuses})
	}
	return f, nil
}
