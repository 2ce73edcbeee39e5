package main

import (
	"flag"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

func TestEveryMeasurementGetsTheAnswerThatItIsAbout(t *testing.T) {
	benchtime := flag.Lookup("test.benchtime").Value.String()
	flag.Set("test.benchtime", "2x")
	t.Cleanup(func() { flag.Set("test.benchtime", benchtime) })
	p := program{raw: io.Discard}
	for name, ms := range map[string][]measurement{
		"guards": eachGuards(), "refusals": eachRefusal(), "first-sight": firstSight(newSigner("EdDSA")), "forgeries": forgeries(), "takes": takes(),
	} {
		if err := p.measure(newResults(), ms, 1, 1, 2); err != nil {
			t.Errorf("%s: got the error %v, want none", name, err)
		}
	}
}

func TestRefusalIsAnsweredAsItsNameSays(t *testing.T) {
	for _, r := range refusals(newSigner("EdDSA"), newSigner("EdDSA")) {
		answer(r.h, r.request())
		got := answer(r.h, r.request())
		if want, _, _ := strings.Cut(r.name, ","); strconv.Itoa(got) != want || got != r.status {
			t.Errorf("%s: got %d, want %s and %d", r.name, got, want, r.status)
		}
	}
}

func TestRefusalHasAsManyHeadersAsThePageSays(t *testing.T) {
	want := map[string]int{
		"401, absent": 5, "401, garbage": 5, "403, scope": 7, "403, organization": 6, "403, Require": 4, "404, grant": 4, "410, grant": 4,
		"429, rate limit": 7, "429, failed authentication": 7, "503, limiter": 5,
	}
	for _, r := range refusals(newSigner("EdDSA"), newSigner("EdDSA")) {
		answer(r.h, r.request())
		w := httptest.NewRecorder()
		r.h.ServeHTTP(w, r.request())
		if n, ok := want[r.name]; ok && len(w.Header()) != n {
			t.Errorf("%s: got the headers %v, want %d", r.name, w.Header(), n)
		}
	}
}

func TestGroupThatDoesNotExistIsNamed(t *testing.T) {
	err := (&program{}).runGroups(io.Discard, "typo")
	if err == nil || !strings.Contains(err.Error(), `"typo"`) {
		t.Errorf("got the error %v, want one that names the group", err)
	}
}
