package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/bearergate/bearergate"
)

const (
	oneTimeTokens = 10 // that come for each hot one
	floodRounds   = 8
)

// flood sends tokens that are used again and again among good ones that come once. In
// a round each hot token comes once, behind ten others.
type flood struct {
	places, hot int
	warm        bool // the hot tokens were in steady use before
}

var floods = []flood{
	{16384, 1000, true}, {16384, 1000, false},
	{16384, 4000, true}, {16384, 4000, false},
	{16384, 8000, true}, {16384, 8000, false},
	{4096, 1000, true}, {4096, 1000, false},
}

// printFloods prints how many of the hot tokens were found in the cache, by round. No
// time is measured. HS256 is the fastest to sign.
func printFloods(_ *program, w io.Writer) error {
	var names, rounds []string
	rates := make(map[string][]float64)
	for _, f := range floods {
		names = append(names, f.String())
		rates[f.String()] = f.hitRates()
	}
	for i := range floodRounds {
		rounds = append(rounds, fmt.Sprint(i+1))
	}
	printTable(w, "hits of hot tokens in a flood, by round", names, rounds, func(name, round string) string {
		return percent(rates[name][slices.Index(rounds, round)])
	})
	return nil
}

func (f flood) String() string {
	start := "cold"
	if f.warm {
		start = "warm"
	}
	return fmt.Sprintf("%d places, %d hot, %s", f.places, f.hot, start)
}

// hitRates returns the part of the hot tokens that the cache knew, for each round.
func (f flood) hitRates() []float64 {
	s := newSigner("HS256")
	send, tokens := observeHits(s, f.places), newMint(s.public.([]byte))
	hot := tokens.tokens(f.hot)
	for range 4 {
		if f.warm {
			hits(send, hot)
		}
	}
	var rates []float64
	for range floodRounds {
		found := 0
		for i := range hot {
			for range oneTimeTokens {
				send(tokens.next())
			}
			found += hits(send, hot[i:i+1])
		}
		rates = append(rates, float64(found)/float64(f.hot))
	}
	return rates
}

func hits(send func(string) bool, tokens []string) int {
	n := 0
	for _, token := range tokens {
		if send(token) {
			n++
		}
	}
	return n
}

// observeHits returns what sends a token and reports whether the cache knew it.
func observeHits(s signer, places int) func(token string) bool {
	hit := false
	observe := func(_ context.Context, d bearergate.Decision) { hit = d.CacheHit }
	h := bearergate.Chain(must(bearergate.Configure(bearergate.Config{Observer: observe})), bearergate.RequireToken(verifier(s, places)))(handled)
	r, w := routed(), &responseWriter{header: make(http.Header)}
	return func(token string) bool {
		r.Header["Authorization"] = []string{"Bearer " + token}
		w.status = http.StatusOK
		if h.ServeHTTP(w, r); w.status != http.StatusOK {
			panic(fmt.Sprintf("a good token was answered %d", w.status))
		}
		return hit
	}
}

func percent(part float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", 100*part), ".0") + " %"
}
