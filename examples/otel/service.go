package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/health"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/bearergate/bearergate/otelgate"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
)

// service is the API, and what stands in for the world around it.
type service struct {
	handler http.Handler
	gate    *otelgate.Gate

	issuer    *bearergatetest.Issuer // of an identity provider
	keyServer *httptest.Server
	keys      jwtverifier.KeySource
	apps      *bearergatetest.AppServer // a token endpoint and its API
	limiter   *sharedLimiter
	local     *bearergate.MemoryLimiter
}

func newService(logger *slog.Logger) (*service, error) {
	registry := prometheus.NewRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo())
	if err != nil {
		return nil, err
	}
	gate, err := otelgate.New(metric.NewMeterProvider(metric.WithReader(reader)))
	if err != nil {
		return nil, err
	}
	s := &service{gate: gate, issuer: bearergatetest.NewIssuer(), apps: bearergatetest.NewAppServer(nil)}
	s.keyServer = s.issuer.Start()
	if err := s.build(logger, promhttp.HandlerFor(registry, promhttp.HandlerOpts{})); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *service) close() {
	if s.keys != nil {
		s.keys.Close()
	}
	if s.local != nil {
		s.local.Close()
		s.limiter.budget.Close()
	}
	s.keyServer.Close()
	s.apps.Close()
}

// build makes the parts that can fail, and the handler.
func (s *service) build(logger *slog.Logger, metrics http.Handler) (err error) {
	if s.keys, err = jwtverifier.DiscoverKeys(s.issuer.URL); err != nil {
		return err
	}
	if _, err := s.gate.ObserveKeys(s.issuer.URL, s.keys); err != nil {
		return err
	}
	verifier, err := jwtverifier.New(jwtverifier.Config{Issuer: s.issuer.URL, Audience: s.issuer.Audience, Keys: s.keys, Logger: logger})
	if err != nil {
		return err
	}
	budget, err := bearergate.PerMinute(1000)
	if err != nil {
		return err
	}
	s.limiter = &sharedLimiter{budget: budget}
	if s.local, err = bearergate.PerMinute(1000); err != nil {
		return err
	}
	configure, err := bearergate.Configure(bearergate.Config{Observer: s.gate.Observer(bearergate.LogDecisions(logger))})
	if err != nil {
		return err
	}
	api, err := s.routes(verifier)
	if err != nil {
		return err
	}
	ready, err := health.Ready(health.Config{Checks: map[string]health.Check{"keys": s.keys.Ready}, Logger: logger})
	if err != nil {
		return err
	}
	mux := http.NewServeMux() // in production, the first three belong on a port of their own
	mux.Handle("/metrics", metrics)
	mux.Handle("/live", health.Live())
	mux.Handle("/ready", ready)
	mux.Handle("/", configure(api))
	s.handler = mux
	return nil
}

// sharedLimiter stands for a limiter over a network, which can be down.
type sharedLimiter struct {
	budget *bearergate.MemoryLimiter
	down   atomic.Bool
}

func (l *sharedLimiter) Take(ctx context.Context, key string) (bearergate.Quota, error) {
	if l.down.Load() {
		return bearergate.Quota{}, errors.New("the shared limiter is down")
	}
	return l.budget.Take(ctx, key)
}

// routes returns the guarded routes. Those of the token endpoint and its API are the
// rest.
func (s *service) routes(verifier bearergate.Verifier) (http.Handler, error) {
	grants := new(bearergate.MemoryGrants)
	for _, id := range []string{bearergatetest.DefaultGrantID, "revoked"} {
		if err := grants.Put(bearergate.Grant{ID: id, OrganizationID: bearergatetest.DefaultOrganizationID}); err != nil {
			return nil, err
		}
	}
	if err := grants.Revoke("revoked", time.Now()); err != nil {
		return nil, err
	}
	token := bearergate.RequireToken(verifier, bearergate.InstallationToken)
	projects := bearergate.Chain(token,
		bearergate.RateLimit(s.limiter, bearergate.WithFallback(s.local)),
		bearergate.RequireGrant(grants),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("projects:read"),
	)
	premium := bearergate.Chain(token, bearergate.Require(func(*http.Request) error { return bearergate.ErrForbidden }))
	misplaced := bearergate.RequireScope("projects:read") // has no RequireToken in front of it
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("[]\n")) })

	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/projects", projects(ok))
	mux.Handle("GET /premium", premium(ok))
	mux.Handle("GET /misplaced", misplaced(ok))
	mux.Handle("/", s.apps.Config.Handler)
	return mux, nil
}
