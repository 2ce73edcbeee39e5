package sqlstore

import (
	"context"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Codes is a [tokenendpoint.Store]. A family is one row, and a rotation changes it in
// place.
type Codes struct{ store *Store }

// Codes returns the store of codes and refresh tokens.
func (s *Store) Codes() *Codes { return &Codes{s} }

var _ tokenendpoint.Store = (*Codes)(nil)

type codeRow struct {
	grantID   string
	expiresAt micros
	used      bool
	family    string
	record    string
}

func (r *codeRow) columns() []any {
	return []any{&r.grantID, &r.expiresAt, &r.used, &r.family, &r.record}
}

// codeRecord is the part of a code that has no column.
type codeRecord struct {
	ClientID    text   `json:"client_id"`
	Subject     text   `json:"subject"`
	Scopes      []text `json:"scopes"`
	RedirectURI text   `json:"redirect_uri"`
	Challenge   text   `json:"challenge"`
}

// SaveCode implements [tokenendpoint.Store]. If the sum is stored already, it returns
// an error.
func (c *Codes) SaveCode(ctx context.Context, sum tokenendpoint.Sum, code tokenendpoint.AuthorizationCode) error {
	record, err := encode(codeRecord{text(code.ClientID), text(code.Subject), textsOf(code.Scopes), text(code.RedirectURI), text(code.Challenge)})
	if err == nil {
		_, err = c.store.change(ctx, c.store.texts.saveCode, sum[:], key(code.GrantID), microsOf(code.ExpiresAt), code.Used, key(code.FamilyID), record)
	}
	return wrap("saving a code", err)
}

// Code implements [tokenendpoint.Store].
func (c *Codes) Code(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.AuthorizationCode, bool, error) {
	row, found, err := find(ctx, c.store, c.store.texts.code, sum[:], (*codeRow).columns)
	if err != nil || !found {
		return tokenendpoint.AuthorizationCode{}, false, wrap("reading a code", err)
	}
	code, err := row.code()
	return code, err == nil, wrap("reading a code", err)
}

func (r *codeRow) code() (code tokenendpoint.AuthorizationCode, err error) {
	var record codeRecord
	if err := decode(r.record, &record); err != nil {
		return code, err
	}
	return tokenendpoint.AuthorizationCode{
		Authorization: tokenendpoint.Authorization{
			ClientID: string(record.ClientID), GrantID: r.grantID, Subject: string(record.Subject), Scopes: stringsOf(record.Scopes), FamilyID: r.family,
		},
		RedirectURI: string(record.RedirectURI), Challenge: string(record.Challenge), ExpiresAt: r.expiresAt.time(), Used: r.used,
	}, nil
}
