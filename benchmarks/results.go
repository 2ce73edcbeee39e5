package main

import (
	"fmt"
	"slices"
	"strings"
)

// results holds what was measured, by the name of the measurement, with a value for
// each round.
type results struct {
	order  []string // of the names, with the number of cores
	time   map[string][]float64
	allocs map[string][]float64
}

func newResults() *results {
	return &results{time: make(map[string][]float64), allocs: make(map[string][]float64)}
}

func (r *results) add(name string, ns, allocs float64) {
	if r.time[name] == nil {
		r.order = append(r.order, name)
	}
	r.time[name] = append(r.time[name], ns)
	r.allocs[name] = append(r.allocs[name], allocs)
}

// ratio compares a measurement with the base, round by round: if the machine is slower
// for a while, both are slower. It has no quotients if one of them was not measured.
func (r *results) ratio(name, base string) []float64 {
	times, bases := r.time[name], r.time[base]
	if len(times) != len(bases) {
		return nil
	}
	quotients := make([]float64, len(times))
	for i := range times {
		quotients[i] = times[i] / bases[i]
	}
	return quotients
}

// names returns the works, the stacks, and the measurements of growth, in their order.
func (r *results) names() (works, stacks, grown []string) {
	add := func(to *[]string, name string) {
		if !slices.Contains(*to, name) {
			*to = append(*to, name)
		}
	}
	for _, name := range r.order {
		base, _, _ := strings.Cut(name, "/cores=")
		if work, stack, ok := strings.Cut(base, "/stack="); ok {
			add(&works, work)
			add(&stacks, stack)
		} else {
			add(&grown, base)
		}
	}
	return works, stacks, grown
}

// onCores returns the name under which the results of a stack are kept.
func onCores(work, stack string, cores int) string {
	return fmt.Sprintf("%s/stack=%s/cores=%d", work, stack, cores)
}
