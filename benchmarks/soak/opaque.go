package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

const opaquePrefix = "soak_"

// opaqueTokens are the opaque tokens that the API's own server issued. They are revoked
// all the time.
type opaqueTokens struct {
	registry *registry[[sha256.Size]byte, bearergate.Claims]
	forget   func(id string)

	mu   sync.Mutex
	live []*bearergate.Claims // that can be revoked
	sums map[*bearergate.Claims][sha256.Size]byte
}

func newOpaqueTokens(trouble *trouble) *opaqueTokens {
	return &opaqueTokens{
		registry: newRegistry[[sha256.Size]byte, bearergate.Claims]("opaque", trouble),
		sums:     make(map[*bearergate.Claims][sha256.Size]byte),
	}
}

// maxLiveTokens bounds the tokens that can be revoked.
const maxLiveTokens = 256

// issue returns a new token with these claims.
func (o *opaqueTokens) issue(c bearergate.Claims) string {
	raw := opaquePrefix + rand.Text()
	sum := sha256.Sum256([]byte(raw))
	o.mu.Lock()
	defer o.mu.Unlock()
	h := o.registry.of(sum)
	h.change(&c)
	h.settle(time.Time{}.Add(1))
	o.live, o.sums[&c] = append(o.live, &c), sum
	if len(o.live) > maxLiveTokens {
		o.revoke(0, true)
	}
	return raw
}

// change revokes one of the tokens. The cache learns of most revocations at once.
func (o *opaqueTokens) change(random *mathrand.Rand) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.live) > 0 {
		o.revoke(random.IntN(len(o.live)), random.IntN(4) > 0)
	}
}

// revoke needs o.mu. Rules: S4.31, S4.34.
func (o *opaqueTokens) revoke(i int, told bool) {
	c := o.live[i]
	h := o.registry.of(o.sums[c])
	o.live = append(o.live[:i], o.live[i+1:]...)
	delete(o.sums, c)
	h.change(nil)
	if !told {
		h.settle(time.Now().Add(cacheAge))
		return
	}
	o.forget(c.GrantID)
	h.settle(time.Now())
}

// lookup is a [bearergate.OpaqueLookup].
func (o *opaqueTokens) lookup(ctx context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
	c, err := o.registry.query(ctx, sum)
	switch {
	case err != nil:
		return bearergate.Claims{}, err
	case c == nil:
		return bearergate.Claims{}, bearergate.ErrInvalidToken
	}
	return *c, nil
}
