package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errLost is the answer if the marker is missing.
var errLost = errors.New("redisstore: Redis lost its data, or Setup was never called; restore the data, or call Setup to begin without it")

// lost is how the answer of a script begins then.
const lost = "LOST"

// newScript returns a script that first looks for the marker, its first key. prefix
// is its first argument, and grants are found by it.
//
// A code or a family lives as long as its grant has the key that it had when the code
// was stored, with the same random value. So RevokeGrant removes one key, and what
// Redis forgets is dead.
func newScript(text string) *redis.Script {
	return redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then
	return redis.error_reply('` + lost + ` the marker is missing')
end
local prefix = ARGV[1]
local function living(key)
	local of = redis.call('HMGET', key, 'owner', 'life')
	if of[1] and redis.call('GET', prefix .. of[1]) == of[2] then
		return of[1], of[2]
	end
end
local function begin(owner, random, ttl)
	redis.call('SET', prefix .. owner, random, 'NX', 'PX', ttl)
	redis.call('PEXPIRE', prefix .. owner, ttl, 'GT')
	return redis.call('GET', prefix .. owner)
end
` + text)
}

var aliveScript = newScript(`return 1`)

// run runs a script with these keys after the marker, and these arguments after the
// prefix. The client may run it again if an answer is lost.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args ...any) *redis.Cmd {
	if ctx.Err() != nil {
		cmd := redis.NewCmd(ctx)
		cmd.SetErr(context.Cause(ctx))
		return cmd
	}
	ctx, cancel := context.WithTimeout(ctx, maxCall)
	defer cancel()
	cmd := script.Run(ctx, s.client, append([]string{s.key("alive")}, keys...), append([]any{s.prefix}, args...)...)
	if err := cmd.Err(); err != nil && strings.HasPrefix(err.Error(), lost) {
		cmd.SetErr(errLost)
	}
	return cmd
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
