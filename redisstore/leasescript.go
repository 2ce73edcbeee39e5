package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// leaseCall asks for need requests that wait and more to lease.
type leaseCall struct {
	key              string
	number, answered uint64 // of this call, and of the last one of the key that was answered
	need, more       uint64
	deadline         time.Time
}

type leaseAnswer struct {
	given, rest    uint64
	ttl            time.Duration // of the window
	sent, received time.Time
}

// leaseScript counts in one hash: given is the requests that were given away in the
// window, out is those of them that were leased in advance, and a field for each
// process has the number of its last call, what that was given, and its part of out.
//
// A process that asks has used its lease up. If the answer to its last call was lost,
// or if the client repeats that call, nobody used what it was given, and it counts no
// more. An older call is one that was late.
var leaseScript = redis.NewScript(`
local limit, window, process = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local number, answered = tonumber(ARGV[4]), tonumber(ARGV[5])
local need, more, most = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

local ttl = redis.call('PTTL', KEYS[1])
local state = redis.call('HMGET', KEYS[1], 'given', 'out', process)
local given, out = tonumber(state[1] or 0), tonumber(state[2] or 0)
if state[3] then
	local last, got, leased = string.match(state[3], '^(%d+) (%d+) (%d+)$')
	last, got, leased = tonumber(last), tonumber(got), tonumber(leased)
	if number < last then
		return redis.error_reply('LATE a newer call of the process was answered')
	end
	out = out - leased
	if last > answered then
		given = given - got
	end
end

local give = math.max(math.min(need + more, limit - given, need + math.max(most - out, 0)), 0)
local leased = math.max(give - need, 0)
given, out = given + give, out + leased
redis.call('HSET', KEYS[1], 'given', string.format('%.0f', given), 'out', string.format('%.0f', out),
	process, string.format('%.0f %.0f %.0f', number, give, leased))
if ttl < 0 or ttl > window then
	redis.call('PEXPIRE', KEYS[1], window)
	ttl = window
end
return {give, math.max(limit - given, 0), ttl}
`)

var errLeaseAnswer = errors.New("redisstore: Redis answered a budget's script with something else")

// call runs the script. A hook of the client that panics does not end the program.
func (l *Limiter) call(c leaseCall) (a leaseAnswer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("redisstore: asking for a budget: panic: %v", p)
		}
	}()
	ctx, cancel := context.WithDeadline(context.Background(), c.deadline)
	defer cancel()
	sent := time.Now()
	reply, err := leaseScript.Run(ctx, l.client, []string{l.prefix + c.key},
		l.requests, milliseconds(l.window), l.process, c.number, c.answered, c.need, c.more, l.most).Int64Slice()
	switch {
	case err != nil:
		return leaseAnswer{}, fmt.Errorf("redisstore: asking for a budget: %w", err)
	case len(reply) != 3:
		return leaseAnswer{}, errLeaseAnswer
	}
	return leaseAnswer{
		given: uint64(reply[0]), rest: uint64(reply[1]), ttl: time.Duration(reply[2]) * time.Millisecond,
		sent: sent, received: time.Now(),
	}, nil
}

// milliseconds returns d in milliseconds, rounded up.
func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
