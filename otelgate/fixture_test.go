package otelgate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/otelgate"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// meter is a gate with its own provider, and what was measured with it.
type meter struct {
	*otelgate.Gate
	reader *sdk.ManualReader
}

func newMeter(t testing.TB) meter {
	t.Helper()
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	gate, err := otelgate.New(provider)
	if err != nil {
		t.Fatal(err)
	}
	return meter{gate, reader}
}

// configured returns the handler with the gate as its observer.
func (m meter) configured(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	configure, err := bearergate.Configure(bearergate.Config{Observer: m.Observer(nil)})
	if err != nil {
		t.Fatal(err)
	}
	return configure(h)
}

// metrics returns what was measured, in one scope.
func (m meter) metrics(t testing.TB) []metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := m.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.ScopeMetrics) != 1 {
		t.Fatalf("got %d scopes, want one", len(all.ScopeMetrics))
	}
	return all.ScopeMetrics[0].Metrics
}

// series returns the value of each series of a metric by its attributes, and for
// histograms the number of values.
func (m meter) series(t testing.TB, name string) map[string]float64 {
	t.Helper()
	for _, metric := range m.metrics(t) {
		if metric.Name == name {
			return seriesOf(metric)
		}
	}
	return map[string]float64{}
}

func seriesOf(m metricdata.Metrics) map[string]float64 {
	all := make(map[string]float64)
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			all[textOf(p.Attributes)] = float64(p.Value)
		}
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			all[textOf(p.Attributes)] = p.Value
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			all[textOf(p.Attributes)] = float64(p.Count)
		}
	}
	return all
}

// textOf returns a set as its sorted attributes, such as "a=1 b=2".
func textOf(set attribute.Set) string {
	var all []string
	for _, a := range set.ToSlice() {
		all = append(all, fmt.Sprintf("%s=%v", a.Key, a.Value.AsInterface()))
	}
	sort.Strings(all)
	return strings.Join(all, " ")
}

// send sends a request and returns the status of the answer.
func send(h http.Handler, method, target, token string) int {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, bearergatetest.NewRequest(method, target, token))
	return rec.Code
}

// newAPI returns an API with two guarded routes, and a limit on one of them.
func newAPI(verifier bearergate.Verifier, limiter bearergate.Limiter, opts ...bearergate.RateLimitOption) http.Handler {
	mux := http.NewServeMux()
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.InstallationToken),
		bearergate.RateLimit(limiter, opts...),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("projects:read"),
	)(ok))
	mux.Handle("/anything", bearergate.RequireToken(verifier)(ok))
	mux.Handle("/unwired", bearergate.RequireScope("projects:read")(ok))
	return mux
}

var unlimited = bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
	return bearergate.Quota{Allowed: true}, nil
})
