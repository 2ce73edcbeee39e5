package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard is what a test needs to know of dashboard.json.
type dashboard struct {
	Templating struct{ List []variable }
	Panels     []panel
}

type variable struct{ Name, Type string }

type panel struct {
	Type, Title, Description string
	Datasource               struct{ UID string }
	FieldConfig              struct {
		Defaults struct {
			Unit       string
			Thresholds struct{ Steps []any }
		}
	}
	Targets []struct{ Expr string }
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPanelsSayWhatTheyShow(t *testing.T) {
	d := readDashboard(t)
	if len(d.Panels) < 10 {
		t.Fatalf("got %d panels, want all", len(d.Panels))
	}
	for _, p := range d.Panels {
		if p.Type == "row" {
			continue
		}
		defaults := p.FieldConfig.Defaults
		if p.Title == "" || p.Description == "" || defaults.Unit == "" || len(defaults.Thresholds.Steps) == 0 || len(p.Targets) == 0 {
			t.Errorf("got the panel %+v, want one with a title, a description, a unit, thresholds and a query", p)
		}
		if p.Datasource.UID != "${datasource}" {
			t.Errorf("%s: got the data source %q, want the variable", p.Title, p.Datasource.UID)
		}
	}
}

// TestPrometheusAnswersEveryQuery runs the example, with traffic and outages, and asks
// Prometheus what the dashboard would. It also looks for the metrics of the alerts.
func TestPrometheusAnswersEveryQuery(t *testing.T) {
	base := serve(t)
	server := startPrometheus(t, strings.TrimPrefix(base, "http://"))
	for _, p := range readDashboard(t).Panels {
		for _, target := range p.Targets {
			expr := substitute(target.Expr)
			var samples []sample
			var err error
			if !eventually(func() bool { samples, err = server.query(expr); return err == nil && hasNumbers(samples) }) {
				t.Errorf("%s: got the samples %v and the error %v for %s, want a number", p.Title, samples, err, expr)
			}
		}
	}
	known, err := server.names()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range metricsIn(t, "alerts.yml") {
		if !slices.Contains(known, name) {
			t.Errorf("alerts.yml has the metric %s, which the example does not export", name)
		}
	}
}

// substitute returns a query with its variables replaced, as Grafana does.
func substitute(expr string) string {
	return strings.NewReplacer("$__rate_interval", "1m", "$__range", "1m", "$route", ".*").Replace(expr)
}

var metricName = regexp.MustCompile(`\bbearergate_[a-z_]+\b[{\[ ]`)

// metricsIn returns the names of metrics in a file of rules.
func metricsIn(t *testing.T, file string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range metricName.FindAllString(string(text), -1) {
		if name = name[:len(name)-1]; strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_count") {
			names = append(names, name)
		}
	}
	if len(names) < 9 {
		t.Fatalf("%s: got the metrics %v, want all", file, names)
	}
	return names
}

func TestAlertsFireAndStaySilent(t *testing.T) {
	need(t, "promtool")
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}, {"check", "config", "prometheus.yml"}} {
		if output, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, output)
		}
	}
}
