package outages_test

import (
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bearergate/bearergate/otelgate/internal/outages"
	"github.com/google/go-cmp/cmp"
)

var record = flag.Bool("record", false, "replace the recordings, the pictures and the page")

const (
	page     = "../../../docs/outages.md"
	pictures = "../../../docs/outages"
)

// TestRecordings runs every scenario again and compares it with its recording.
func TestRecordings(t *testing.T) {
	for _, s := range outages.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			var got outages.Recording
			synctest.Test(t, func(*testing.T) { got = outages.Record(s) })
			if *record {
				write(t, recordingOf(s.Name), encode(t, got))
			}
			if diff := cmp.Diff(decode(t, s.Name), decodeText(t, encode(t, got))); diff != "" {
				t.Errorf("the recording is another one; if that is meant, go generate (-recorded +got):\n%s", diff)
			}
		})
	}
	if *record {
		writeDocumentation(t)
	}
}

func writeDocumentation(t *testing.T) {
	t.Helper()
	all := recordings(t)
	for _, s := range outages.Scenarios() {
		write(t, filepath.Join(pictures, s.Name+".svg"), []byte(outages.Draw(s, all[s.Name])))
	}
	write(t, page, []byte(outages.Page(all)))
}

// TestDocumentationIsThatOfTheRecordings compares the page and the pictures with what is
// made of the recordings.
func TestDocumentationIsThatOfTheRecordings(t *testing.T) {
	needDocumentation(t)
	all := recordings(t)
	if diff := cmp.Diff(outages.Page(all), string(read(t, page))); diff != "" {
		t.Errorf("docs/outages.md: go generate ./internal/outages (-want +got):\n%s", diff)
	}
	want := make(map[string]bool)
	for _, s := range outages.Scenarios() {
		want[s.Name+".svg"] = true
		svg := read(t, filepath.Join(pictures, s.Name+".svg"))
		if string(svg) != outages.Draw(s, all[s.Name]) {
			t.Errorf("%s.svg: got another picture than that of the recording; go generate ./internal/outages", s.Name)
		}
		if len(svg) > 8<<10 {
			t.Errorf("%s.svg: got %d bytes, want 8 KiB at most", s.Name, len(svg))
		}
	}
	for _, file := range list(t, pictures) {
		if !want[file] {
			t.Errorf("docs/outages/%s: got a picture of no scenario", file)
		}
	}
}

// TestMetricsHaveWhatClientsGot compares the counter of decisions with the answers that
// clients received. Requests before the start are in both.
func TestMetricsHaveWhatClientsGot(t *testing.T) {
	for name, r := range recordings(t) {
		got, want := make(map[string]int), make(map[string]int)
		for _, c := range r.Answers {
			for _, v := range c.Values {
				got[c.Label] += int(v)
			}
		}
		for _, f := range r.First {
			want[f.Code] = f.Count
		}
		got["none"] += r.Prepared
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-clients +metrics):\n%s", name, diff)
		}
	}
}

// TestOutagesEndByThemselves looks at the last step: after the end of an outage of the
// server, every request passes.
func TestOutagesEndByThemselves(t *testing.T) {
	for name, r := range recordings(t) {
		last := len(r.Answers[0].Values) - 1
		for _, c := range r.Answers {
			status := c.Label == "temporarily_unavailable" || c.Label == "server_error" || c.Label == "client_gone"
			if status && c.Values[last] != 0 {
				t.Errorf("%s: got %v answers %s at the end, want none", name, c.Values[last], c.Label)
			}
		}
	}
}

var metricRow = regexp.MustCompile("(?m)^\\| `(bearergate[a-z.]+)` \\| ([a-z -]+) \\| `([^`]+)`")

var metricName = regexp.MustCompile("`(bearergate_[a-z_]+)")

// TestPageNamesMetricsThatExist compares the names of Prometheus with the table of
// metrics, which otelgate's own tests hold.
func TestPageNamesMetricsThatExist(t *testing.T) {
	needDocumentation(t)
	var known []string
	for _, row := range metricRow.FindAllStringSubmatch(string(read(t, "../../../docs/observability.md")), -1) {
		known = append(known, strings.ReplaceAll(row[1], ".", "_")+map[string]string{"counter": "_total"}[row[2]]+map[string]string{"s": "_seconds"}[row[3]])
	}
	for _, match := range metricName.FindAllStringSubmatch(string(read(t, page)), -1) {
		if !slices.Contains(known, match[1]) && !slices.Contains(known, strings.TrimSuffix(match[1], "_count")) {
			t.Errorf("got the metric %s, want one of %v", match[1], known)
		}
	}
}

var ruleName = regexp.MustCompile("`(Bearergate[A-Za-z]+)`")

func TestPageNamesAlertsThatExist(t *testing.T) {
	needDocumentation(t)
	rules := string(read(t, "../../../examples/otel/alerts.yml"))
	for _, match := range ruleName.FindAllStringSubmatch(string(read(t, page)), -1) {
		if !strings.Contains(rules, "alert: "+match[1]+"\n") {
			t.Errorf("got the rule %s, want one of alerts.yml", match[1])
		}
	}
}

func recordings(t *testing.T) map[string]outages.Recording {
	t.Helper()
	all := make(map[string]outages.Recording)
	for _, s := range outages.Scenarios() {
		all[s.Name] = decode(t, s.Name)
	}
	names := slices.Sorted(maps.Keys(all))
	for _, file := range list(t, "recordings") {
		if !slices.Contains(names, strings.TrimSuffix(file, ".json")) {
			t.Errorf("recordings/%s: got a recording of no scenario", file)
		}
	}
	return all
}

func recordingOf(name string) string { return filepath.Join("recordings", name+".json") }

func encode(t *testing.T, r outages.Recording) []byte {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func decode(t *testing.T, name string) outages.Recording {
	t.Helper()
	return decodeText(t, read(t, recordingOf(name)))
}

func decodeText(t *testing.T, text []byte) (r outages.Recording) {
	t.Helper()
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func needDocumentation(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(pictures); errors.Is(err, os.ErrNotExist) {
		t.Skip("docs is not here, as in a module that was downloaded")
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, directory string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
