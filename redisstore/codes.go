package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Codes is a [tokenendpoint.Store].
type Codes struct{ store *Store }

// Codes returns the store of codes and families of refresh tokens.
func (s *Store) Codes() *Codes { return &Codes{s} }

var _ tokenendpoint.Store = (*Codes)(nil)

var saveCodeScript = newScript(`
local data, owner, random, expires, ttl = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local life = begin(owner, random, ttl)
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'data', data, 'owner', owner, 'life', life, 'expires', expires)
redis.call('PEXPIRE', KEYS[2], ttl)
return 1
`)

// SaveCode implements [tokenendpoint.Store].
func (c *Codes) SaveCode(ctx context.Context, sum tokenendpoint.Sum, code tokenendpoint.AuthorizationCode) error {
	err := c.store.run(ctx, saveCodeScript, []string{c.code(sum)},
		encodeCode(code), grantKey+code.GrantID, newCall(), code.ExpiresAt.UnixMicro(), lifetime(code.ExpiresAt)).Err()
	return wrap("saving a code", err)
}

var codeScript = newScript(`
if not living(KEYS[2]) then
	return false
end
return redis.call('HMGET', KEYS[2], 'data', 'family')
`)

// Code implements [tokenendpoint.Store].
func (c *Codes) Code(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.AuthorizationCode, bool, error) {
	reply, ok, err := found(c.store.run(ctx, codeScript, []string{c.code(sum)}).Slice())
	if !ok {
		return tokenendpoint.AuthorizationCode{}, false, wrap("reading a code", err)
	}
	fields := reply.([]any)
	data, _ := fields[0].(string)
	code, err := decodeCode(data)
	if err != nil {
		return tokenendpoint.AuthorizationCode{}, false, wrap("reading a code", err)
	}
	if family, used := fields[1].(string); used {
		code.Used, code.FamilyID = true, family
	}
	return code, true, nil
}

// consumeScript does nothing if it is the same call again.
var consumeScript = newScript(`
local at, family, data, owner, version, ttl, call = tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local grant, life = living(KEYS[2])
if not grant then
	return 'Unknown'
end
local code = redis.call('HMGET', KEYS[2], 'family', 'call', 'expires')
if code[1] and code[2] == call then
	return 'Fresh'
end
if code[1] then
	return 'Used'
end
if at >= tonumber(code[3]) then
	return 'Expired'
end
if grant ~= owner then
	return redis.error_reply('ERR the family has another grant than the code')
end
redis.call('HSET', KEYS[2], 'family', family, 'call', call)
redis.call('DEL', KEYS[3])
redis.call('HSET', KEYS[3], 'data', data, 'owner', owner, 'life', life, 'version', version, 'call', call)
redis.call('PEXPIRE', KEYS[3], ttl)
redis.call('PEXPIRE', prefix .. owner, ttl, 'GT')
return 'Fresh'
`)

// Consume implements [tokenendpoint.Store].
func (c *Codes) Consume(ctx context.Context, sum tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
	reply, err := c.store.run(ctx, consumeScript, []string{c.code(sum), c.family(first.FamilyID)},
		at.UnixMicro(), first.FamilyID, encodeFamily(first), grantKey+first.GrantID, version(first.Version), lifetime(first.ExpiresAt), newCall()).Text()
	if err != nil {
		return tokenendpoint.Unknown, wrap("consuming a code", err)
	}
	for _, outcome := range []tokenendpoint.Outcome{tokenendpoint.Unknown, tokenendpoint.Fresh, tokenendpoint.Used, tokenendpoint.Expired} {
		if outcome.String() == reply {
			return outcome, nil
		}
	}
	return tokenendpoint.Unknown, fmt.Errorf("redisstore: consuming a code: got the outcome %q", reply)
}

var familyScript = newScript(`
if not living(KEYS[2]) then
	return false
end
return redis.call('HGET', KEYS[2], 'data')
`)

// Family implements [tokenendpoint.Store].
func (c *Codes) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	reply, ok, err := found(c.store.run(ctx, familyScript, []string{c.family(id)}).Result())
	if !ok {
		return tokenendpoint.Family{}, false, wrap("reading a family", err)
	}
	data, _ := reply.(string)
	family, err := decodeFamily(data)
	if err != nil {
		return tokenendpoint.Family{}, false, wrap("reading a family", err)
	}
	return family, true, nil
}

var (
	replaceScript      = newScript(replaceText)
	revokeFamilyScript = newRevocation(replaceText)
)

// replaceText does nothing if it is the same call again. It compares versions as
// texts, since Lua's numbers are not exact.
const replaceText = `
local before, version, data, ttl, call = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local owner = living(KEYS[2])
if not owner then
	return 0
end
local family = redis.call('HMGET', KEYS[2], 'version', 'call')
if family[1] == version and family[2] == call then
	return 1
end
if family[1] ~= before then
	return 0
end
redis.call('HSET', KEYS[2], 'data', data, 'version', version, 'call', call)
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('PEXPIRE', prefix .. owner, ttl, 'GT')
return 1
`

// ReplaceFamily implements [tokenendpoint.Store]. If f is revoked, it also succeeds if
// the memory of Redis is full.
func (c *Codes) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (bool, error) {
	script := replaceScript
	if f.Revoked {
		script = revokeFamilyScript
	}
	replaced, err := c.store.run(ctx, script, []string{c.family(f.FamilyID)},
		version(f.Version-1), version(f.Version), encodeFamily(f), lifetime(f.ExpiresAt), newCall()).Bool()
	return replaced, wrap("replacing a family", err)
}

var revokeScript = newScript(`return redis.call('DEL', KEYS[2])`)

// RevokeGrant implements [tokenendpoint.Store]. It also succeeds if the memory of
// Redis is full.
func (c *Codes) RevokeGrant(ctx context.Context, grantID string) error {
	return wrap("revoking a grant", c.store.run(ctx, revokeScript, []string{c.store.key(grantKey, grantID)}).Err())
}

func (c *Codes) code(sum tokenendpoint.Sum) string { return c.store.key(codeKey, string(sum[:])) }

func (c *Codes) family(id string) string { return c.store.key(familyKey, id) }

func version(v int64) string { return strconv.FormatInt(v, 10) }
