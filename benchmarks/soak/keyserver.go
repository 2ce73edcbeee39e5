package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// keyServer publishes the keys of the ring. Some of its answers are 500, and some take
// longer than a request waits.
type keyServer struct {
	ring *keyring
	url  string
	over <-chan struct{}

	mu       sync.Mutex
	requests int
	fetches  []*fetch
}

// fetch is one answer of the key server.
type fetch struct {
	span
	keys []string // nil: it failed
}

// behaviour is what the key server does with one fetch after another.
var behaviour = []string{"works", "fails", "works", "works", "works", "hangs", "works", "works", "works", "fails", "fails"}

func (s *keyServer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]string{"issuer": s.url, "jwks_uri": s.url + "/keys"})
	})
	mux.HandleFunc("GET /keys", s.serveKeys)
	return mux
}

func (s *keyServer) serveKeys(w http.ResponseWriter, r *http.Request) {
	f, how := s.begin()
	defer s.end(f)
	switch how {
	case "fails":
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	case "hangs":
		select {
		case <-r.Context().Done():
		case <-s.over:
		}
		return
	}
	keys := s.ring.published()
	s.publish(f, keys)
	w.Header().Set("Cache-Control", "max-age=60")
	set := map[string][]map[string]string{"keys": {}}
	for _, k := range keys {
		set["keys"] = append(set["keys"], k.jwk)
	}
	json.NewEncoder(w).Encode(set)
}

func (s *keyServer) begin() (f *fetch, how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	how = behaviour[s.requests%len(behaviour)]
	s.requests++
	f = &fetch{span: span{begin: time.Now()}}
	s.fetches = append(s.fetches, f)
	return f, how
}

func (s *keyServer) publish(f *fetch, keys []*signingKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.keys = []string{}
	for _, k := range keys {
		f.keys = append(f.keys, k.id)
	}
}

func (s *keyServer) end(f *fetch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.end = time.Now()
}

// forget needs s.mu. It drops what came long before the last fetch that worked.
func (s *keyServer) forget() {
	last := 0
	for i, f := range s.fetches {
		if f.keys != nil && !f.end.IsZero() && time.Since(f.end) > time.Minute {
			last = i
		}
	}
	s.fetches = slices.Delete(s.fetches, 0, last)
}

func (s *keyServer) seen() []fetch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fetches []fetch
	for _, f := range s.fetches {
		fetches = append(fetches, *f)
	}
	return fetches
}
