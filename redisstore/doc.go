// Package redisstore shares state between the processes of a program through Redis 7.0
// or later: alone, with Sentinel, or as a Cluster.
//
//   - [NewLimiter] returns budgets that all processes share. Most requests are decided
//     from memory, without a round trip.
//   - [New] returns a [Store] of codes, refresh tokens, opaque tokens and connections.
//   - [NewRevocations] carries revocations to the caches of all processes.
//
// # The client
//
// All three need a client of go-redis with Options.ContextTimeoutEnabled, since calls
// would not end at their deadline without it. A ClusterOptions.ReadOnly,
// RouteByLatency or RouteRandomly is refused: replicas do not know yet what was just
// revoked. go-redis does not show a FailoverOptions.ReplicaOnly: [New] and [Setup] find
// it by asking the server for its role, and no Limiter or Revocations may use such a
// client. The other options are free. go-redis may send a command again if the answer
// was lost, as Options.MaxRetries says; it then takes effect once.
//
//	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
//
// go-redis writes about lost connections to a logger of its own, for the whole program.
// This package does not change that; redis.SetLogger does.
//
// # What Redis keeps
//
// A [Store] promises what the configuration of Redis promises:
//
//   - Redis alone with an append-only file ("appendonly yes") and "appendfsync always"
//     keeps what was acknowledged. With "appendfsync everysec" the last two seconds can
//     be lost: if the machine dies, and also if the process is killed while it flushes,
//     since it answers before it writes then.
//   - With snapshots alone, or without persistence, tokens are lost: their users have
//     to connect again, and a code or token that was used can be valid again.
//   - If a replica takes over, in Sentinel or in a Cluster, the last writes can be lost.
//     A code can then be redeemed a second time within its lifetime, and a retired or
//     revoked token can be valid again. So keep the grants, and with them their
//     revocation, in a database: the token endpoint asks its Config.Grants at every
//     refresh, and RequireGrant asks at every request.
//   - The eviction policy has to be noeviction. [New] and [Setup] refuse any other.
//     If the memory is full, calls fail and the answer is 503; revocation still works.
//
// [Setup] writes a marker without expiry. Without it every call of a [Store] fails, and
// the answer is 503: a Redis that was restarted without its data does not make the
// token endpoint answer invalid_grant, after which every app would have to connect
// again. Restore the data, or call Setup to begin without it.
//
// All keys of a Store are in one slot, so one master of a Cluster keeps them all. While
// the slot moves to another master, calls can fail, and none denies a token that is
// stored. A family of refresh tokens with its code and its grant costs about 2 KB, and
// an opaque token about 1 KB.
//
// Budgets need none of this: if they are lost, they are full again. They can live in
// another Redis, and a Cluster spreads them over all masters.
//
// # Rights
//
// The marker is the key "{bearergate}alive", with [Config.Prefix] in the braces. A user
// of Redis needs rights to the keys that begin with "{bearergate}", to those that begin
// with the prefix of a [Limiter], and to the channels of [Revocations]. Scripts run with
// the rights of the user that calls them, so their commands are in the list:
//
//	ACL SETUSER bearergate on >password ~{bearergate}* ~budget:* &grants
//		+info +evalsha +eval +exists +get +set +del +pexpire +pttl +hget +hset +hmget
//		+publish +subscribe +ping
//
// On a Cluster go-redis also needs +cluster|slots, and +asking while a slot moves, and
// [Revocations] use +spublish and +ssubscribe instead of +publish and +subscribe.
// Options of the client can need more, such as +select for Options.DB.
package redisstore
