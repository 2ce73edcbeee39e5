package jwtverifier_test

import (
	"bytes"
	"crypto/elliptic"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate/jwtverifier"
)

// Rules: S3c.46.
func TestKeyThatIsCostlyByItsExponentIsReported(t *testing.T) {
	for _, bits := range []int{3072, 4096} {
		key := rsaKey(t, bits)
		key.E = 1<<31 - 1
		var buf bytes.Buffer
		c := issuer.Config()
		c.Keys, c.Logger = publicKeys(t, key), slog.New(slog.NewTextHandler(&buf, nil))
		if _, err := jwtverifier.New(c); err != nil {
			t.Fatal(err)
		}
		wantReports(t, buf.String(), "costly key", "RSA")
	}
}

// lineWaiter is a log that closes seen when a line has this text.
type lineWaiter struct {
	text string
	once sync.Once
	seen chan struct{}
}

func (l *lineWaiter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), l.text) {
		l.once.Do(func() { close(l.seen) })
	}
	return len(p), nil
}

// TestManyCostlyKeysAreReportedInLittleTime has a set of 3,000 keys on P-384, which fits
// into the MiB that a key server may send, and then the same with one more.
func TestManyCostlyKeysAreReportedInLittleTime(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes it slow")
	}
	var keys []any
	for i := range 3000 {
		keys = append(keys, ecJWK(t, fmt.Sprint(i), elliptic.P384()))
	}
	sets := [][]byte{jwkSet(t, keys...), jwkSet(t, append(keys, ecJWK(t, "last", elliptic.P384()))...)}
	fetches := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write(sets[min(fetches, 1)])
		fetches++
	}))
	defer server.Close()
	source, err := jwtverifier.RemoteKeys(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	lines := &lineWaiter{text: "last", seen: make(chan struct{})}
	c := issuer.Config()
	c.Keys, c.Logger = source, slog.New(slog.NewTextHandler(io.Writer(lines), nil))
	v, err := jwtverifier.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	v.VerifyToken(t.Context(), forgery(issuer, "ES384", "unknown")) // fetches anew
	<-lines.seen
	if took := time.Since(start); took > time.Second {
		t.Errorf("the second report took %v, want milliseconds", took)
	}
}
