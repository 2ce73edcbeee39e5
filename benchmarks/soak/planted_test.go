package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// answers returns a middleware that lets f change answers.
func answers(f func(*request, *httptest.ResponseRecorder)) bearergate.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorder := httptest.NewRecorder()
			next.ServeHTTP(recorder, r)
			if request := traceFrom(r.Context()).request; request != nil {
				f(request, recorder)
			}
			for name, values := range recorder.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(recorder.Code)
			w.Write(recorder.Body.Bytes())
		})
	}
}

// becomes makes an answer another one.
func becomes(w *httptest.ResponseRecorder, status int, body string) {
	w.Code = status
	w.Body.Reset()
	w.Body.WriteString(body)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
}

// everySecond returns a function that is true every second time.
func everySecond() func() bool {
	var mu sync.Mutex
	odd := false
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		odd = !odd
		return odd
	}
}

// wrongAnswers changes answers of different kinds in different ways.
func wrongAnswers() bearergate.Middleware {
	unavailable := everySecond()
	return answers(func(r *request, w *httptest.ResponseRecorder) {
		switch {
		case w.Code == http.StatusServiceUnavailable && unavailable():
			becomes(w, http.StatusUnauthorized, "{\"error\":\"invalid_token\"}\n")
		case w.Code == http.StatusServiceUnavailable:
			w.Header().Del("Retry-After")
		case r.kind == "forged":
			becomes(w, http.StatusOK, okBody(r.id))
		case r.kind == "good" && r.route.name == "token":
			becomes(w, http.StatusGone, "{\"error\":\"grant_revoked\"}\n")
		case r.kind == "absent":
			w.Header().Del("WWW-Authenticate")
		case r.form == noToken:
			w.Header().Set("Cache-Control", "max-age=60")
		case w.Code == http.StatusForbidden:
			w.Header().Del("RateLimit")
		case r.kind == "opaque" && w.Code == http.StatusOK:
			becomes(w, http.StatusOK, okBody("somebody else"))
		}
	})
}

// onFailure returns a limiter that answers with a quota if the limiter fails.
func onFailure(allowed bool) func(bearergate.Limiter) bearergate.Limiter {
	return func(l bearergate.Limiter) bearergate.Limiter {
		return bearergate.LimiterFunc(func(ctx context.Context, key string) (bearergate.Quota, error) {
			q, err := l.Take(ctx, key)
			if err != nil {
				q = bearergate.Quota{Limit: 40, Reset: time.Now().Add(time.Second), Allowed: allowed}
			}
			return q, nil
		})
	}
}

// stale never asks for a grant again.
func stale(g bearergate.GrantStore) bearergate.GrantStore {
	var known sync.Map
	return bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
		if kept, ok := known.Load(id); ok {
			return kept.(bearergate.Grant), nil
		}
		grant, err := g.Grant(ctx, id)
		if err == nil {
			known.Store(id, grant)
		}
		return grant, err
	})
}

// blaming answers that a grant does not exist if the store fails.
func blaming(g bearergate.GrantStore) bearergate.GrantStore {
	return bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
		grant, err := g.Grant(ctx, id)
		if err != nil {
			err = bearergate.ErrGrantNotFound
		}
		return grant, err
	})
}

// leak keeps memory and a goroutine for each request, until the test is over.
func leak(t *testing.T) bearergate.Middleware {
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	return answers(func(*request, *httptest.ResponseRecorder) {
		kept := make([]byte, 64<<10)
		go func() {
			<-over
			kept[0] = 1
		}()
	})
}
