package main

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"time"
)

// ballast is memory that is in use besides, so that the collector runs as often as in a
// program that does something.
const ballast = 32 << 20

// soak runs a world, and the clients of its API, and closes everything.
func soak(s settings) (*report, error) {
	weight := make([]byte, ballast)
	defer runtime.KeepAlive(weight)
	w, err := newWorld(s)
	if err != nil {
		return nil, err
	}
	r := &report{settings: s, counts: newCounts(), faulty: w.faults}
	w.run()
	transport := &http.Transport{MaxIdleConnsPerHost: s.workers}
	r.traffic(w, transport)
	transport.CloseIdleConnections()
	w.close()
	r.rotations, r.fetches = w.ring.rotations, w.keys.requests
	return r, nil
}

// soakAlone is soak for a program that does nothing else meanwhile, so that all
// goroutines that are left are the soak's.
func soakAlone(s settings) (*report, error) {
	before := runtime.NumGoroutine()
	r, err := soak(s)
	if err != nil {
		return nil, err
	}
	r.goroutines.begin, r.goroutines.end = before, settled(before)
	return r, nil
}

// traffic sends requests for the time of the settings. The heap is measured after a
// tenth of it, when caches are full, and at the end.
func (r *report) traffic(w *world, transport http.RoundTripper) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server := w.serve(w.api.handler)
	wallets := newWallets(w.mint)
	var clients sync.WaitGroup
	for range r.workers {
		c := &client{world: w, url: server.URL, http: &http.Client{Transport: transport}, wallets: wallets, random: w.random(), counts: r.counts}
		clients.Go(func() { c.run(ctx) })
	}
	r.watch(r.duration / 10)
	w.gate.Lock() // so that no request is on its way, as at the end
	r.heap.begin = heapInUse()
	w.gate.Unlock()
	r.watch(r.duration - r.duration/10)
	for r.total() < r.least {
		r.watch(r.duration / 10)
	}
	cancel()
	clients.Wait()
	r.heap.end = heapInUse()
}

// watch lets time pass, and counts goroutines.
func (r *report) watch(d time.Duration) {
	const pause = 50 * time.Millisecond
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(min(pause, time.Until(end))) {
		r.goroutines.most = max(r.goroutines.most, runtime.NumGoroutine())
	}
}

// heapInUse returns what is in use after a collection. The second one collects what
// finalizers and pools held.
func heapInUse() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc) - ballast
}

// settled returns the number of goroutines once it is not more than before, or once it
// has not changed for a second.
func settled(before int) int {
	const pause = 50 * time.Millisecond
	n := runtime.NumGoroutine()
	for same := time.Duration(0); n > before && same < time.Second; same += pause {
		time.Sleep(pause)
		if now := runtime.NumGoroutine(); now != n {
			n, same = now, 0
		}
	}
	return n
}
