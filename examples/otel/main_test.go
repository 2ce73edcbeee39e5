package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// serve starts the example and its traffic for a test, and returns its URL.
func serve(t *testing.T) string {
	t.Helper()
	s, err := newService(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.handler)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.traffic(server.URL).run(ctx, 500*time.Millisecond); err != nil && ctx.Err() == nil {
			t.Errorf("traffic: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		server.Close()
		s.close()
	})
	return server.URL
}

// TestTrafficHasEveryCode reads the metrics as Prometheus does.
func TestTrafficHasEveryCode(t *testing.T) {
	base := serve(t)
	for _, code := range append(bearergate.Codes(), "none") {
		sample := fmt.Sprintf("bearergate_code=%q", code)
		if !eventually(func() bool { return strings.Contains(page(base+"/metrics"), sample) }) {
			t.Errorf("got no series with the code %s, want one", code)
		}
	}
	for _, path := range []string{"/live", "/ready"} {
		if got := page(base + path); !strings.HasPrefix(got, "200") {
			t.Errorf("%s: got %s, want 200", path, got)
		}
	}
}

// page returns the status and the body of an answer.
func page(target string) string {
	resp, err := http.Get(target)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.Status + "\n" + string(body)
}
