package health_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/health"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/google/go-cmp/cmp"
)

func works(context.Context) error { return nil }

func fails(context.Context) error { return errors.New("no route to 10.0.0.7") }

func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func panics(context.Context) error { panic("nil pool") }

func exits(context.Context) error {
	runtime.Goexit()
	return nil
}

func handler(t *testing.T, c health.Config) http.Handler {
	t.Helper()
	h, err := health.Ready(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func probe(h http.Handler, method string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(method, "/ready", nil))
	return rec
}

func TestReadyAnswersWhatFailsAndNotWhy(t *testing.T) {
	for name, c := range map[string]struct {
		checks map[string]health.Check
		status int
		body   string
	}{
		"all work":  {map[string]health.Check{"keys": works, "database": works}, 200, `{"ready":true,"checks":{"database":"ok","keys":"ok"}}`},
		"one fails": {map[string]health.Check{"keys": works, "database": fails}, 503, `{"ready":false,"checks":{"database":"failing","keys":"ok"}}`},
		"hangs":     {map[string]health.Check{"keys": works, "database": hangs}, 503, `{"ready":false,"checks":{"database":"failing","keys":"ok"}}`},
		"panics":    {map[string]health.Check{"keys": panics}, 503, `{"ready":false,"checks":{"keys":"failing"}}`},
		"exits":     {map[string]health.Check{"keys": exits}, 503, `{"ready":false,"checks":{"keys":"failing"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := handler(t, health.Config{Checks: c.checks, Logger: slog.New(slog.DiscardHandler)})
				got := probe(h, "GET")
				if got.Code != c.status || got.Body.String() != c.body+"\n" {
					t.Errorf("got %d %s, want %d %s", got.Code, got.Body, c.status, c.body)
				}
			})
		})
	}
}

func TestHeadHasTheHeaderOfGetAndNoBody(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"live":    health.Live(),
		"ready":   handler(t, health.Config{Checks: map[string]health.Check{"a": works}}),
		"unready": handler(t, health.Config{Checks: map[string]health.Check{"a": fails}, Logger: slog.New(slog.DiscardHandler)}),
	} {
		get, head := probe(h, "GET"), probe(h, "HEAD")
		if diff := cmp.Diff(get.Header(), head.Header()); diff != "" || get.Code != head.Code || head.Body.Len() != 0 {
			t.Errorf("%s: got %d with %d bytes to HEAD, want %d without (-GET +HEAD):\n%s", name, head.Code, head.Body.Len(), get.Code, diff)
		}
		if got := get.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: got Cache-Control %q, want no-store", name, got)
		}
		if got := probe(h, "POST"); got.Code != 405 || got.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d to POST, want 405 with Allow", name, got.Code)
		}
	}
}

func TestLiveAlwaysAnswers200(t *testing.T) {
	if got := probe(health.Live(), "GET"); got.Code != 200 || got.Body.String() != "{\"live\":true}\n" {
		t.Errorf("got %d %s, want 200", got.Code, got.Body)
	}
}

func TestChecksRunAtOnceWithinTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(context.Context) error { time.Sleep(600 * time.Millisecond); return nil }
		began := time.Now()
		h := handler(t, health.Config{Checks: map[string]health.Check{"a": slow, "b": slow}})
		if got := probe(h, "GET"); got.Code != 200 || time.Since(began) != 600*time.Millisecond {
			t.Errorf("got %d after %v, want 200 after 600ms", got.Code, time.Since(began))
		}
		began = time.Now()
		h = handler(t, health.Config{Checks: map[string]health.Check{"a": slow}, Timeout: 500 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
		if got := probe(h, "GET"); got.Code != 503 || time.Since(began) != 500*time.Millisecond {
			t.Errorf("got %d after %v, want 503 after 500ms", got.Code, time.Since(began))
		}
		time.Sleep(time.Second)
	})
}

// TestCheckThatIgnoresItsContextRunsOnce probes a check that hangs for an hour, and
// leaves no goroutine behind: synctest would report one.
func TestCheckThatIgnoresItsContextRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		h := handler(t, health.Config{Logger: slog.New(slog.DiscardHandler), Checks: map[string]health.Check{"stuck": func(context.Context) error {
			calls.Add(1)
			time.Sleep(time.Hour)
			return nil
		}}})
		var running sync.WaitGroup
		for range 100 {
			running.Go(func() {
				if got := probe(h, "GET"); got.Code != 503 {
					t.Errorf("got %d, want 503", got.Code)
				}
			})
			time.Sleep(time.Second)
		}
		running.Wait()
		if got := calls.Load(); got != 1 {
			t.Errorf("got %d calls, want 1", got)
		}
		time.Sleep(time.Hour)
		probe(h, "GET")
		if got := calls.Load(); got != 2 {
			t.Errorf("got %d calls after the first ended, want 2", got)
		}
		time.Sleep(time.Hour)
	})
}

// TestProbeThatLeavesEndsNoCheck has a prober that closes its connection.
func TestProbeThatLeavesEndsNoCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		slow := func(ctx context.Context) error {
			select {
			case <-time.After(time.Second / 2):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		h := handler(t, health.Config{Checks: map[string]health.Check{"a": slow}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/4, cancel)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/ready", nil).WithContext(ctx))
		if got := probe(h, "GET"); got.Code != 200 || log.Len() > 0 {
			t.Errorf("got %d and the log %q, want 200 and nothing logged", got.Code, &log)
		}
	})
}

func TestReasonsAreLoggedWhenTheyChange(t *testing.T) {
	var log bytes.Buffer
	failing := false
	h := handler(t, health.Config{
		Checks: map[string]health.Check{"database": func(ctx context.Context) error {
			if failing {
				return fails(ctx)
			}
			return nil
		}},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	for _, failing = range []bool{false, true, true, false, false} {
		if body := probe(h, "GET").Body.String(); strings.Contains(body, "10.0.0.7") {
			t.Errorf("got the reason in %s, want it in the log alone", body)
		}
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "check=database") || !strings.Contains(lines[0], "10.0.0.7") || !strings.Contains(lines[1], "succeeds again") {
		t.Errorf("got the log\n%s\nwant the failure and the recovery", &log)
	}
}

type panickingHandler struct{ slog.Handler }

func (panickingHandler) Enabled(context.Context, slog.Level) bool { panic("no log") }

func TestLoggerThatPanicsChangesNothing(t *testing.T) {
	h := handler(t, health.Config{Checks: map[string]health.Check{"a": fails}, Logger: slog.New(panickingHandler{})})
	if got := probe(h, "GET"); got.Code != 503 {
		t.Errorf("got %d, want 503", got.Code)
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	for _, c := range []struct {
		config health.Config
		want   []string
	}{
		{health.Config{}, []string{"Checks is empty"}},
		{health.Config{Checks: map[string]health.Check{"a": nil}, Timeout: -1}, []string{`"a"`, "Timeout is -1ns"}},
	} {
		_, err := health.Ready(c.config)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got the error %v, want one with %q", err, want)
			}
		}
	}
}

// TestKeysAreFetchedByTheProbe has an instance that receives no request before it is
// ready: the probe itself has the keys fetched.
func TestKeysAreFetchedByTheProbe(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	t.Cleanup(server.Close)
	keys, err := jwtverifier.DiscoverKeys(issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	h := handler(t, health.Config{Checks: map[string]health.Check{"keys": keys.Ready}, Timeout: time.Minute})
	if got := probe(h, "GET"); got.Code != 200 {
		t.Errorf("got %d, want 200", got.Code)
	}
	issuer.Break(http.NotFound)
	if got := probe(h, "GET"); got.Code != 200 {
		t.Errorf("while the key server is down: got %d, want 200 with the known keys", got.Code)
	}
}
