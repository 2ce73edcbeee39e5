package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// report is the result of a soak.
type report struct {
	settings
	*counts
	faulty             *faults
	rotations, fetches int
	heap               struct{ begin, end int }
	goroutines         struct{ begin, most, end int }
}

// grown reports whether the heap is larger than measurement explains.
func (r *report) grown() bool { return r.heap.end > r.heap.begin+r.heap.begin/10+4<<20 }

// leaked reports whether goroutines are left behind.
func (r *report) leaked() bool { return r.goroutines.end > r.goroutines.begin }

// faults returns what is wrong, in sentences.
func (r *report) faults() (texts []string) {
	if r.grown() {
		texts = append(texts, fmt.Sprintf("the heap grew from %d to %d KiB", r.heap.begin>>10, r.heap.end>>10))
	}
	if r.leaked() {
		texts = append(texts, fmt.Sprintf("there were %d goroutines, and %d are left", r.goroutines.begin, r.goroutines.end))
	}
	for _, f := range r.faulty.first {
		texts = append(texts, f.rule+": "+f.text)
	}
	return texts
}

// printed bounds the faults that are printed.
const printed = 50

func (r *report) print(w io.Writer) {
	for i, text := range r.faults() {
		if i == printed {
			fmt.Fprintln(w, "…")
			break
		}
		fmt.Fprintln(w, "WRONG", text)
	}
	fmt.Fprintf(w, "seed %d, %d workers, %v\n", r.seed, r.workers, r.duration)
	fmt.Fprintf(w, "%d answers, %d wrong; %d clients left before theirs\n", r.total(), r.faulty.count, r.left.Load())
	for _, code := range slices.Sorted(maps.Keys(r.codes)) {
		fmt.Fprintf(w, "%10d %s\n", r.codes[code], code)
	}
	fmt.Fprintf(w, "%d rotations of keys, %d requests to the key server\n", r.rotations, r.fetches)
	fmt.Fprintf(w, "heap in use, without the ballast: %.1f MiB after a tenth of the time, %.1f at the end\n", mib(r.heap.begin), mib(r.heap.end))
	fmt.Fprintf(w, "goroutines: %d before, %d at most, %d after\n", r.goroutines.begin, r.goroutines.most, r.goroutines.end)
}

func mib(n int) float64 { return float64(n) / (1 << 20) }
