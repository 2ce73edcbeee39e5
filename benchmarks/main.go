// Benchmarks compares bearergate with its peers on the same work:
//
//	go run ./benchmarks
//
// It measures them in turns, several times, and prints a table of benchstat's
// medians in Markdown.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
)

func main() {
	testing.Init()
	rounds := flag.Int("rounds", 40, "how many `times` each is measured")
	benchtime := flag.String("benchtime", "5ms", "how `long` each is measured in a round")
	only := flag.String("only", "", "`name` of the only group: comparisons, adapters, many-tokens or growth")
	raw := flag.String("raw", "", "`file` for the measurements themselves, for benchstat")
	flag.Parse()
	flag.Set("test.benchtime", *benchtime)
	if err := run(*rounds, *only, *raw); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func run(rounds int, only, raw string) error {
	out, err := os.CreateTemp("", "benchmarks-*.txt")
	if raw != "" {
		out, err = os.Create(raw)
	}
	if err != nil {
		return err
	}
	defer out.Close()
	if raw == "" {
		defer os.Remove(out.Name())
	}
	if err := refuse(); err != nil {
		return err
	}
	for _, group := range []struct {
		name   string
		setUp  func() []measurement
		rounds int // fewer for groups that use much memory and are slow
	}{{"comparisons", comparisons, rounds}, {"adapters", adapters, rounds}, {"many-tokens", manyTokens, (rounds + 3) / 4}, {"growth", growth, (rounds + 3) / 4}} {
		if only != "" && only != group.name {
			continue
		}
		if err := measure(out, group.setUp(), group.rounds); err != nil {
			return err
		}
	}
	return printTables(os.Stdout, out.Name())
}

// refuse checks that every stack does its work: it accepts a good token and rejects
// bad ones.
func refuse() error {
	for _, algorithm := range algorithms {
		s, stranger := newSigner(algorithm), newSigner(algorithm)
		for _, st := range stacks {
			h := st.guard(s)
			if status := statusOf(h, s.token(0)); status != http.StatusOK {
				return fmt.Errorf("%s answers %d to a good token of %s", st.name, status, algorithm)
			}
			for name, token := range map[string]string{
				"a tampered": s.tampered(), "an expired": s.expired(), "a stranger's": stranger.token(0), "no": "", "a garbage": "x.y.z",
			} {
				if status := statusOf(h, token); status < 400 {
					return fmt.Errorf("%s answers %d to %s token of %s", st.name, status, name, algorithm)
				}
			}
		}
	}
	return nil
}

// measure runs the measurements of one work in turn, round after round, so that
// other load of the machine affects all of them.
func measure(out io.Writer, ms []measurement, rounds int) error {
	for len(ms) > 0 {
		n := 1
		for n < len(ms) && ms[n].work() == ms[0].work() {
			n++
		}
		fmt.Fprintln(os.Stderr, ms[0].work())
		for range rounds {
			for _, cores := range []int{1, 2} {
				runtime.GOMAXPROCS(cores)
				for _, m := range ms[:n] {
					if err := m.measure(out, cores); err != nil {
						return err
					}
				}
			}
		}
		ms = ms[n:]
	}
	return nil
}

// work returns the part of the name before the stack.
func (m measurement) work() string {
	work, _, _ := strings.Cut(m.name, "/stack=")
	work, _, _ = strings.Cut(work, "/n=")
	return work
}

func (m measurement) measure(out io.Writer, cores int) error {
	r := testing.Benchmark(m.run)
	if r.N == 0 {
		return fmt.Errorf("%s failed", m.name)
	}
	_, err := fmt.Fprintf(out, "Benchmark/%s/cores=%d %s %s\n", m.name, cores, r, r.MemString())
	return err
}
