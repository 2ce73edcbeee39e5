package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

// printMemory prints what the limiters and the cache keep.
func printMemory(_ *program, w io.Writer) error {
	var names []string
	kept := make(map[string]string)
	add := func(name string, bytes, n int) {
		names = append(names, name)
		kept[name] = fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
		if n > 0 {
			kept[name] += fmt.Sprintf(", %d B each", bytes/n)
		}
	}
	for _, l := range limiters[1:] {
		for _, n := range []int{1e4, 1e5, 1e6} {
			add(fmt.Sprintf("%s, %d installations, beside the text of their keys", l.name, n), l.keep(n), n)
		}
	}
	add("LimitFailedAuthentication, 1000000 addresses", keepAddresses(1e6), 0)
	for _, algorithm := range []string{"RS256", "HS256"} {
		add(fmt.Sprintf("a full cache of %d tokens of 0.9 KiB, %s", jwtverifier.DefaultCacheSize, algorithm), keepTokens(algorithm), 0)
	}
	printTable(w, "what is kept", names, []string{"memory"}, func(name, _ string) string { return kept[name] })
	return nil
}

// heapAfter returns by how much the heap is larger after fill, while kept lives.
func heapAfter(kept any, fill func()) int {
	before := heap()
	fill()
	after := heap()
	runtime.KeepAlive(kept)
	return int(after) - int(before)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // the first moves what pools hold, the second frees it
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// keep returns what a limiter keeps of n keys, beside their text.
func (l budgets) keep(n int) int {
	keys := installations(n)
	take, end := l.open(time.Hour)
	defer end()
	return heapAfter(keys, func() {
		for _, key := range keys {
			take(key)
		}
		runtime.KeepAlive(take)
	})
}

// keepAddresses returns what is kept of n addresses whose authentication failed.
func keepAddresses(n int) int {
	limiter := must(bearergate.PerWindow(100, time.Hour))
	defer limiter.Close()
	h := bearergate.Chain(bearergate.LimitFailedAuthentication(limiter), bearergate.RequireToken(verifier(newSigner("EdDSA"), 8)))(handled)
	return heapAfter(h, func() {
		r := request("x.y.z")
		for i := range n {
			r.RemoteAddr = netip.AddrPortFrom(address(i), 1234).String()
			if status := answer(h, r); status != http.StatusUnauthorized && status != http.StatusTooManyRequests {
				panic(fmt.Sprintf("a bad token was answered %d", status))
			}
		}
	})
}

// address returns one of many addresses, spread over all of IPv4.
func address(i int) netip.Addr {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], uint32(i)*2654435761) // an odd factor: each i has an address of its own
	return netip.AddrFrom4(a)
}

// keepTokens returns what a cache keeps that was offered two tokens for each place.
// Those of HS256 have more claims, since their signature is shorter.
func keepTokens(algorithm string) int {
	s := newSigner(algorithm)
	h := token(s, jwtverifier.DefaultCacheSize)
	padding := ""
	if algorithm == "HS256" {
		padding = strings.Repeat("x", 200)
	}
	return heapAfter(h, func() {
		var both sync.WaitGroup
		for part := range 2 {
			both.Go(func() {
				for i := range jwtverifier.DefaultCacheSize {
					c := claims(2*i+part, time.Now().Add(time.Hour))
					c["padding"] = padding
					statusOf(h, s.sign(c))
				}
			})
		}
		both.Wait()
	})
}
