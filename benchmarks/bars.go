package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// bar is what the library must hold: that a measured value is at most a bound, or at
// least one.
type bar struct {
	what     string
	values   quartiles
	judged   float64 // one of the values, or a number that is not one of many
	atLeast  bool
	bound    float64
	unit     string
	measured bool // false: the values are missing
}

func atMost(bound float64, what string, values []float64) bar {
	q := quartilesOf(values)
	return bar{what: what, values: q, judged: q.median, bound: bound, measured: len(values) > 0}
}

func atLeast(bound float64, what string, values []float64) bar {
	b := atMost(bound, what, values)
	b.atLeast = true
	return b
}

// worst judges the worst of the values, and not their median.
func (b bar) worst(values []float64) bar {
	if len(values) > 0 {
		b.judged = slices.Max(values)
		if b.atLeast {
			b.judged = slices.Min(values)
		}
	}
	return b
}

func (b bar) in(unit string) bar {
	b.unit = unit
	return b
}

func (b bar) holds() bool {
	if b.atLeast {
		return b.measured && b.judged >= b.bound
	}
	return b.measured && b.judged <= b.bound
}

// checkBars measures what the bars are about, prints each of them, and returns an error
// if one was missed.
func (p *program) checkBars(w io.Writer) error {
	var bars []bar
	for _, measure := range []func(*program) ([]bar, error){
		(*program).guardBars, (*program).peerBars, (*program).firstSightBars, (*program).limiterBars, (*program).waitBars, (*program).floodBars,
	} {
		more, err := measure(p)
		if err != nil {
			return err
		}
		bars = append(bars, more...)
	}
	return printBars(w, bars)
}

func printBars(w io.Writer, bars []bar) error {
	table, missed := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0), 0
	fmt.Fprintln(table, "| bar\t| bound\t| judged\t| median, quartiles\t| \t|\n|---\t|---:\t|---:\t|---:\t|---\t|")
	for _, b := range bars {
		bound, verdict := "≤ ", "ok"
		if b.atLeast {
			bound = "≥ "
		}
		if !b.holds() {
			verdict = "missed"
			missed++
		}
		fmt.Fprintf(table, "| %s\t| %s%g%s\t| %.4g%s\t| %s\t| %s\t|\n", b.what, bound, b.bound, b.unit, b.judged, b.unit, b.values, verdict)
	}
	table.Flush()
	if missed > 0 {
		return fmt.Errorf("%d of %d bars are missed", missed, len(bars))
	}
	return nil
}
