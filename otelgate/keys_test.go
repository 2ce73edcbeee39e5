package otelgate_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/google/go-cmp/cmp"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestKeysAreMeasured(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	synctest.Test(t, func(t *testing.T) {
		m, down := newMeter(t), true
		keys, err := jwtverifier.DiscoverKeys(issuer.URL, jwtverifier.WithTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			if down {
				return nil, errors.New("down")
			}
			return answer(issuer, r), nil
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()
		registration, err := m.ObserveKeys("main", keys)
		if err != nil {
			t.Fatal(err)
		}
		keys.Ready(t.Context())
		wantKeys(t, m, map[string]float64{
			"key.count": 0, "key.fetches": 0, "key.fetches error.type=_OTHER": 1,
		})
		down = false
		time.Sleep(5 * time.Second)
		keys.Ready(t.Context())
		time.Sleep(time.Minute)
		wantKeys(t, m, map[string]float64{
			"key.count": 3, "key.age": 60, "key.fetches": 1, "key.fetches error.type=_OTHER": 1,
		})
		if err := registration.Unregister(); err != nil {
			t.Fatal(err)
		}
		wantKeys(t, m, map[string]float64{})
	})
}

// wantKeys compares the values of the metrics that begin with bearergate.key, of the
// source main.
func wantKeys(t *testing.T, m meter, want map[string]float64) {
	t.Helper()
	got := make(map[string]float64)
	for _, name := range []string{"key.count", "key.age", "key.fetches"} {
		for attributes, value := range m.series(t, "bearergate."+name) {
			got[strings.TrimSpace(name+strings.Replace(" "+attributes, " bearergate.key_source=main", "", 1))] = value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestNilKeySourceIsRefused(t *testing.T) {
	if _, err := newMeter(t).ObserveKeys("main", nil); err == nil {
		t.Error("got no error, want one")
	}
}

// answer returns the issuer's answer to a request for its metadata or keys.
func answer(issuer *bearergatetest.Issuer, r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	issuer.ServeHTTP(rec, r)
	return rec.Result()
}
