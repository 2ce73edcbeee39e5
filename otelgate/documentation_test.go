package otelgate_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// TestDocumentationHasTheTableOfMetrics compares the names, kinds, units, attributes
// and descriptions of all metrics with docs/observability.md.
func TestDocumentationHasTheTableOfMetrics(t *testing.T) {
	page, err := os.ReadFile("../docs/observability.md")
	if os.IsNotExist(err) {
		t.Skip("docs is not here, as in a module that was downloaded")
	}
	if err != nil {
		t.Fatal(err)
	}
	m := newMeter(t)
	measureEverything(t, m)
	var rows []string
	for _, metric := range m.metrics(t) {
		rows = append(rows, rowOf(metric))
	}
	slices.Sort(rows)
	if table := strings.Join(rows, ""); !strings.Contains(string(page), table) {
		t.Errorf("docs/observability.md does not have the table of metrics; it is:\n%s", table)
	}
}

// measureEverything has every metric measured with every attribute.
func measureEverything(t *testing.T, m meter) {
	t.Helper()
	observe := m.Observer(nil)
	observe(t.Context(), bearergate.Decision{
		Method: "GET", Pattern: "GET /", TokenType: bearergate.AccessToken, Degraded: true, Repeated: true, Theft: bearergate.CodeReplayed,
	})
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	defer server.Close()
	keys, err := jwtverifier.DiscoverKeys(issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	if err := keys.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.ObserveKeys("issuer", keys); err != nil {
		t.Fatal(err)
	}
	config := m.ObserveClient(client.Config{APIURL: "https://api.example"})
	config.Renewed(client.Renewal{Err: bearergate.ErrInvalidGrant})
	config.Dead(bearergate.ErrInvalidGrant)
}

// rowOf returns the row of a metric in the documentation.
func rowOf(m metricdata.Metrics) string {
	attributes := make(map[string]bool)
	for set := range seriesOf(m) {
		for attribute := range strings.FieldsSeq(set) {
			name, _, _ := strings.Cut(attribute, "=")
			attributes["`"+name+"`"] = true
		}
	}
	names := slices.Sorted(maps.Keys(attributes))
	return fmt.Sprintf("| `%s` | %s | `%s` | %s | %s |\n", m.Name, kindOf(m), m.Unit, strings.Join(names, ", "), m.Description)
}

func kindOf(m metricdata.Metrics) string {
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		if data.IsMonotonic {
			return "counter"
		}
		return "up-down counter"
	case metricdata.Gauge[float64]:
		return "gauge"
	case metricdata.Histogram[float64]:
		return "histogram"
	}
	return fmt.Sprintf("%T", m.Data)
}

func TestHistogramsSpanWhatIsMeasured(t *testing.T) {
	m := newMeter(t)
	measureEverything(t, m)
	got := make(map[string][]float64)
	for _, metric := range m.metrics(t) {
		if data, ok := metric.Data.(metricdata.Histogram[float64]); ok {
			bounds := data.DataPoints[0].Bounds
			got[metric.Name] = []float64{bounds[0], bounds[len(bounds)-1]}
		}
	}
	want := map[string][]float64{"bearergate.decision.duration": {10e-6, 5}, "bearergate.client.renewal.duration": {5e-3, 25}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("first and last bound (-want +got):\n%s", diff)
	}
}
