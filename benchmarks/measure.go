package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// measurement is a benchmark that runs once in each round.
type measurement struct {
	name string
	run  func(b *testing.B)
}

// measure runs the measurements of one work in turn, round after round, so that
// other load of the machine affects all of them. They run beside other heap.
func (p *program) measure(r *results, ms []measurement, rounds int, cores ...int) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer besideHeap()()
	for len(ms) > 0 {
		n := 1
		for n < len(ms) && ms[n].work() == ms[0].work() {
			n++
		}
		fmt.Fprintln(os.Stderr, ms[0].work())
		for range rounds {
			if err := p.round(r, ms[:n], cores); err != nil {
				return err
			}
		}
		ms = ms[n:]
	}
	return nil
}

func (p *program) round(r *results, ms []measurement, cores []int) error {
	for _, n := range cores {
		runtime.GOMAXPROCS(n)
		for _, m := range ms {
			if err := p.once(r, m, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *program) once(r *results, m measurement, cores int) error {
	b := testing.Benchmark(m.run)
	if b.N == 0 {
		return fmt.Errorf("%s failed", m.name)
	}
	name := fmt.Sprintf("%s/cores=%d", m.name, cores)
	r.add(name, float64(b.T.Nanoseconds())/float64(b.N), float64(b.AllocsPerOp()))
	_, err := fmt.Fprintf(p.raw, "Benchmark/%s %s %s\n", name, b, b.MemString())
	return err
}

// work returns the part of the name before the stack.
func (m measurement) work() string {
	work, _, _ := strings.Cut(m.name, "/stack=")
	work, _, _ = strings.Cut(work, "/n=")
	return work
}
