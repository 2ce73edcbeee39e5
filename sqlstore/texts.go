package sqlstore

// texts are the statements that calls use.
type texts struct {
	saveCode, code, codeState, useCode, addFamily, consume string
	family, replaceFamily                                  string
	removeCodes, removeFamilies                            string

	saveOpaque, opaque, removeOpaque string
	putGrant, grant, revokeGrant     string
	putClient, client                string

	connection, firstConnection, nextConnection string
	lock, unlock                                string

	clean []string // each with a cutoff and a limit
}

func (c Config) texts() texts {
	t := texts{
		saveCode: c.text(`INSERT INTO {p}codes (sum, grant_id, expires_at, used, family, record) VALUES ($1, $2, $3, $4, $5, $6)`),
		code:     c.text(`SELECT grant_id, expires_at, used, family, record FROM {p}codes WHERE sum = $1`),

		// In a transaction of SQLite, and as one statement of PostgreSQL.
		useCode:   c.text(`UPDATE {p}codes SET used = true, family = $3 WHERE sum = $1 AND NOT used AND expires_at > $2`),
		addFamily: c.text(`INSERT INTO {p}families (id, grant_id, version, expires_at, record) VALUES ($1, $2, $3, $4, $5)`),
		consume: c.text(`WITH code AS (
	UPDATE {p}codes SET used = true, family = $3::bytea WHERE sum = $1::bytea AND NOT used AND expires_at > $2::bigint RETURNING 1
)
INSERT INTO {p}families (id, grant_id, version, expires_at, record)
SELECT $3::bytea, $4::bytea, $5::bigint, $6::bigint, $7::text FROM code`),
		codeState: c.text(`SELECT used, expires_at FROM {p}codes WHERE sum = $1`),

		family: c.text(`SELECT grant_id, version, expires_at, record FROM {p}families WHERE id = $1`),
		replaceFamily: c.text(`UPDATE {p}families SET grant_id = $3, version = $4, expires_at = $5, record = $6
WHERE id = $1 AND version = $2`),

		removeCodes:    c.text(`DELETE FROM {p}codes WHERE grant_id = $1`),
		removeFamilies: c.text(`DELETE FROM {p}families WHERE grant_id = $1`),

		saveOpaque: c.text(`INSERT INTO {p}opaque_tokens (sum, family, expires_at, record) VALUES ($1, $2, $3, $4)
ON CONFLICT (sum) DO UPDATE SET family = excluded.family, expires_at = excluded.expires_at, record = excluded.record`),
		opaque: c.text(`SELECT record FROM {p}opaque_tokens WHERE sum = $1`),
		// It waits for rows that are being changed: if it removes fewer than the limit,
		// none is left, whoever removed them.
		removeOpaque: c.text(`WITH revoked AS (
	SELECT sum FROM {p}opaque_tokens WHERE family = $1 LIMIT $2::bigint FOR UPDATE
)
DELETE FROM {p}opaque_tokens WHERE sum IN (SELECT sum FROM revoked)`),

		putGrant: c.text(`INSERT INTO {p}grants AS stored (id, revoked_at, record) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET revoked_at = excluded.revoked_at, record = excluded.record
WHERE excluded.revoked_at IS NOT NULL OR stored.revoked_at IS NULL`),
		grant:       c.text(`SELECT revoked_at, record FROM {p}grants WHERE id = $1`),
		revokeGrant: c.text(`UPDATE {p}grants SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1`),

		putClient: c.text(`INSERT INTO {p}clients (id, record) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET record = excluded.record`),
		client:    c.text(`SELECT record FROM {p}clients WHERE id = $1`),

		connection:      c.text(`SELECT revision, sealed FROM {p}connections WHERE id = $1`),
		firstConnection: c.text(`INSERT INTO {p}connections (id, revision, sealed) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`),
		nextConnection:  c.text(`UPDATE {p}connections SET revision = $2, sealed = $3 WHERE id = $1 AND revision = $4`),

		lock: c.text(`INSERT INTO {p}locks AS held (id, owner, expires_at) VALUES ($1, $2, {now} + $3::bigint)
ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at WHERE held.expires_at <= {now}`),
		unlock: c.text(`DELETE FROM {p}locks WHERE id = $1 AND owner = $2`),
	}
	for _, table := range [][2]string{{"codes", "sum"}, {"families", "id"}, {"opaque_tokens", "sum"}, {"locks", "id"}} {
		t.clean = append(t.clean, c.clean(table[0], table[1]))
	}
	return t
}

// clean returns a statement that removes the rows of a table that expired first. In
// PostgreSQL it waits for no row that is being changed.
func (c Config) clean(table, key string) string {
	return c.text(`WITH expired AS (
	SELECT ` + key + ` FROM {p}` + table + ` WHERE expires_at < $1 ORDER BY expires_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED
)
DELETE FROM {p}` + table + ` WHERE ` + key + ` IN (SELECT ` + key + ` FROM expired)`)
}
