package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// measureOnOneCore measures one work, on one core.
func (p *program) measureOnOneCore(setUp func() []measurement) (*results, error) {
	r := newResults()
	return r, p.measure(r, setUp(), p.rounds, 1)
}

// guardBars are those of a repeated token.
func (p *program) guardBars() ([]bar, error) {
	r, err := p.measureOnOneCore(eachGuards)
	name := func(stack string) string { return onCores("work=repeated/alg=RS256", stack, 1) }
	return []bar{
		atMost(1.6, "repeated RS256, chain of four, by SHA-256", r.ratio(name(ours), name("sha256"))),
		atMost(2, "… its allocations", r.allocs[name(ours)]),
		atMost(0.8, "repeated RS256, token only, by SHA-256", r.ratio(name(tokenOnly), name("sha256"))),
		atMost(1, "… its allocations", r.allocs[name(tokenOnly)]),
		atMost(1.3, "all seven guards, by the chain of four", r.ratio(name(sevenGuards), name(ours))),
	}, err
}

// peerBars are those beside other libraries.
func (p *program) peerBars() ([]bar, error) {
	r, err := p.measureOnOneCore(func() []measurement { return againstPeers("RS256", "repeated", "absent", "garbage") })
	if err != nil {
		return nil, err
	}
	fastest := slices.MinFunc(peers(), func(a, b string) int {
		return cmp.Compare(median(r.time[onRS256("repeated", a)]), median(r.time[onRS256("repeated", b)]))
	})
	repeated := r.ratio(onRS256("repeated", fastest), onRS256("repeated", ours))
	bars := []bar{
		atLeast(38, "repeated RS256, the fastest peer ("+fastest+") by the chain of four", repeated),
		atMost(0.4, "absent token, by mcp-sdk", r.ratio(onRS256("absent", ours), onRS256("absent", "mcp-sdk"))),
	}
	for _, peer := range peers() {
		bars = append(bars, atMost(0.5, "garbage, by "+peer, r.ratio(onRS256("garbage", ours), onRS256("garbage", peer))))
	}
	return bars, nil
}

func onRS256(work, stack string) string { return onCores("work="+work+"/alg=RS256", stack, 1) }

func peers() []string {
	var names []string
	for _, st := range stacks {
		if !strings.HasPrefix(st.name, ours) {
			names = append(names, st.name)
		}
	}
	return names
}

func (p *program) firstSightBars() ([]bar, error) {
	r, err := p.measureOnOneCore(firstSights)
	var bars []bar
	for _, b := range []struct {
		algorithm string
		bound     float64
	}{{"RS256", 1.10}, {"ES256", 1.06}, {"EdDSA", 1.06}, {"HS256", 3.9}} {
		work := "work=first sight/alg=" + b.algorithm
		ratio := r.ratio(onCores(work, tokenOnly, 1), onCores(work, "signature", 1))
		bars = append(bars, atMost(b.bound, "first sight "+b.algorithm+", token only, by the signature check", ratio))
	}
	return bars, err
}

// waitBars are about the longest wait in three runs. The machine interrupts requests
// too: without a limiter, the longest wait is its own.
func (p *program) waitBars() ([]bar, error) {
	longest := make(map[string][]float64)
	for range 3 {
		for _, l := range limiters[:2] {
			grown, swept := l.waits(1e6, waitWindow)
			longest[l.name] = append(longest[l.name], float64(max(grown.longest, swept.longest))/float64(time.Millisecond))
		}
	}
	what := fmt.Sprintf("longest wait for the limiter, 1,000,000 installations (without it: %.3g ms)", slices.Max(longest["none"]))
	return []bar{atMost(5, what, longest[ours]).worst(longest[ours]).in(" ms")}, nil
}

// limiterBars are about the limiter of 10,000 installations on two cores, and about the
// memory of a million.
func (p *program) limiterBars() ([]bar, error) {
	r := newResults()
	if err := p.measure(r, takes(), p.rounds, 1, 2); err != nil {
		return nil, err
	}
	return []bar{
		atLeast(1.5, "takes by 10,000 installations, two cores by one", r.throughput(takesWork(10_000), ours)),
		atMost(80, "memory of an installation among 1,000,000", []float64{float64(limiters[1].keep(1e6)) / 1e6}).in(" B"),
	}, nil
}

func (p *program) floodBars() ([]bar, error) {
	var bars []bar
	for _, b := range []struct {
		flood flood
		from  int // the first round that counts
		bound float64
	}{{flood{16384, 4000, true}, 1, 98.5}, {flood{16384, 4000, false}, 5, 90}} {
		var rates []float64
		for _, rate := range b.flood.hitRates()[b.from-1:] {
			rates = append(rates, 100*rate)
		}
		what := fmt.Sprintf("flood, %s, worst round from the %d. on", b.flood, b.from)
		bars = append(bars, atLeast(b.bound, what, rates).worst(rates).in(" %"))
	}
	return bars, nil
}
