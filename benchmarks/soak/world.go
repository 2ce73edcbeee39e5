package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

// world is everything that an API depends on, and the API.
type world struct {
	settings
	faults *faults
	over   chan struct{} // ends everything that runs or hangs
	all    sync.WaitGroup
	gate   sync.RWMutex // held by clients for each request

	ring    *keyring
	keys    *keyServer
	told    *tenants
	news    *tenants
	opaque  *opaqueTokens
	channel *channel
	meters  []*meter
	budgets budgets
	mint    *mint
	api     *api
	servers []*httptest.Server
	source  jwtverifier.KeySource
	streams uint64 // of random numbers

	jwtVerifier, opaqueVerifier bearergate.Verifier
	toldCache, newsCache        bearergate.GrantStore
}

// maxWait is how long a request waits for keys.
const maxWait = 200 * time.Millisecond

func newWorld(s settings) (*world, error) {
	w := &world{settings: s, faults: new(faults), over: make(chan struct{})}
	steps := []func() error{w.makeKeys, w.makeGrants, w.makeOpaque, w.makeAPI}
	for _, step := range steps {
		if err := step(); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

// random returns a stream of random numbers of its own.
func (w *world) random() *rand.Rand {
	w.streams++
	return rand.New(rand.NewPCG(w.seed, w.streams))
}

func (w *world) trouble(failing, hanging float64, longest time.Duration) *trouble {
	return &trouble{failing: failing, hanging: hanging, longest: longest, over: w.over, random: w.random()}
}

// store returns a limiter that fails in one call of ten, and hangs in one of 500.
func (w *world) store(m *meter) bearergate.Limiter {
	s := &store{m, w.trouble(0.1, 0.002, time.Second)}
	return w.planted.store(s.limiter())
}

func (w *world) serve(h http.Handler) *httptest.Server {
	server := httptest.NewServer(h)
	w.servers = append(w.servers, server)
	return server
}

func (w *world) makeKeys() (err error) {
	if w.ring, err = newKeyring(w.algorithms); err != nil {
		return err
	}
	w.keys = &keyServer{ring: w.ring, over: w.over}
	w.keys.url = w.serve(w.keys.handler()).URL
	w.source, err = jwtverifier.DiscoverKeys(w.keys.url, jwtverifier.WithMaxWait(maxWait))
	if err != nil {
		return err
	}
	w.jwtVerifier, err = jwtverifier.New(jwtverifier.Config{
		Audience: audience, Keys: w.source, CacheSize: 2048, Logger: slog.New(slog.DiscardHandler),
	})
	return errors.Join(err, w.source.Ready(context.Background()))
}

// cacheEntries bounds the caches, so that they are full long before the heap is
// measured.
const cacheEntries = 256

func (w *world) makeGrants() (err error) {
	w.told = newTenants("told", w.trouble(w.failing, 0.0003, 2*time.Second))
	w.news = newTenants("news", w.trouble(w.failing, 0.0003, 2*time.Second))
	told, err := bearergate.NewCachedGrants(bearergate.GrantStoreFunc(w.told.grant), bearergate.CacheConfig{MaxEntries: cacheEntries})
	if err != nil {
		return err
	}
	news, err := bearergate.NewCachedGrants(bearergate.GrantStoreFunc(w.news.grant), bearergate.CacheConfig{MaxEntries: cacheEntries, MaxSilence: maxSilence})
	if err != nil {
		return err
	}
	w.told.tell = mostly(told.Forget, w.random())
	w.channel = &channel{cache: news}
	w.news.tell = w.channel.tell
	w.toldCache, w.newsCache = w.planted.cache(told), news
	return nil
}

func (w *world) makeOpaque() error {
	w.opaque = newOpaqueTokens(w.trouble(w.failing, 0.0003, 2*time.Second))
	cached, err := bearergate.NewCachedLookup(w.opaque.lookup, bearergate.CacheConfig{MaxEntries: cacheEntries})
	if err != nil {
		return err
	}
	w.opaque.forget = cached.Forget
	w.opaqueVerifier = bearergate.NewOpaqueVerifier(opaquePrefix, cached.Lookup)
	return nil
}

func (w *world) makeAPI() (err error) {
	w.mint = &mint{issuer: w.keys.url, ring: w.ring, opaque: w.opaque, told: w.told, news: w.news}
	w.api, err = newAPI(w)
	return err
}

// every runs f again and again until the world is over.
func (w *world) every(d time.Duration, f func()) {
	w.all.Go(func() {
		ticker := time.NewTicker(d)
		defer ticker.Stop()
		for {
			select {
			case <-w.over:
				return
			case <-ticker.C:
				f()
			}
		}
	})
}

// run changes the world all the time.
func (w *world) run() {
	w.every(w.rotation, func() {
		if err := w.ring.rotate(); err != nil {
			w.faults.add("soak", "%v", err)
		}
	})
	told, news, opaque := w.random(), w.random(), w.random()
	w.every(w.pace, func() { w.told.change(told) })
	w.every(w.pace, func() { w.news.change(news) })
	w.every(w.pace, func() { w.opaque.change(opaque) })
	w.every(time.Second, w.sweep)
	w.every(5*time.Millisecond, w.api.stalls.tick)
	cuts := w.random()
	w.all.Go(func() { w.channel.run(100*time.Millisecond, w.over, cuts) })
}

// sweep drops what the oracle needs no longer, so that its own memory stays flat.
func (w *world) sweep() {
	w.told.grants.sweep()
	w.news.grants.sweep()
	w.opaque.registry.sweep()
	w.api.used.sweep()
	for _, m := range w.meters {
		m.sweep()
	}
}

// close ends everything, also half a world.
func (w *world) close() {
	close(w.over)
	w.all.Wait()
	for _, s := range w.servers {
		s.Close()
	}
	if w.source != nil {
		w.source.Close()
	}
	for _, m := range w.meters {
		m.checkAll()
		m.close()
	}
}
