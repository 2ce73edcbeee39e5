package code_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/health"
	"github.com/bearergate/bearergate/jwtverifier"
)

func narrowed() (*jwtverifier.Verifier, error) {
	return jwtverifier.New(jwtverifier.Config{
		Issuer:     "https://auth.example",
		Audience:   "https://api.example",
		Algorithms: []string{"RS256", "ES256"},
		MaxRSABits: 4096,
	})
}

func TestConfigurationNarrowsWhatIsAccepted(t *testing.T) {
	if _, err := narrowed(); err != nil {
		t.Error(err)
	}
}

func probes(mux *http.ServeMux, keys jwtverifier.KeySource, store interface{ Ping(context.Context) error }) error {
	ready, err := health.Ready(health.Config{Checks: map[string]health.Check{
		"keys":  keys.Ready, // fetches them, if there are none
		"store": store.Ping,
	}})
	if err != nil {
		return err
	}
	mux.Handle("/live", health.Live())
	mux.Handle("/ready", ready)
	return nil
}

func metrics(count func(code string, hit bool)) (bearergate.Middleware, error) {
	logged := bearergate.LogDecisions(slog.Default())
	return bearergate.Configure(bearergate.Config{
		Observer: func(ctx context.Context, d bearergate.Decision) {
			count(string(d.Code), d.CacheHit) // the code is empty if the request passed
			logged(ctx, d)
		},
	})
}

func sharedLimit(shared bearergate.Limiter) (bearergate.Middleware, error) {
	local, err := bearergate.PerMinute(100) // for each server, while the shared limiter is down
	if err != nil {
		return nil, err
	}
	return bearergate.RateLimit(shared,
		bearergate.WithLimiterTimeout(20*time.Millisecond),
		bearergate.WithFallback(local),
	), nil
}

// pinged is a store that answers with an error, or nil.
type pinged struct{ err error }

func (p *pinged) Ping(context.Context) error { return p.err }

func TestProbesOfOperationsPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	t.Cleanup(server.Close)
	keys, err := jwtverifier.DiscoverKeys(issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	mux, store := http.NewServeMux(), new(pinged)
	if err := probes(mux, keys, store); err != nil {
		t.Fatal(err)
	}
	wantProbe(t, mux, "/ready", 200, `{"ready":true,"checks":{"keys":"ok","store":"ok"}}`)
	store.err = errors.New("down")
	wantProbe(t, mux, "/ready", 503, `{"ready":false,"checks":{"keys":"ok","store":"failing"}}`)
	wantProbe(t, mux, "/live", 200, `{"live":true}`)
}

func wantProbe(t *testing.T, h http.Handler, path string, status int, body string) {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
	if rec.Code != status || rec.Body.String() != body+"\n" {
		t.Errorf("%s: got %d %s, want %d %s", path, rec.Code, rec.Body, status, body)
	}
}

func TestMetricsOfOperationsPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	counts := make(map[string]int)
	configure, err := metrics(func(code string, _ bool) { counts[code]++ })
	if err != nil {
		t.Fatal(err)
	}
	api := bearergate.Chain(configure, bearergate.RequireToken(issuer.Verifier()))(ok)
	status(api, "GET", "/", issuer.Token())
	status(api, "GET", "/", issuer.Token(bearergatetest.Expired()))
	if counts[""] != 1 || counts["invalid_token"] != 1 {
		t.Errorf("got %v, want one pass and one invalid_token", counts)
	}
}

func TestSharedLimitOfOperationsPage(t *testing.T) {
	down := bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
		return bearergate.Quota{}, context.DeadlineExceeded
	})
	limit, err := sharedLimit(down)
	if err != nil {
		t.Fatal(err)
	}
	issuer := bearergatetest.NewIssuer()
	api := bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), limit)(ok)
	if got := status(api, "GET", "/", issuer.Token()); got != 200 {
		t.Errorf("got %d, want 200 by the local limiter", got)
	}
}
