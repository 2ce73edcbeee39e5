package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// wallet holds credentials of one kind, which all workers use again and again while
// keys, grants and time change behind them.
type wallet struct {
	kind  kind
	mint  *mint
	slots [slots]atomic.Pointer[credential]
}

const (
	slots   = 24              // credentials of a kind that are in use at a time
	renewal = 60              // requests that use one, on average
	young   = 4 * time.Second // the age at which most are replaced
)

func (w *wallet) pick(random *rand.Rand) *credential {
	i := random.IntN(slots)
	if c := w.slots[i].Load(); c != nil && random.IntN(renewal) > 0 && !c.old(i) {
		return c
	}
	c := w.kind.make(w.mint, random)
	c.kind, c.made = w.kind.name, time.Now()
	w.slots[i].Store(c)
	return c
}

// old reports whether the credential is to be replaced. One of six lives on until its
// key has been dropped.
func (c *credential) old(slot int) bool { return slot%6 > 0 && time.Since(c.made) > young }

// wallets holds one of each kind.
type wallets struct {
	all   []*wallet
	parts int
}

func newWallets(m *mint) *wallets {
	ws := new(wallets)
	for _, k := range kinds {
		ws.all = append(ws.all, &wallet{kind: k, mint: m})
		ws.parts += k.part
	}
	return ws
}

func (ws *wallets) pick(random *rand.Rand) *credential {
	n := random.IntN(ws.parts)
	for _, w := range ws.all {
		if n -= w.kind.part; n < 0 {
			return w.pick(random)
		}
	}
	panic("soak: the parts do not add up")
}

// foreign returns a key that no issuer has, one for each algorithm.
func foreign(algorithm string) *signingKey {
	make := sync.OnceValue(func() *signingKey {
		k, err := newSigningKey("foreign", algorithm)
		if err != nil {
			panic(fmt.Sprintf("soak: %v", err))
		}
		return k
	})
	known, _ := foreignKeys.LoadOrStore(algorithm, make)
	return known.(func() *signingKey)()
}

var foreignKeys sync.Map
