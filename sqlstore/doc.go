// Package sqlstore keeps the state of bearergate in an SQL database: codes and
// refresh tokens, opaque tokens, grants, clients, and the connections of package
// client. Several processes may use one database at once.
//
// It uses database/sql and imports no driver. It is tested on PostgreSQL 15 with
// github.com/jackc/pgx/v5/stdlib, and on SQLite with modernc.org/sqlite. MySQL and
// MariaDB are not supported.
//
//	db, err := sql.Open("pgx", "postgres://…")
//	if err != nil {
//		return err
//	}
//	config := sqlstore.Config{Dialect: sqlstore.Postgres}
//	if err := sqlstore.Setup(ctx, db, config); err != nil {
//		return err
//	}
//	store, err := sqlstore.New(ctx, db, config)
//	if err != nil {
//		return err
//	}
//	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
//		Clients: store.Clients(),
//		Store:   store.Codes(),
//		Grants:  store.Grants(),
//		Revoked: store.OpaqueTokens().Revoked,
//		Issue:   issue,
//	})
//
// # Calls
//
// A call returns as soon as its context ends. Its statement runs on, for five seconds
// at most: a cancelled statement costs some drivers the connection. So a call that
// failed may still take effect, completely or not at all. A statement that fails
// because of a concurrent one is repeated until the five seconds are over. No
// connection is held between calls, so that a pool of one connection is enough.
//
// # Ids
//
// Ids may be any bytes. In PostgreSQL an index keeps at most about 2,600 bytes of one
// that does not compress: longer ids of clients, grants, families and connections are
// errors when they are stored.
//
// # PostgreSQL
//
// Durability is the server's: leave synchronous_commit on. With synchronous_commit
// off, or after a failover to a replica that is not synchronous, a code can be
// redeemed again and a revoked token lives again. All statements work behind a pooler in
// transaction mode. PgBouncer before 1.21 does not know the prepared statements of
// the protocol: set default_query_exec_mode of pgx to exec, cache_describe or
// simple_protocol. Set db.SetMaxOpenConns to fewer connections than the server has.
//
// # SQLite
//
// Use write-ahead logging, synchronous=FULL and a busy timeout. With modernc.org/sqlite:
//
//	sql.Open("sqlite", "file:app.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
//
// [New] does not check these pragmas. Without a busy timeout, calls are repeated for
// five seconds; with less than synchronous=FULL, a power failure can undo changes.
//
// # Expired rows
//
// Every 64th change also removes a few rows that expired more than a minute ago. After
// a long backlog, call [Store.Clean]. The clocks of all processes must agree to
// within a few seconds.
package sqlstore
