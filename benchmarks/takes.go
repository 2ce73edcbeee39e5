package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// takes measures requests of one installation, whose counter all cores share, and of
// 10,000 installations.
func takes() []measurement {
	var ms []measurement
	for _, n := range []int{1, 10_000} {
		for _, l := range limiters[1:] {
			take, _ := l.open(time.Hour)
			ms = append(ms, measurement{takesWork(n) + "/stack=" + l.name, takesOf(take, installations(n))})
		}
	}
	return ms
}

func takesWork(n int) string { return fmt.Sprintf("work=takes by %d installations", n) }

func takesOf(take func(string), keys []string) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := rand.IntN(len(keys)); pb.Next(); i++ {
				take(keys[i%len(keys)])
			}
		})
	}
}

func printTakes(w io.Writer, r *results) { printLists(w, r, base{"by " + ours, ours}) }

// throughput returns how many times as many requests a stack serves on two cores as on
// one.
func (r *results) throughput(work, stack string) []float64 {
	return r.ratio(onCores(work, stack, 1), onCores(work, stack, 2))
}
