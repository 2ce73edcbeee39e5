package jwtverifier_test

import (
	"bytes"
	"context"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// defaultLog returns the output of slog.Default until the test ends.
func defaultLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	jwtverifier.ResetDefaultLog()
	before, buf := slog.Default(), new(bytes.Buffer)
	slog.SetDefault(slog.New(slog.NewTextHandler(buf, nil)))
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(os.Stderr)
		log.SetFlags(log.LstdFlags)
	})
	return buf
}

// TestMain keeps reports that tests cause out of their output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

func TestTroubleWithKeysIsLoggedByDefault(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.fail(errors.New("connection refused"))
		v := s.verifier(t)
		token := longLived(s.Issuer)
		cannotTell(t, v, token)
		synctest.Wait()
		if got := buf.String(); !strings.Contains(got, `level=WARN msg="bearergate: keys cannot be fetched" issuer=https://issuer.example`) || !strings.Contains(got, "connection refused") {
			t.Errorf("got %q, want that the keys cannot be fetched, and why", got)
		}
		buf.Reset()
		time.Sleep(time.Minute)
		cannotTell(t, v, token)
		synctest.Wait()
		if got := buf.String(); got != "" {
			t.Errorf("got %q, want nothing as long as it lasts", got)
		}
		s.fail(nil)
		time.Sleep(time.Minute)
		accepts(t, v, token)
		synctest.Wait()
		if got := buf.String(); !strings.Contains(got, "level=INFO msg=\"bearergate: keys can be fetched again\"") {
			t.Errorf("got %q, want that the keys can be fetched again", got)
		}
	})
}

func TestTroubleWithManyKeysIsLoggedAtABoundedRate(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			s := newKeyServer()
			s.fail(errors.New("connection refused"))
			cannotTell(t, s.verifier(t), s.AccessToken())
		}
		synctest.Wait()
		if got := strings.Count(buf.String(), "\n"); got != 10 {
			t.Errorf("got %d lines for 50 key servers, want 10", got)
		}
	})
}

func TestLoggerThatDiscardsTurnsTheDefaultLogOff(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.fail(errors.New("connection refused"))
		config := s.Config()
		config.Keys, config.Logger = s.keys(t), slog.New(slog.DiscardHandler)
		v, err := jwtverifier.New(config)
		if err != nil {
			t.Fatal(err)
		}
		cannotTell(t, v, s.AccessToken())
		synctest.Wait()
		if got := buf.String(); got != "" {
			t.Errorf("got %q, want nothing", got)
		}
	})
}

type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool { return true }

func (panicking) Handle(context.Context, slog.Record) error { panic("the handler panics") }

func TestLoggerThatPanicsEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.fail(errors.New("connection refused"))
		config := s.Config()
		config.Keys, config.Logger = s.keys(t), slog.New(panicking{slog.DiscardHandler})
		v, err := jwtverifier.New(config)
		if err != nil {
			t.Fatal(err)
		}
		cannotTell(t, v, s.AccessToken())
		synctest.Wait()
	})
}

// TestReasonSaysWhetherKeysAreKnown has a key server that fails at the start, and one
// that fails when a key is rotated.
func TestReasonSaysWhetherKeysAreKnown(t *testing.T) {
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	for want, known := range map[string]bool{
		"no keys to verify with: ": false, "no known key signed the token, and newer ones cannot be fetched: ": true,
	} {
		issuer := bearergatetest.NewIssuer()
		server := issuer.Start()
		defer server.Close()
		verifier, err := jwtverifier.New(jwtverifier.Config{Issuer: issuer.URL, Audience: issuer.Audience, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer verifier.Keys().Close()
		if known {
			if err := verifier.Keys().Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			issuer.Rotate()
		}
		issuer.Break(down)
		_, err = verifier.VerifyToken(t.Context(), issuer.Token())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}
