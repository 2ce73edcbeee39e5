package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errLost is the answer if the marker is missing.
var errLost = errors.New("redisstore: Redis lost its data, or Setup was never called; restore the data, or call Setup to begin without it")

// lost is how the answer of a script begins then.
const lost = "LOST"

// doubt is how the answer of a script begins that needs another key, which follows.
const doubt = "DOUBT"

// newScript returns a script that first looks for the marker, its first key. prefix
// is its first argument, and owners are found by it. If the script returns nothing, the
// answer is nil.
//
// What is stored has an owner: a grant, or a family of opaque tokens. It lives as long
// as its owner has the key that it had when the first of them was stored, with the same
// random value. So RevokeGrant removes one key, and what Redis forgets is dead.
//
// While a slot of a Cluster moves, the key of an owner may arrive after those that
// depend on it. Redis reports that only for keys that the caller names. So a script
// that misses an owner's key answers DOUBT, unless the key is its last one. It changes
// nothing then.
func newScript(text string) *redis.Script { return redis.NewScript(withOwners(text)) }

// newRevocation is newScript for a script that may write if the memory of Redis is
// full. It has to store little more than it replaces.
func newRevocation(text string) *redis.Script {
	return redis.NewScript("#!lua flags=allow-oom" + withOwners(text))
}

func withOwners(text string) string {
	return `
if redis.call('EXISTS', KEYS[1]) == 0 then
	return redis.error_reply('` + lost + ` the marker is missing')
end
local prefix = ARGV[1]
local missing
local function living(key)
	local of = redis.call('HMGET', key, 'owner', 'life')
	local owner, life = of[1], of[2]
	if not owner then
		return
	end
	local found = redis.call('GET', prefix .. owner)
	if found == life then
		return owner, life
	end
	if not found and KEYS[#KEYS] ~= prefix .. owner then
		missing = owner
	end
end
local function begin(owner, random, ttl)
	redis.call('SET', prefix .. owner, random, 'NX', 'PX', ttl)
	redis.call('PEXPIRE', prefix .. owner, ttl, 'GT')
	return redis.call('GET', prefix .. owner)
end
local function reply()
` + text + `
end
local answer = reply()
if missing then
	return {'` + doubt + `', missing}
end
return answer
`
}

var aliveScript = newScript(`return 1`)

// run runs a script with these keys after the marker, and these arguments after the
// prefix. The client may run it again if an answer is lost. A hook of the client that
// panics does not end the program.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (cmd *redis.Cmd) {
	defer func() {
		if p := recover(); p != nil {
			cmd = failed(ctx, fmt.Errorf("panic: %v", p))
		}
	}()
	if ctx.Err() != nil {
		return failed(ctx, context.Cause(ctx))
	}
	ctx, cancel := context.WithTimeout(ctx, maxCall)
	defer cancel()
	keys, args = append([]string{s.key("alive")}, keys...), append([]any{s.prefix}, args...)
	cmd = script.Run(ctx, s.client, keys, args...)
	if owner, ok := missingOwner(cmd.Val()); ok {
		cmd = script.Run(ctx, s.client, append(keys, s.key(owner)), args...)
	}
	if err := cmd.Err(); err != nil && strings.HasPrefix(err.Error(), lost) {
		cmd.SetErr(errLost)
	}
	return cmd
}

// failed returns a command that has an error, and no answer.
func failed(ctx context.Context, err error) *redis.Cmd {
	cmd := redis.NewCmd(ctx)
	cmd.SetErr(err)
	return cmd
}

// missingOwner returns the owner whose key a script misses, and reports whether there
// is one.
func missingOwner(answer any) (owner string, ok bool) {
	fields, _ := answer.([]any)
	if len(fields) != 2 || fields[0] != doubt {
		return "", false
	}
	owner, ok = fields[1].(string)
	return owner, ok
}

// found returns the reply of a script, or false if that is nil.
func found(reply any, err error) (any, bool, error) {
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	return reply, err == nil, err
}

// newCall returns a random text by which Redis knows a call again that the client
// repeats.
func newCall() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return string(b)
}
