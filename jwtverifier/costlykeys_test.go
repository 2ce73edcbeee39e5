package jwtverifier_test

import (
	"bytes"
	"crypto/elliptic"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/jwtverifier"
)

// reportsOf returns the log of a verifier of the set, after ten fetches of which each
// has another document.
func reportsOf(t *testing.T, set []byte, change func(*config)) (log string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		s := newKeyServer()
		fetches := 0
		s.Break(func(w http.ResponseWriter, _ *http.Request) {
			fetches++
			io.WriteString(w, strings.Repeat(" ", fetches)+string(set))
		})
		c := s.Config()
		c.Keys, c.Logger = s.keys(t), slog.New(slog.NewTextHandler(&buf, nil))
		if change != nil {
			change(&c)
		}
		for range 2 { // a second verifier with the same configuration reports nothing
			v, err := jwtverifier.New(c)
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				wantReason(t, v, forgery(s.Issuer, "RS256", "2048"), checked)
				synctest.Wait()
				time.Sleep(15 * time.Minute)
			}
			s.fail(errors.New("down")) // a failure between two successes
			wantReason(t, v, forgery(s.Issuer, "RS256", "2048"), checked)
			synctest.Wait()
			s.fail(nil)
			time.Sleep(15 * time.Minute)
		}
		if fetches < 10 {
			t.Errorf("got %d fetches, want 10", fetches)
		}
		log = buf.String()
	})
	return log
}

func wantReports(t *testing.T, log, message string, want ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, `level=WARN msg="bearergate: `+message+`"`) {
			got = append(got, line)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("got %d reports %q, want %d:\n%s", len(got), message, len(want), log)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("got %s, want %s in it", got[i], want[i])
		}
	}
}

// Rules: S3c.46.
func TestCostlyKeyIsReportedOnce(t *testing.T) {
	long := strings.Repeat("\x1b", 200)
	set := jwkSet(t, append(manyKeys(t), rsaJWK(t, "4097", 4097), rsaJWK(t, "", 6144), ecJWK(t, long, elliptic.P384()))...)
	log := reportsOf(t, set, nil)
	wantReports(t, log, "costly key",
		`issuer=https://issuer.example reason="key \"8192\" is RSA of 8192 bits: to check a signature, forged ones too, takes about 40 times as long as with RSA of 2048 bits; if the issuer does not sign with it, exclude it by Config.MaxRSABits"`,
		`key \"P-384\" is EC on P-384: to check a signature, forged ones too, takes about 20 times as long as with RSA of 2048 bits; if the issuer does not sign with it, exclude it by Config.Algorithms`,
		`key \"P-521\" is EC on P-521`, `key \"4097\" is RSA of 4097 bits`, "a key without kid is RSA of 6144 bits", `\\x1b\"… is EC on P-384`)
	wantReports(t, log, "key skipped")
	if len(log) > 6000 {
		t.Errorf("got %d bytes, want the kid bounded", len(log))
	}
}

// Rules: S3a.66, S3c.23, S3c.46.
func TestExcludedKeyIsReportedOnceAsSkipped(t *testing.T) {
	log := reportsOf(t, jwkSet(t, manyKeys(t)...), func(c *config) { c.Algorithms, c.MaxRSABits = []string{"RS256", "ES256", "EdDSA"}, 4096 })
	wantReports(t, log, "costly key")
	wantReports(t, log, "key skipped",
		`reason="key \"8192\": the RSA key has 8192 bits; Config.MaxRSABits accepts 4096"`,
		`reason="key \"P-384\": no algorithm of Config.Algorithms fits it"`,
		`reason="key \"P-521\": no algorithm of Config.Algorithms fits it"`)
}

// Rules: S3c.46.
func TestCostlyKeyThatARotationBringsIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		s := newKeyServer()
		c := s.Config()
		c.Keys, c.Logger = s.keys(t), slog.New(slog.NewTextHandler(&buf, nil))
		v, err := jwtverifier.New(c)
		if err != nil {
			t.Fatal(err)
		}
		accepts(t, v, s.AccessToken())
		synctest.Wait()
		wantReports(t, buf.String(), "costly key")
		with := strings.Replace(string(s.JWKSet()), `{"keys":[`, `{"keys":[`+string(toJSON(t, rsaJWK(t, "new", 8192)))+",", 1)
		s.Break(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, with) })
		time.Sleep(15 * time.Minute)
		accepts(t, v, s.AccessToken())
		synctest.Wait()
		wantReports(t, buf.String(), "costly key", `key \"new\"`)

		buf.Reset()
		c.MaxRSABits = 4096 // another verifier of the same keys
		if _, err := jwtverifier.New(c); err != nil {
			t.Fatal(err)
		}
		wantReports(t, buf.String(), "costly key")
		wantReports(t, buf.String(), "key skipped", `key \"new\": the RSA key has 8192 bits`)
	})
}

// Rules: S3c.46.
func TestCostlyStaticKeyIsReported(t *testing.T) {
	var buf bytes.Buffer
	newVerifier(t, func(c *config) {
		c.Keys, c.Logger = publicKeys(t, rsaKey(t, 8192), rsaKey(t, 4096)), slog.New(slog.NewTextHandler(&buf, nil))
	})
	wantReports(t, buf.String(), "costly key", "a key without kid is RSA of 8192 bits")
}

func TestCostlyKeysAreLoggedByDefaultAtABoundedRate(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		keys := publicKeys(t, rsaKey(t, 8192))
		for range 50 {
			newVerifier(t, func(c *config) { c.Keys = keys })
		}
		wantReports(t, buf.String(), "costly key", slices.Repeat([]string{"RSA of 8192 bits"}, 10)...)
	})
}
