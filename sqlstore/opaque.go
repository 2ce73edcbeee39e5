package sqlstore

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// OpaqueTokens is an [installation.TokenStore]. Tokens with different prefixes can
// share it.
type OpaqueTokens struct{ store *Store }

// OpaqueTokens returns the store of opaque tokens.
func (s *Store) OpaqueTokens() *OpaqueTokens { return &OpaqueTokens{s} }

var _ installation.TokenStore = (*OpaqueTokens)(nil)

// claimsRecord is the claims of an opaque token.
type claimsRecord struct {
	Type           text          `json:"type"`
	Issuer         text          `json:"issuer"`
	ID             text          `json:"id"`
	Audience       []text        `json:"audience"`
	Subject        text          `json:"subject"`
	ClientID       text          `json:"client_id"`
	GrantID        text          `json:"grant_id"`
	OrganizationID text          `json:"organization_id"`
	InstallationID text          `json:"installation_id"`
	ProjectIDs     []text        `json:"project_ids"`
	Scopes         []text        `json:"scopes"`
	IssuedAt       micros        `json:"issued_at"`
	ExpiresAt      micros        `json:"expires_at"`
	Confirmation   *confirmation `json:"confirmation"`
	Raw            text          `json:"raw"`
}

type confirmation struct {
	JWKThumbprint         text `json:"jwk_thumbprint"`
	CertificateThumbprint text `json:"certificate_thumbprint"`
}

// Save is an [installation.SaveFunc].
func (o *OpaqueTokens) Save(ctx context.Context, sum [sha256.Size]byte, c bearergate.Claims) error {
	record, err := encode(newClaimsRecord(c))
	if err != nil {
		return wrap("saving an opaque token", err)
	}
	family, _ := tokenendpoint.FamilyOf(c.ID)
	removable := microsOf(c.ExpiresAt.Add(bearergate.DefaultLeeway))
	_, err = o.store.change(ctx, o.store.texts.saveOpaque, sum[:], key(family), removable, record)
	return wrap("saving an opaque token", err)
}

// Lookup is a [bearergate.OpaqueLookup].
func (o *OpaqueTokens) Lookup(ctx context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
	row, found, err := find(ctx, o.store, o.store.texts.opaque, sum[:], func(row *string) []any { return []any{row} })
	switch {
	case err != nil:
		return bearergate.Claims{}, wrap("looking up an opaque token", err)
	case !found:
		return bearergate.Claims{}, bearergate.ErrInvalidToken
	}
	var record claimsRecord
	if err := decode(row, &record); err != nil {
		return bearergate.Claims{}, wrap("looking up an opaque token", err)
	}
	return record.claims(), nil
}

var errNoFamily = errors.New("sqlstore: RevokeFamily was given an empty family")

// RevokeFamily ends the tokens that were issued for a family of refresh tokens, a
// thousand at once or fewer. If it fails, it may have ended some, and the next call
// ends the others.
func (o *OpaqueTokens) RevokeFamily(ctx context.Context, family string) error {
	if family == "" { // that of tokens without a family
		return errNoFamily
	}
	return wrap("revoking opaque tokens", o.store.removeAll(ctx, o.store.texts.removeOpaque, key(family)))
}

func newClaimsRecord(c bearergate.Claims) claimsRecord {
	r := claimsRecord{
		text(c.Type), text(c.Issuer), text(c.ID), textsOf(c.Audience), text(c.Subject), text(c.ClientID), text(c.GrantID),
		text(c.OrganizationID), text(c.InstallationID), textsOf(c.ProjectIDs), textsOf(c.Scopes),
		microsOf(c.IssuedAt), microsOf(c.ExpiresAt), nil, text(c.Raw),
	}
	if c.Confirmation != nil {
		r.Confirmation = &confirmation{text(c.Confirmation.JWKThumbprint), text(c.Confirmation.CertificateThumbprint)}
	}
	return r
}

func (r *claimsRecord) claims() bearergate.Claims {
	c := bearergate.Claims{
		Type: bearergate.TokenType(r.Type), Issuer: string(r.Issuer), ID: string(r.ID), Audience: stringsOf(r.Audience),
		Subject: string(r.Subject), ClientID: string(r.ClientID), GrantID: string(r.GrantID),
		OrganizationID: string(r.OrganizationID), InstallationID: string(r.InstallationID),
		ProjectIDs: stringsOf(r.ProjectIDs), Scopes: stringsOf(r.Scopes),
		IssuedAt: r.IssuedAt.time(), ExpiresAt: r.ExpiresAt.time(), Raw: string(r.Raw),
	}
	if r.Confirmation != nil {
		c.Confirmation = &bearergate.Confirmation{
			JWKThumbprint: string(r.Confirmation.JWKThumbprint), CertificateThumbprint: string(r.Confirmation.CertificateThumbprint),
		}
	}
	return c
}
