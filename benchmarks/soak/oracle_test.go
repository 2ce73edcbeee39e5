package main

import (
	"regexp"
	"slices"
	"testing"
)

func TestOracleFindsPlantedFaults(t *testing.T) {
	for _, test := range []struct {
		name    string
		planted planted
		want    []string // faults
	}{
		{"answers that are changed", planted{middleware: wrongAnswers()}, []string{
			`^answer: .*got invalid_token, want temporarily_unavailable`,
			`^S1\.30: .*got Retry-After ""`,
			`^answer: .*"forged".*got a pass`,
			`^answer: .*"good".*got grant_revoked`,
			`^S1\.31: .*"absent".*got challenge ""`,
			`^S1\.19: .*got Cache-Control "max-age=60"`,
			`^S6\.12: .*got RateLimit \[\]`,
			`^S1\.17: .*got body "ok somebody else`,
			`^S1\.45: .*the observer received`,
		}},
		{"faults that let pass", planted{grants: stale, limiter: onFailure(true)}, []string{
			`^answer: .*got a pass, want temporarily_unavailable \(the limiter failed\)`,
			`^answer: .*got .*, want grant_(revoked|not_found)`,
		}},
		{"faults that blame clients", planted{grants: blaming, limiter: onFailure(false)}, []string{
			`^answer: .*got rate_limited, want temporarily_unavailable \(the limiter failed\)`,
			`^answer: .*got grant_not_found, want temporarily_unavailable \(its own query failed\)`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := short()
			s.planted = test.planted
			r, err := soak(s)
			if err != nil {
				t.Fatal(err)
			}
			faults := r.faults()
			for _, want := range test.want {
				if !slices.ContainsFunc(faults, regexp.MustCompile(want).MatchString) {
					t.Errorf("got %d faults in %d answers and none of them is %s", len(faults), r.total(), want)
				}
			}
		})
	}
}

func TestSoakFindsLeaks(t *testing.T) {
	s := short()
	s.planted.middleware = leak(t)
	r, err := soakAlone(s)
	if err != nil {
		t.Fatal(err)
	}
	if !r.grown() {
		t.Errorf("got a heap of %d KiB after a tenth of the time and %d at the end, want growth", r.heap.begin>>10, r.heap.end>>10)
	}
	if !r.leaked() {
		t.Errorf("got %d goroutines before and %d after, want more", r.goroutines.begin, r.goroutines.end)
	}
}
