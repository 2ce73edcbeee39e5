package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// need skips the test if a program is missing. If CI is true, it fails the test.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	text := program + " is missing: install prometheus, or run bash .ci/run install (Debian, Ubuntu)"
	if os.Getenv("CI") == "true" {
		t.Fatal(text)
	}
	t.Skip(text)
}

// scraper is a Prometheus that scrapes an API every second.
type scraper struct{ base string }

const configuration = `
global: {scrape_interval: 1s}
scrape_configs: [{job_name: api, static_configs: [{targets: [%q]}]}]
`

// startPrometheus starts a server for the test, which scrapes host.
func startPrometheus(t *testing.T, host string) scraper {
	t.Helper()
	need(t, "prometheus")
	dir, addr := t.TempDir(), freeAddr(t)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, fmt.Appendf(nil, configuration, host), 0o600); err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	server := exec.Command("prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr, "--log.level=warn")
	server.Stdout, server.Stderr = &output, &output
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
		if t.Failed() {
			t.Logf("prometheus wrote:\n%s", &output)
		}
	})
	p := scraper{"http://" + addr}
	if !eventually(func() bool { return strings.HasPrefix(page(p.base+"/-/ready"), "200") }) {
		t.Fatal("prometheus is not ready within 30 s")
	}
	return p
}

// freeAddr returns an address of this machine that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// sample is an element of a vector.
type sample struct {
	Value [2]any // the time, and the value as a string
}

// query returns the vector of a query.
func (p scraper) query(expr string) (samples []sample, err error) {
	var data struct{ Result []sample }
	err = p.get("/api/v1/query", url.Values{"query": {expr}}, &data)
	return data.Result, err
}

// names returns the names of all metrics.
func (p scraper) names() (names []string, err error) {
	err = p.get("/api/v1/label/__name__/values", nil, &names)
	return names, err
}

func (p scraper) get(path string, query url.Values, into any) error {
	resp, err := http.Get(p.base + path + "?" + query.Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer := struct {
		Error string
		Data  any
	}{Data: into}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	if answer.Error != "" {
		return fmt.Errorf("%s: %s", resp.Status, answer.Error)
	}
	return nil
}

// hasNumbers reports whether there is a sample, and one that is a number.
func hasNumbers(samples []sample) bool {
	for _, s := range samples {
		text, _ := s.Value[1].(string)
		if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) {
			return true
		}
	}
	return false
}

// eventually polls until done returns true, for half a minute at most.
func eventually(done func() bool) bool {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if done() {
			return true
		}
	}
	return false
}
