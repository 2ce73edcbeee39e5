package sqlstore

import (
	"context"
	"crypto/cipher"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// Connections is a [client.ConnectionStore]. The connections are encrypted.
type Connections struct {
	store *Store
	keys  keys
}

// Connections returns the store of connections. key seals what is saved, with the
// connection's id as additional data; cipher.NewGCMWithRandomNonce returns a suitable
// one. What a former key sealed can still be loaded. To replace a key, all processes
// first need the new one as a former key, since each loads what the others save.
// A former key is needed until every connection was saved again. It panics if a key
// is nil.
func (s *Store) Connections(key cipher.AEAD, former ...cipher.AEAD) *Connections {
	return &Connections{s, newKeys(key, former)}
}

var _ client.ConnectionStore = (*Connections)(nil)

type connectionRow struct {
	revision int64
	sealed   []byte
}

func (r *connectionRow) columns() []any { return []any{&r.revision, &r.sealed} }

// connectionRecord is a connection before it is sealed.
type connectionRecord struct {
	GrantID      text        `json:"grant_id"`
	RefreshToken text        `json:"refresh_token"`
	Access       storedToken `json:"access"`
	Installation storedToken `json:"installation"`
	Dead         text        `json:"dead"`
}

type storedToken struct {
	Text      text   `json:"text"`
	IssuedAt  micros `json:"issued_at"`
	ExpiresAt micros `json:"expires_at"`
}

// Load implements [client.ConnectionStore].
func (c *Connections) Load(ctx context.Context, id string) (client.Connection, error) {
	row, found, err := find(ctx, c.store, c.store.texts.connection, key(id), (*connectionRow).columns)
	switch {
	case err != nil:
		return client.Connection{}, wrap("loading a connection", err)
	case !found:
		return client.Connection{}, client.ErrNoConnection
	}
	var record connectionRecord
	opened, err := c.keys.open(id, row.sealed)
	if err == nil {
		err = decode(string(opened), &record)
	}
	if err != nil {
		return client.Connection{}, wrap("loading a connection", err)
	}
	return client.Connection{
		GrantID: string(record.GrantID), RefreshToken: string(record.RefreshToken),
		Access: record.Access.token(), Installation: record.Installation.token(),
		Dead: bearergate.Code(record.Dead), Revision: row.revision,
	}, nil
}

// Save implements [client.ConnectionStore].
func (c *Connections) Save(ctx context.Context, id string, connection client.Connection) error {
	record, err := encode(connectionRecord{
		text(connection.GrantID), text(connection.RefreshToken),
		newStoredToken(connection.Access), newStoredToken(connection.Installation), text(connection.Dead),
	})
	if err != nil {
		return wrap("saving a connection", err)
	}
	sealed := c.keys.seal(id, record)
	statement, args := c.store.texts.nextConnection, []any{key(id), connection.Revision, sealed, connection.Revision - 1}
	if connection.Revision == 1 {
		statement, args = c.store.texts.firstConnection, args[:3]
	}
	saved, err := c.store.change(ctx, statement, args...)
	if err == nil && saved == 0 {
		err = client.ErrConflict
	}
	return wrap("saving a connection", err)
}

func newStoredToken(t client.StoredToken) storedToken {
	return storedToken{text(t.Text), microsOf(t.IssuedAt), microsOf(t.ExpiresAt)}
}

func (t *storedToken) token() client.StoredToken {
	return client.StoredToken{Text: string(t.Text), IssuedAt: t.IssuedAt.time(), ExpiresAt: t.ExpiresAt.time()}
}
