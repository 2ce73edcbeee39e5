package installation

import (
	"context"
	"crypto/sha256"

	"github.com/bearergate/bearergate"
)

// NewTokenStore returns a [TokenStore] of two functions, such as one with a
// [bearergate.CachedLookup] in front of a database:
//
//	installation.NewTokenStore(tokens.Save, cached.Lookup)
//
// It panics if one of them is nil.
func NewTokenStore(save SaveFunc, lookup bearergate.OpaqueLookup) TokenStore {
	if save == nil || lookup == nil {
		panic("installation: NewTokenStore needs a SaveFunc and an OpaqueLookup; pass the methods of a store")
	}
	return tokenStore{save, lookup}
}

type tokenStore struct {
	save   SaveFunc
	lookup bearergate.OpaqueLookup
}

func (s tokenStore) Save(ctx context.Context, sum [sha256.Size]byte, c bearergate.Claims) error {
	return s.save(ctx, sum, c)
}

func (s tokenStore) Lookup(ctx context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
	return s.lookup(ctx, sum)
}
