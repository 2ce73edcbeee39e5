package redisstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/bearergate/bearergate/client"
	"github.com/redis/go-redis/v9"
)

// DefaultPrefix is the default of [Config.Prefix].
const DefaultPrefix = "bearergate"

// Config is the settings of [Setup] and [New]. The zero value is ready to use.
type Config struct {
	// Prefix is what the keys begin with, in braces. On a Cluster they are all in the
	// slot of the prefix. It has no braces itself. If empty, [DefaultPrefix] is used.
	Prefix string
}

// Store keeps codes, tokens and connections in Redis. [New] returns one; the zero
// value is not usable. It is safe for concurrent use. A call is one round trip,
// or two for something whose grant was revoked.
//
// A call that has no earlier deadline ends after 5 seconds. If a call fails, Redis may
// have done it all the same, or do it later.
type Store struct {
	client redis.UniversalClient
	prefix string
	queue  client.MemoryConnections // the callers of Lock in this process
}

// New returns a store in a Redis that [Setup] was called for. It changes nothing in
// Redis. It returns an error if the client has an option that would break a promise or
// reaches a replica, if Redis is not set up, or if it evicts keys: see the package
// comment. New and Setup end after 5 seconds, if ctx has no earlier deadline.
func New(ctx context.Context, client redis.UniversalClient, c Config) (*Store, error) {
	ctx, cancel := context.WithTimeout(ctx, maxCall)
	defer cancel()
	s, err := prepare(ctx, client, c)
	if err != nil {
		return nil, err
	}
	if err := s.Ping(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Ping returns nil if Redis answers and has the marker of [Setup], so that the calls of
// the Store can work. It is one round trip, and is for readiness probes.
func (s *Store) Ping(ctx context.Context) error {
	return wrap("looking for the marker of Setup", s.run(ctx, aliveScript, nil).Err())
}

// Setup marks an empty Redis as the one that keeps the data. Call it once, by hand or
// in a step of the deployment, and not whenever the program starts. The marker has no
// expiry. If it is missing, Redis lost its data: all calls of the [Store] fail then,
// and no client is answered that its token is unknown. Call Setup again if the data
// cannot be restored.
func Setup(ctx context.Context, client redis.UniversalClient, c Config) error {
	ctx, cancel := context.WithTimeout(ctx, maxCall)
	defer cancel()
	s, err := prepare(ctx, client, c)
	if err != nil {
		return err
	}
	return wrap("writing the marker", s.client.Set(ctx, s.key("alive"), "1", 0).Err())
}

// prepare returns a store if the client, the settings and the server allow it.
func prepare(ctx context.Context, client redis.UniversalClient, c Config) (*Store, error) {
	faults := []error{checkClient(client)}
	if strings.ContainsAny(c.Prefix, "{}") {
		faults = append(faults, fmt.Errorf("redisstore: Config.Prefix is %q; use a text without braces, or nothing for %q", c.Prefix, DefaultPrefix))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	s := &Store{client: client, prefix: "{" + c.Prefix + "}"}
	return s, s.checkServer(ctx)
}

// The kinds of keys. What follows is the SHA-256 of a code or an opaque token, or the
// id of something else.
const (
	codeKey       = "code:"
	familyKey     = "family:"
	grantKey      = "grant:"
	opaqueKey     = "opaque:"
	opaqueFamily  = "opaque-family:"
	connectionKey = "connection:"
	lockKey       = "lock:"
)

func (s *Store) key(parts ...string) string { return s.prefix + strings.Join(parts, "") }

// slack is how much longer than necessary keys live, since the clocks of two machines
// and of Redis differ.
const slack = time.Minute

// lifetime returns the time for which a key is kept that is needed until then, in
// milliseconds.
func lifetime(until time.Time) int64 {
	const longest = math.MaxInt64 / 4
	return milliseconds(min(max(time.Until(until), 0), longest) + slack)
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redisstore: %s: %w", doing, err)
}
