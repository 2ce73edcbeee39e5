package jwtverifier

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/cachehit"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// front verifies tokens as they arrive. Those that were verified before are found
// by their hash before they are parsed, since a token that was verified was
// well-formed. The others are parsed, and verified by the verifier that choose
// returns.
type front struct {
	cache  *cache // nil: none
	parser jose.Parser
	choose func(payload string) (*Verifier, error)
	// verified, if set, is called after a token that is not in the cache was good.
	verified func(*Verifier)
}

var errTokenTooLong = errors.New("the token is too long")

// VerifyToken implements [bearergate.Verifier].
func (f *front) VerifyToken(ctx context.Context, raw string) (*bearergate.Token, error) {
	if len(raw) > jose.MaxLength {
		return nil, invalid(errTokenTooLong)
	}
	b := buffers.Get().(*buffer)
	defer b.release()
	b.token = append(b.token[:0], raw...)
	if f.cache == nil {
		return f.firstSight(ctx, b, nil)
	}
	hashToken(&b.hash, b.token)
	if token := f.cache.get(&b.hash, time.Now()); token != nil {
		cachehit.Report(ctx)
		return token, nil
	}
	return f.firstSight(ctx, b, &b.hash)
}

// firstSight verifies a token that is not in the cache.
func (f *front) firstSight(ctx context.Context, b *buffer, id *tokenHash) (*bearergate.Token, error) {
	if err := b.read(&f.parser); err != nil {
		return nil, invalid(err)
	}
	v, err := f.choose(b.payload)
	if err != nil {
		return nil, err
	}
	e, err := v.verify(ctx, &b.inspection)
	if err != nil {
		return nil, err
	}
	f.parser.Remember(&b.signed)
	if f.verified != nil {
		f.verified(v)
	}
	if id != nil && v.cacheSize > 0 && e.cost <= maxBucketCost {
		e.id = *id
		f.cache.put(e, b.now)
	}
	return e.token, nil
}

// buffer holds a token while it is verified: its bytes, which hash and signature
// are over, the hash, and its claims.
type buffer struct {
	token   []byte
	hash    tokenHash
	decoded []byte
	inspection
}

// read parses the token.
func (b *buffer) read(p *jose.Parser) (err error) {
	b.inspection = inspection{}
	if b.signed, b.decoded, err = p.Parse(b.token, b.decoded[:0]); err != nil {
		return err
	}
	b.payload = string(b.signed.Payload)
	return nil
}

// maxPooledBuffer keeps tokens of unusual length from staying in the pool.
const maxPooledBuffer = 16 << 10

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func (b *buffer) release() {
	if cap(b.token) <= maxPooledBuffer && cap(b.decoded) <= maxPooledBuffer {
		buffers.Put(b)
	}
}
