package main

import (
	"fmt"
	"slices"
)

// quartiles are the median of some values, and the values between which the middle
// half of them lies.
type quartiles struct{ low, median, high float64 }

func quartilesOf(values []float64) quartiles {
	sorted := slices.Sorted(slices.Values(values))
	return quartiles{quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)}
}

// quantile returns the value below which this part of the sorted values lies. Between
// two values it interpolates.
func quantile(sorted []float64, part float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := part * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

func median(values []float64) float64 { return quartilesOf(values).median }

func (q quartiles) String() string {
	return fmt.Sprintf("%.3g [%.3g–%.3g]", q.median, q.low, q.high)
}
