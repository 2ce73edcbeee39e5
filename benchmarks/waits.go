package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/sethvargo/go-limiter/memorystore"
)

// waitWindow is short enough for several sweeps to fall into a run.
const waitWindow = 2 * time.Second

// budgets makes one of the limiters that are compared.
type budgets struct {
	name string
	open func(window time.Duration) (take func(key string), end func())
}

var limiters = []budgets{
	{"none", func(time.Duration) (func(string), func()) { return func(string) {}, func() {} }},
	{ours, ourLimiter},
	{"go-limiter", goLimiter},
}

func ourLimiter(window time.Duration) (func(string), func()) {
	l := must(bearergate.PerWindow(1<<40, window))
	return func(key string) { must(l.Take(context.Background(), key)) }, func() { l.Close() }
}

// goLimiter sweeps at the times that this library's own limiter documents.
func goLimiter(window time.Duration) (func(string), func()) {
	store := must(memorystore.New(&memorystore.Config{Tokens: 1 << 40, Interval: window, SweepInterval: window, SweepMinTTL: 2 * window}))
	take := func(key string) {
		if _, _, _, _, err := store.Take(context.Background(), key); err != nil {
			panic(err)
		}
	}
	return take, func() { store.Close(context.Background()) }
}

// printWaits prints how long single requests waited for a limiter, in real time.
func printWaits(_ *program, w io.Writer) error {
	sizes := map[string]int{"10,000": 1e4, "100,000": 1e5, "1,000,000": 1e6}
	var names []string
	measured := make(map[string]string)
	for _, size := range []string{"10,000", "100,000", "1,000,000"} {
		for _, l := range limiters {
			name := l.name + ", " + size + " installations"
			names = append(names, name)
			grown, swept := l.waits(sizes[size], waitWindow)
			measured[name+"growing"], measured[name+"sweeping"] = grown.String(), swept.String()
		}
	}
	printTable(w, "99.99 % wait at most, and the longest wait", names, []string{"growing", "sweeping"}, func(name, phase string) string {
		return measured[name+phase]
	})
	return nil
}

func (h *histogram) String() string {
	return duration(float64(h.quantile(0.9999))) + ", " + duration(float64(h.longest))
}

// waits takes from n keys in turn, and then for three windows and a half from the
// second half of them and from a new key each millisecond. The first half is never used
// again, so that there is something to sweep.
func (l budgets) waits(n int, window time.Duration) (grown, swept *histogram) {
	keys := installations(2 * n)
	take, end := l.open(window)
	defer end()
	grown, swept = new(histogram), new(histogram)
	for _, key := range keys[:n] {
		grown.time(take, key)
	}
	fresh := keys[n:]
	begin := time.Now()
	for now := begin; now.Sub(begin) < window*7/2; now = time.Now() {
		if used := int(now.Sub(begin) / time.Millisecond); used > len(keys)-n-len(fresh) && len(fresh) > 0 {
			swept.time(take, fresh[0])
			fresh = fresh[1:]
		}
		swept.time(take, keys[n/2+rand.IntN(n-n/2)])
	}
	return grown, swept
}

// time measures one request. Before it, the goroutine lets others run, so that the
// scheduler does not interrupt it while it is measured.
func (h *histogram) time(take func(string), key string) {
	runtime.Gosched()
	begin := time.Now()
	take(key)
	h.add(time.Since(begin))
}

// installations returns keys of the limiter, as a guard makes them.
func installations(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("installation:inst_01HZX3T9K4-%08d", i)
	}
	return keys
}
