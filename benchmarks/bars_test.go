package main

import (
	"strings"
	"testing"
)

func TestBarIsMissedOnTheWrongSideOfItsBound(t *testing.T) {
	values := []float64{1, 2, 3, 4, 5}
	for _, test := range []struct {
		name string
		bar  bar
		want bool
	}{
		{"the median is as high as may be", atMost(3, "", values), true},
		{"the median is too high", atMost(2.9, "", values), false},
		{"the worst is too high", atMost(3, "", values).worst(values), false},
		{"the median is as low as may be", atLeast(3, "", values), true},
		{"the median is too low", atLeast(3.1, "", values), false},
		{"the worst is too low", atLeast(3, "", values).worst(values), false},
		{"nothing was measured", atMost(3, "", nil), false},
		{"nothing was measured that could be large", atLeast(0, "", nil), false},
	} {
		if got := test.bar.holds(); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestBarsArePrintedWithTheirVerdict(t *testing.T) {
	var out strings.Builder
	err := printBars(&out, []bar{atMost(3, "low enough", []float64{1, 2, 3}), atLeast(3, "too low", []float64{1, 2, 3}).in(" %")})
	if err == nil {
		t.Error("got no error, want one, since a bar is missed")
	}
	for _, want := range []string{"low enough | ≤ 3", "2 [1.5–2.5]", "ok", "≥ 3 %", "missed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %s, want %q in it", &out, want)
		}
	}
}
