package client

import (
	"context"
	"errors"
	"fmt"
)

// ConnectionStore stores connections for all processes that share them. Package
// connectiontest tests implementations.
type ConnectionStore interface {
	// Load returns the connection of id. If there is none, the error wraps
	// [ErrNoConnection]. Any other error means that the store failed.
	Load(ctx context.Context, id string) (Connection, error)

	// Save replaces the connection of id if c.Revision is one more than the
	// Revision of the stored connection, or 1 if there is none. Otherwise the error
	// wraps [ErrConflict], and Save has no effect. Comparing and saving are one
	// atomic step. If Save returns nil, every later Load returns c. Any other error
	// means that the store failed: c was saved completely or not at all, or is saved
	// later.
	//
	//	UPDATE connections SET …, revision = $2 WHERE id = $1 AND revision = $2 - 1
	Save(ctx context.Context, id string, c Connection) error

	// Lock waits until no other caller holds the lock of id. It returns an error if
	// ctx ends first. unlock is called once. The lock keeps two processes from
	// renewing at once; no token depends on it. The lock of a process that crashed
	// must expire, but not in less than half a minute. It is held while tokens are
	// renewed over HTTP, so it must not hold a connection of the pool that Load and
	// Save use.
	Lock(ctx context.Context, id string) (unlock func(), err error)
}

// StoreError is an error of a [ConnectionStore].
type StoreError string

const (
	// ErrNoConnection means that a [ConnectionStore] has no connection with the id.
	ErrNoConnection StoreError = "client: no such connection"
	// ErrConflict means that the stored connection is not the one that was changed:
	// its Revision is another.
	ErrConflict StoreError = "client: the connection was saved by another caller"
)

// Error returns the text.
func (e StoreError) Error() string { return string(e) }

// maxConflicts is how many times a connection is saved before its store counts as
// failed.
const maxConflicts = 100

// SaveConnection saves c as the connection of id, whatever is stored. It is for an
// app that gets its tokens without [Transport.Connect], such as one whose user
// connected again. It sets c.Revision. A renewal that runs meanwhile does not
// replace c, and every Transport uses c from then on (S8.34).
func SaveConnection(ctx context.Context, store ConnectionStore, id string, c Connection) error {
	_, err := saveConnection(ctx, store, id, c)
	return err
}

// saveConnection is SaveConnection. It returns the connection with its Revision.
func saveConnection(ctx context.Context, store ConnectionStore, id string, c Connection) (Connection, error) {
	for range maxConflicts {
		stored, err := store.Load(ctx, id)
		switch {
		case errors.Is(err, ErrNoConnection):
			stored = Connection{}
		case err != nil:
			return c, fmt.Errorf("client: loading the connection: %w", err)
		}
		c.Revision = stored.Revision + 1
		err = store.Save(ctx, id, c)
		switch {
		case err == nil:
			return c, nil
		case !errors.Is(err, ErrConflict):
			return c, fmt.Errorf("client: saving the connection: %w", err)
		}
	}
	return c, fmt.Errorf("client: saving the connection: %w", ErrConflict)
}
