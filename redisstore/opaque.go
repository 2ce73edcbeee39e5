package redisstore

import (
	"context"
	"crypto/sha256"

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

var saveOpaqueScript = newScript(`
local data, owner, random, ttl = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
redis.call('HSET', KEYS[2], 'data', data)
if owner ~= '' then
	redis.call('HSET', KEYS[2], 'owner', owner, 'life', begin(owner, random, ttl))
end
redis.call('PEXPIRE', KEYS[2], ttl)
return 1
`)

// Save is an [installation.SaveFunc].
func (o *OpaqueTokens) Save(ctx context.Context, sum [sha256.Size]byte, c bearergate.Claims) error {
	owner := ""
	if family, ok := tokenendpoint.FamilyOf(c.ID); ok {
		owner = opaqueFamily + family
	}
	err := o.store.run(ctx, saveOpaqueScript, []string{o.token(sum)},
		encodeClaims(c), owner, newCall(), lifetime(c.ExpiresAt.Add(bearergate.DefaultLeeway))).Err()
	return wrap("saving an opaque token", err)
}

var opaqueScript = newScript(`
local token = redis.call('HMGET', KEYS[2], 'data', 'owner')
if token[2] and not living(KEYS[2]) then
	return false
end
return token[1]
`)

// Lookup is a [bearergate.OpaqueLookup].
func (o *OpaqueTokens) Lookup(ctx context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
	reply, ok, err := found(o.store.run(ctx, opaqueScript, []string{o.token(sum)}).Result())
	switch {
	case err != nil:
		return bearergate.Claims{}, wrap("looking up an opaque token", err)
	case !ok:
		return bearergate.Claims{}, bearergate.ErrInvalidToken
	}
	data, _ := reply.(string)
	claims, err := decodeClaims(data)
	if err != nil {
		return bearergate.Claims{}, wrap("looking up an opaque token", err)
	}
	return claims, nil
}

// Revoked ends the opaque tokens of a family that was revoked. It is the hook
// Revoked of [tokenendpoint.Config].
func (o *OpaqueTokens) Revoked(ctx context.Context, a tokenendpoint.Authorization) error {
	return o.RevokeFamily(ctx, a.FamilyID)
}

// RevokeFamily ends the tokens that were issued for a family of refresh tokens. It also
// succeeds if the memory of Redis is full.
func (o *OpaqueTokens) RevokeFamily(ctx context.Context, family string) error {
	return wrap("revoking opaque tokens", o.store.run(ctx, revokeScript, []string{o.store.key(opaqueFamily, family)}).Err())
}

func (o *OpaqueTokens) token(sum [sha256.Size]byte) string {
	return o.store.key(opaqueKey, string(sum[:]))
}
