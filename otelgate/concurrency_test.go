package otelgate_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

func TestGateIsSafeForConcurrentUse(t *testing.T) {
	m, issuer := newMeter(t), bearergatetest.NewIssuer()
	api, token := m.configured(t, newAPI(issuer.Verifier(), unlimited)), issuer.Token()
	observe := m.Observer(nil)
	var running sync.WaitGroup
	for i := range 8 {
		running.Go(func() {
			for j := range 200 {
				send(api, "GET", "/anything", token)
				observe(t.Context(), bearergate.Decision{Method: "GET", Pattern: fmt.Sprint("/", (i+j)%100)})
				if j%50 == 0 {
					m.metrics(t)
				}
			}
		})
	}
	running.Wait()
	var got float64
	for _, count := range m.series(t, "bearergate.decisions") {
		got += count
	}
	if want := 8.0 * 400; got != want {
		t.Errorf("got %v decisions, want %v", got, want)
	}
}

// TestRoutesAreBoundedUnderConcurrentUse has the last free places taken at once.
func TestRoutesAreBoundedUnderConcurrentUse(t *testing.T) {
	m := newMeter(t)
	observe, begin := m.Observer(nil), make(chan struct{})
	var running sync.WaitGroup
	for i := range 1200 {
		running.Go(func() {
			<-begin
			observe(t.Context(), bearergate.Decision{Method: "GET", Pattern: fmt.Sprint("GET /", i)})
		})
	}
	close(begin)
	running.Wait()
	if got := len(m.series(t, "bearergate.decision.duration")); got != 1001 {
		t.Errorf("got %d series, want 1001", got)
	}
}

func BenchmarkObserver(b *testing.B) {
	for _, c := range []struct {
		name     string
		decision bearergate.Decision
	}{
		{"pass", bearergate.Decision{Method: "GET", Pattern: "GET /orgs/{org}/projects", TokenType: bearergate.InstallationToken, CacheHit: true}},
		{"refusal", bearergate.Decision{Method: "GET", Pattern: "GET /orgs/{org}/projects", Code: bearergate.ErrInvalidToken}},
	} {
		b.Run(c.name, func(b *testing.B) {
			observe, ctx := newMeter(b).Observer(nil), b.Context()
			b.ReportAllocs()
			for b.Loop() {
				observe(ctx, c.decision)
			}
		})
	}
}
