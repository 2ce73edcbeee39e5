package redisstore

import (
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// checkClient returns an error that names each field of the client's options that
// would break a promise of this package.
func checkClient(client redis.UniversalClient) error {
	switch c := client.(type) {
	case *redis.Ring:
		return errors.New("redisstore: the client is a redis.Ring, which moves keys to another server if one is away; use redis.NewClient, NewFailoverClient or NewClusterClient")
	case interface{ Options() *redis.Options }:
		if c == (*redis.Client)(nil) {
			return errNoClient
		}
		return checkDeadline("Options", c.Options().ContextTimeoutEnabled)
	case interface{ Options() *redis.ClusterOptions }:
		if c == (*redis.ClusterClient)(nil) {
			return errNoClient
		}
		return checkCluster(c.Options())
	case nil:
		return errNoClient
	}
	return fmt.Errorf("redisstore: the client is a %T, which does not show its options; use a client of go-redis", client)
}

var errNoClient = errors.New("redisstore: the client is nil; redis.NewClient returns one")

func checkCluster(o *redis.ClusterOptions) error {
	faults := []error{checkDeadline("ClusterOptions", o.ContextTimeoutEnabled)}
	for _, routes := range []struct {
		field string
		on    bool
	}{
		{"RouteByLatency", o.RouteByLatency},
		{"RouteRandomly", o.RouteRandomly},
		{"ReadOnly", o.ReadOnly && !o.RouteByLatency && !o.RouteRandomly},
	} {
		if routes.on {
			faults = append(faults, fmt.Errorf("redisstore: ClusterOptions.%s of the client is true, and a replica does not know yet what was just revoked; set it to false", routes.field))
		}
	}
	return errors.Join(faults...)
}

func checkDeadline(options string, enabled bool) error {
	if enabled {
		return nil
	}
	return fmt.Errorf("redisstore: %s.ContextTimeoutEnabled of the client is false, so no call would end at its deadline; set it to true", options)
}
