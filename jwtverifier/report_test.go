package jwtverifier_test

import (
	"bytes"
	"errors"
	"log"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/jwtverifier"
)

// defaultLog returns the output of slog.Default until the test ends.
func defaultLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	before, buf := slog.Default(), new(bytes.Buffer)
	slog.SetDefault(slog.New(slog.NewTextHandler(buf, nil)))
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(os.Stderr)
		log.SetFlags(log.LstdFlags)
	})
	return buf
}

func TestTroubleWithKeysIsLoggedByDefault(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour) // other tests may have used up the rate
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
		time.Sleep(2 * time.Hour)
		for range 50 {
			s := newKeyServer()
			s.fail(errors.New("connection refused"))
			cannotTell(t, s.verifier(t), s.AccessToken())
		}
		synctest.Wait()
		if got := strings.Count(buf.String(), "\n"); got < 1 || got > 10 {
			t.Errorf("got %d lines for 50 key servers, want at most 10", got)
		}
	})
}

func TestLoggerThatDiscardsTurnsTheDefaultLogOff(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(3 * time.Hour)
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
