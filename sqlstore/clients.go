package sqlstore

import (
	"context"
	"fmt"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// Clients is a [tokenendpoint.ClientStore].
type Clients struct{ store *Store }

// Clients returns the store of registered clients.
func (s *Store) Clients() *Clients { return &Clients{s} }

var _ tokenendpoint.ClientStore = (*Clients)(nil)

// clientRecord is a client without its id.
type clientRecord struct {
	Secrets         []sum  `json:"secrets"`
	RedirectURIs    []text `json:"redirect_uris"`
	AnyLoopbackPort bool   `json:"any_loopback_port"`
}

// Client implements [tokenendpoint.ClientStore].
func (c *Clients) Client(ctx context.Context, id string) (tokenendpoint.Client, error) {
	row, found, err := find(ctx, c.store, c.store.texts.client, key(id), func(row *string) []any { return []any{row} })
	switch {
	case err != nil:
		return tokenendpoint.Client{}, wrap("reading a client", err)
	case !found:
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	var record clientRecord
	if err := decode(row, &record); err != nil {
		return tokenendpoint.Client{}, wrap("reading a client", err)
	}
	client := tokenendpoint.Client{ID: id, RedirectURIs: stringsOf(record.RedirectURIs), AnyLoopbackPort: record.AnyLoopbackPort}
	for _, secret := range record.Secrets {
		client.Secrets = append(client.Secrets, secret)
	}
	return client, nil
}

// Put stores the client. It replaces a client with the same ID. A client with
// Assertions is refused and nothing changes, since a database cannot keep a verifier.
// Put it without, with a secret that nobody knows: without any it would be public. Add
// the Assertions in a [tokenendpoint.ClientStoreFunc] that calls [Clients.Client].
func (c *Clients) Put(ctx context.Context, client tokenendpoint.Client) error {
	if client.Assertions != nil { // without them, it may be public when it is read
		return fmt.Errorf("sqlstore: the client %q has Assertions, which a database cannot keep; put it without, and add them in a tokenendpoint.ClientStoreFunc after Clients.Client", client.ID)
	}
	secrets := make([]sum, len(client.Secrets))
	for i, secret := range client.Secrets {
		secrets[i] = secret
	}
	record, err := encode(clientRecord{secrets, textsOf(client.RedirectURIs), client.AnyLoopbackPort})
	if err == nil {
		_, err = c.store.change(ctx, c.store.texts.putClient, key(client.ID), record)
	}
	return wrap("storing a client", err)
}
