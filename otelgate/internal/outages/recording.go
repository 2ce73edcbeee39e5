package outages

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// Recording is what was seen of a scenario.
type Recording struct {
	Scenario    string
	Start       time.Time
	Step        Seconds
	Break, Mend Seconds // since the start
	Answers     []Curve // by code, in each step
	Second      []Curve `json:",omitempty"`
	Moved       []Moved `json:",omitempty"`
	Log         []LogLine
	First       []First
	Prepared    int `json:",omitempty"` // requests that passed before the start
}

// Seconds is a duration in seconds.
type Seconds float64

// Curve is the values of a series, one for each step.
type Curve struct {
	Label  string
	Values []float64
}

// Moved is a counter that stood still before, and the amount by which it grew.
type Moved struct {
	Series string
	By     float64
}

// First is the first answer with a code, and how many clients got it.
type First struct {
	Code  string
	Count int
	Bytes string `json:",omitempty"`
}

// nightOf is when every outage begins.
var nightOf = time.Date(2026, time.November, 2, 3, 0, 0, 0, time.UTC)

// Record runs a scenario. It is called in a bubble.
func Record(s Scenario) Recording {
	time.Sleep(time.Until(nightOf))
	w := newWorld(s)
	defer w.close()
	if s.Prepare != nil {
		s.Prepare(w)
	}
	start, prepared := time.Now(), w.received.counts[passed]
	var events, requests sync.WaitGroup
	events.Go(func() { at(start, s.Break, func() { s.Breaks(w) }) })
	if s.Mends != nil {
		events.Go(func() { at(start, s.Mend, func() { s.Mends(w) }) })
	}
	for _, stream := range s.Load {
		events.Go(func() { stream.run(w, start.Add(s.Length), &requests) })
	}
	samples := sample(w, s, start)
	events.Wait()
	requests.Wait()
	r := s.recording(w, start, samples)
	r.Prepared = prepared
	return r
}

// at calls f at a time since the start. Sampling and load have other times.
func at(start time.Time, d time.Duration, f func()) {
	time.Sleep(time.Until(start.Add(d + time.Microsecond)))
	f()
}

// sample reads all metrics at the start and after each step.
func sample(w *world, s Scenario, start time.Time) []reading {
	all := []reading{w.read()}
	for d := s.Step; d <= s.Length; d += s.Step {
		time.Sleep(time.Until(start.Add(d)))
		all = append(all, w.read())
	}
	return all
}

func (s Scenario) recording(w *world, start time.Time, samples []reading) Recording {
	r := Recording{
		Scenario: s.Name, Start: start.UTC(), Step: seconds(s.Step), Break: seconds(s.Break), Mend: seconds(s.Mend),
		Answers: answersOf(samples), Moved: movedIn(samples, int(s.Break/s.Step)), Log: w.log.all,
	}
	for _, series := range s.Second.Series {
		r.Second = append(r.Second, Curve{series.Label, series.curve(samples)})
	}
	for _, code := range slices.Sorted(maps.Keys(w.received.counts)) {
		if code == passed {
			r.First = append(r.First, First{Code: code, Count: w.received.counts[code]})
			continue
		}
		r.First = append(r.First, First{code, w.received.counts[code], w.received.first[code]})
	}
	return r
}

func seconds(d time.Duration) Seconds { return Seconds(d.Seconds()) }

// answersOf returns the decisions in each step by code: those that passed first, then
// the most frequent ones.
func answersOf(samples []reading) []Curve {
	codes := make(map[string]bool)
	for _, key := range slices.Collect(maps.Keys(samples[len(samples)-1])) {
		if key.metric == "bearergate.decisions" {
			codes[key.value("bearergate.code")] = true
		}
	}
	var all []Curve
	for code := range codes {
		series := Series{Metric: "bearergate.decisions", Attrs: "bearergate.code=" + code, Kind: Growth}
		all = append(all, Curve{code, series.curve(samples)})
	}
	slices.SortFunc(all, func(a, b Curve) int {
		return cmp.Or(cmp.Compare(rank(a.Label), rank(b.Label)), cmp.Compare(sum(b.Values), sum(a.Values)), cmp.Compare(a.Label, b.Label))
	})
	return all
}

func rank(code string) int {
	if code == passed {
		return 0
	}
	return 1
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}
