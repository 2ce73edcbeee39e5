package outages

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	"github.com/bearergate/bearergate/bearergatetest"
)

// keyServer is the HTTP server of the issuer.
type keyServer struct {
	*fault
	issuer  *bearergatetest.Issuer
	instead atomic.Pointer[http.HandlerFunc] // what answers in its place, nil for nothing
}

func (k *keyServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := k.call(r.Context(), keyServerAddress); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	if instead := k.instead.Load(); instead != nil {
		(*instead)(rec, r)
	} else {
		k.issuer.ServeHTTP(rec, r)
	}
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

// answer has every request answered with this status and body.
func (k *keyServer) answer(status int, contentType, body string) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		w.Write([]byte(body))
	})
	k.instead.Store(&h)
}
