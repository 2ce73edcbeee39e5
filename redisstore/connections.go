package redisstore

import (
	"context"
	"crypto/cipher"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// Connections is a [client.ConnectionStore]. The connections are encrypted, and never
// expire.
type Connections struct {
	store *Store
	keys  keys
}

// Connections returns the store of connections. key seals what is saved, with the
// connection's id as additional data; cipher.NewGCMWithRandomNonce returns a suitable
// one. A connection that a former key sealed can still be loaded. To replace a key, all
// processes first need the new one as a former key, since each loads what the others
// save. A former key is needed until every connection was saved again. It panics if a
// key is nil.
func (s *Store) Connections(key cipher.AEAD, former ...cipher.AEAD) *Connections {
	return &Connections{s, newKeys(key, former)}
}

var _ client.ConnectionStore = (*Connections)(nil)

var loadScript = newScript(`return redis.call('HGET', KEYS[2], 'data')`)

// Load implements [client.ConnectionStore].
func (c *Connections) Load(ctx context.Context, id string) (client.Connection, error) {
	reply, ok, err := found(c.store.run(ctx, loadScript, []string{c.store.key(connectionKey, id)}).Result())
	switch {
	case err != nil:
		return client.Connection{}, wrap("loading a connection", err)
	case !ok:
		return client.Connection{}, client.ErrNoConnection
	}
	sealed, _ := reply.(string)
	record, err := c.keys.open(id, sealed)
	if err != nil {
		return client.Connection{}, wrap("loading a connection", err)
	}
	connection, err := decodeConnection(record)
	return connection, wrap("loading a connection", err)
}

// saveScript does nothing if it is the same call again.
var saveScript = newScript(`
local before, revision, data, call = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local saved = redis.call('HMGET', KEYS[2], 'revision', 'call')
if saved[1] == revision and saved[2] == call then
	return 1
end
if (saved[1] or '0') ~= before then
	return 0
end
redis.call('HSET', KEYS[2], 'data', data, 'revision', revision, 'call', call)
return 1
`)

// Save implements [client.ConnectionStore]. The Revision is the fence: a caller whose
// lock expired does not replace what the next one saved.
func (c *Connections) Save(ctx context.Context, id string, connection client.Connection) error {
	saved, err := c.store.run(ctx, saveScript, []string{c.store.key(connectionKey, id)},
		version(connection.Revision-1), version(connection.Revision), c.keys.seal(id, encodeConnection(connection)), newCall()).Bool()
	if err == nil && !saved {
		err = client.ErrConflict
	}
	return wrap("saving a connection", err)
}

func encodeConnection(c client.Connection) string {
	w := newWriter()
	w.text(c.GrantID)
	w.text(c.RefreshToken)
	for _, t := range []client.StoredToken{c.Access, c.Installation} {
		w.text(t.Text)
		w.time(t.IssuedAt)
		w.time(t.ExpiresAt)
	}
	w.text(string(c.Dead))
	w.integer(c.Revision)
	return string(w)
}

func decodeConnection(record string) (c client.Connection, err error) {
	r := newReader(record)
	c.GrantID = r.text()
	c.RefreshToken = r.text()
	for _, t := range []*client.StoredToken{&c.Access, &c.Installation} {
		t.Text = r.text()
		t.IssuedAt = r.time()
		t.ExpiresAt = r.time()
	}
	c.Dead = bearergate.Code(r.text())
	c.Revision = r.integer()
	return c, r.end()
}
