package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
)

const audience = "https://api.example"

// issuer is an authorization server. It publishes its metadata and its keys, and can
// be broken.
type issuer struct {
	server  *httptest.Server
	ctx     context.Context // ends requests that hang
	fetches atomic.Int64    // of keys

	mu      sync.Mutex
	keys    []signingKey // the first signs
	strange []string     // further entries of the set, as JSON
	maxAge  int          // in seconds
	broken  http.HandlerFunc
	down    bool
}

func newIssuer(ctx context.Context) *issuer {
	i := &issuer{ctx: ctx, keys: []signingKey{keyOf("2026-10")}}
	i.server = httptest.NewServer(i)
	return i
}

func (i *issuer) url() string     { return i.server.URL }
func (i *issuer) keysURL() string { return i.url() + "/keys" }

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	broken := i.broken
	i.mu.Unlock()
	switch {
	case broken != nil:
		broken(w, r)
	case r.URL.Path == "/keys":
		i.fetches.Add(1)
		i.serveKeys(w)
	case r.URL.Path == "/.well-known/openid-configuration":
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, i.url(), i.keysURL())
	default:
		http.NotFound(w, r)
	}
}

func (i *issuer) serveKeys(w http.ResponseWriter) {
	i.mu.Lock()
	defer i.mu.Unlock()
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{}
	for _, k := range i.keys {
		set.Keys = append(set.Keys, json.RawMessage(k.jwk()))
	}
	for _, entry := range i.strange {
		set.Keys = append(set.Keys, json.RawMessage(entry))
	}
	w.Header().Set("Content-Type", "application/json")
	if i.maxAge > 0 {
		w.Header().Set("Cache-Control", fmt.Sprintf("max-age=%d", i.maxAge))
	}
	json.NewEncoder(w).Encode(set)
}

// rotate begins to sign with a new key. The old one stays published.
func (i *issuer) rotate() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append([]signingKey{keyOf("2026-11")}, i.keys...)
}

// publish adds an entry to the key set.
func (i *issuer) publish(entry string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.strange = append(i.strange, entry)
}

// cacheFor sends max-age with the keys.
func (i *issuer) cacheFor(seconds int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.maxAge = seconds
}

// goDown refuses connections from now on.
func (i *issuer) goDown() {
	i.mu.Lock()
	i.down = true
	i.mu.Unlock()
	i.server.CloseClientConnections()
	i.server.Close()
}

// answer answers every request in the same way from now on.
func (i *issuer) answer(status int, contentType, body string) {
	i.breakWith(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

// hang accepts requests and does not answer them.
func (i *issuer) hang() {
	i.breakWith(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-i.ctx.Done():
		}
	})
}

func (i *issuer) isBroken() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.down || i.broken != nil
}

func (i *issuer) breakWith(h http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.broken = h
}
