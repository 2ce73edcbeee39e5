package code_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

func warm(ctx context.Context, keys jwtverifier.KeySource) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := keys.Ready(ctx); err != nil {
		slog.Warn("no keys yet; the first requests will try again", "error", err)
	}
}

func readiness(keys jwtverifier.KeySource) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if keys.Status().Keys == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
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

func TestProbeOfOperationsPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	t.Cleanup(server.Close)
	keys, err := jwtverifier.DiscoverKeys(issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	if got := status(readiness(keys), "GET", "/ready", ""); got != 503 {
		t.Errorf("before the first fetch: got %d, want 503", got)
	}
	warm(t.Context(), keys)
	if got := status(readiness(keys), "GET", "/ready", ""); got != 200 {
		t.Errorf("after it: got %d, want 200", got)
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
