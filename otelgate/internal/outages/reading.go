package outages

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// seriesKey is a metric and its attributes without those of HTTP, such as
// "a=1 b=2".
type seriesKey struct{ metric, attrs string }

// value returns the value of an attribute.
func (k seriesKey) value(name string) string {
	for attr := range strings.FieldsSeq(k.attrs) {
		if value, ok := strings.CutPrefix(attr, name+"="); ok {
			return value
		}
	}
	return ""
}

// point is the state of a series: a value or, of a histogram, the number and sum of its
// values.
type point struct {
	kind  string // counter, gauge or histogram
	value float64
	sum   float64
}

// reading is all series at a time.
type reading map[seriesKey]point

func (w *world) read() reading {
	var all metricdata.ResourceMetrics
	must(0, w.reader.Collect(context.Background(), &all))
	r := make(reading)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			r.add(m)
		}
	}
	return r
}

func (r reading) add(m metricdata.Metrics) {
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		kind := "gauge"
		if data.IsMonotonic {
			kind = "counter"
		}
		for _, p := range data.DataPoints {
			r.put(m.Name, p.Attributes, point{kind, float64(p.Value), 0})
		}
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			r.put(m.Name, p.Attributes, point{"gauge", p.Value, 0})
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			r.put(m.Name, p.Attributes, point{"histogram", float64(p.Count), p.Sum})
		}
	}
}

// put adds a point to those that differ only in method and route.
func (r reading) put(metric string, set attribute.Set, p point) {
	var attrs []string
	for _, a := range set.ToSlice() {
		if !strings.HasPrefix(string(a.Key), "http.") {
			attrs = append(attrs, fmt.Sprintf("%s=%v", a.Key, a.Value.AsInterface()))
		}
	}
	slices.Sort(attrs)
	key := seriesKey{metric, strings.Join(attrs, " ")}
	before := r[key]
	r[key] = point{p.kind, before.value + p.value, before.sum + p.sum}
}

// Kind is how a series is drawn.
type Kind int

const (
	// Growth is by how much a counter, or the number of values of a histogram, grew
	// in each step.
	Growth Kind = iota
	// Total is by how much it grew since the start.
	Total
	// Value is the value of a gauge.
	Value
	// Mean is the mean of a histogram in each step, in milliseconds.
	Mean
)

// Series selects what the second part of a picture shows: the sum of the series of a
// metric that have the attributes.
type Series struct {
	Metric, Attrs, Label string
	Kind                 Kind
	Scale                float64 // of the values, 0 for 1
}

// sum returns the sum of the selected series. Without one, its kind is empty.
func (s Series) sum(r reading) (total point) {
	for key, p := range r {
		if key.metric == s.Metric && s.selects(key) {
			total = point{p.kind, total.value + p.value, total.sum + p.sum}
		}
	}
	return total
}

// selects reports whether the key has the attributes. "-name" stands for its absence.
func (s Series) selects(key seriesKey) bool {
	for attr := range strings.FieldsSeq(s.Attrs) {
		if name, absent := strings.CutPrefix(attr, "-"); absent {
			if key.value(name) != "" {
				return false
			}
		} else if !slices.Contains(strings.Fields(key.attrs), attr) {
			return false
		}
	}
	return true
}

// absent stands for a gauge that is not there.
const absent = -1

func (s Series) curve(samples []reading) []float64 {
	scale := s.Scale
	if scale == 0 {
		scale = 1
	}
	first := s.sum(samples[0])
	var values []float64
	for i := 1; i < len(samples); i++ {
		before, now := s.sum(samples[i-1]), s.sum(samples[i])
		if s.Kind == Value && now.kind == "" {
			values = append(values, absent)
			continue
		}
		values = append(values, rounded(s.Kind.of(first, before, now)*scale))
	}
	return values
}

func (k Kind) of(first, before, now point) float64 {
	switch k {
	case Growth:
		return now.value - before.value
	case Total:
		return now.value - first.value
	case Mean:
		if now.value == before.value {
			return 0
		}
		return (now.sum - before.sum) / (now.value - before.value) * 1000
	}
	return now.value
}

func rounded(v float64) float64 { return math.Round(v*100) / 100 }

// movedIn returns the counters that stood still until a step, and grew afterwards.
func movedIn(samples []reading, until int) []Moved {
	first, before, last := samples[0], samples[until], samples[len(samples)-1]
	var all []Moved
	for _, key := range slices.SortedFunc(maps.Keys(last), compareKeys) {
		p := last[key]
		if p.kind != "gauge" && before[key].value == first[key].value && p.value > before[key].value {
			all = append(all, Moved{prometheus(key, p.kind), p.value - before[key].value})
		}
	}
	return all
}

func compareKeys(a, b seriesKey) int { return strings.Compare(a.metric+a.attrs, b.metric+b.attrs) }

// prometheus returns the name that Prometheus has for a series.
func prometheus(key seriesKey, kind string) string {
	name := strings.ReplaceAll(key.metric, ".", "_")
	switch {
	case kind == "counter":
		name += "_total"
	case kind == "histogram":
		name += "_seconds_count"
	case strings.HasSuffix(name, "_age"):
		name += "_seconds"
	}
	var labels []string
	for attr := range strings.FieldsSeq(key.attrs) {
		label, value, _ := strings.Cut(attr, "=")
		labels = append(labels, fmt.Sprintf("%s=%q", strings.ReplaceAll(label, ".", "_"), value))
	}
	if len(labels) == 0 {
		return name
	}
	return name + "{" + strings.Join(labels, ", ") + "}"
}
