package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

// refusal is a request that our guards refuse.
type refusal struct {
	name          string
	h             http.Handler
	authorization string // empty: none
	status        int
}

func (r refusal) request() *http.Request {
	req := routed()
	if r.authorization != "" {
		req.Header["Authorization"] = []string{r.authorization}
	}
	return req
}

// eachRefusal measures an answer of every code of the guards.
func eachRefusal() []measurement {
	var ms []measurement
	for _, r := range refusals(newSigner("RS256"), newSigner("RS256")) {
		answer(r.h, r.request()) // uses up the budgets of one request
		ms = append(ms, measurement{"work=refused/alg=RS256/stack=" + r.name, same(r.request, r.h, r.status)})
	}
	return ms
}

func printRefusals(w io.Writer, r *results) { printLists(w, r) }

func refusals(s, stranger signer) []refusal {
	h := chain(s, jwtverifier.DefaultCacheSize)
	return append(unauthorized(h, s, stranger), forbidden(h, s)...)
}

// unauthorized are requests without a good token.
func unauthorized(h http.Handler, s, stranger signer) []refusal {
	access := granted()
	access["type"] = "access"
	return []refusal{
		{"401, absent", h, "", http.StatusUnauthorized},
		{"401, other scheme", h, "Basic dXNlcjpwYXNzd29yZA==", http.StatusUnauthorized},
		{"400, malformed header", h, "Bearer a token", http.StatusBadRequest},
		{"401, garbage", h, "Bearer x.y.z", http.StatusUnauthorized},
		{"401, forged", h, "Bearer " + stranger.token(0), http.StatusUnauthorized},
		{"401, expired", h, "Bearer " + s.expired(), http.StatusUnauthorized},
		{"401, unknown opaque", behind(bearergate.NewOpaqueVerifier("bi_oat_", lookup)), "Bearer bi_oat_unknown", http.StatusUnauthorized},
		{"401, wrong type", h, "Bearer " + s.sign(access), http.StatusUnauthorized},
		{"429, failed authentication", bearergate.Chain(bearergate.LimitFailedAuthentication(once()))(h), "Bearer x.y.z", http.StatusTooManyRequests},
	}
}

// forbidden are requests with a good token that a guard behind [bearergate.RequireToken]
// refuses.
func forbidden(h http.Handler, s signer) []refusal {
	good := "Bearer " + s.sign(granted())
	elsewhere, scopeless := granted(), granted()
	elsewhere["organizationId"], scopeless["scope"] = "org_elsewhere", "glossary:read"
	behindToken := func(guard bearergate.Middleware) http.Handler {
		return bearergate.Chain(bearergate.RequireToken(verifier(s, jwtverifier.DefaultCacheSize)), guard)(handled)
	}
	deny := func(*http.Request) error { return bearergate.ErrForbidden }
	fail := func(context.Context, string) (bearergate.Quota, error) {
		return bearergate.Quota{}, errors.New("the store is down")
	}
	revoked := grants()
	if err := revoked.Revoke(grantID, time.Now()); err != nil {
		panic(err)
	}
	return []refusal{
		{"403, scope", h, "Bearer " + s.sign(scopeless), http.StatusForbidden},
		{"403, organization", h, "Bearer " + s.sign(elsewhere), http.StatusForbidden},
		{"403, Require", behindToken(bearergate.Require(deny)), good, http.StatusForbidden},
		{"404, grant", behindToken(bearergate.RequireGrant(new(bearergate.MemoryGrants))), good, http.StatusNotFound},
		{"410, grant", behindToken(bearergate.RequireGrant(revoked)), good, http.StatusGone},
		{"429, rate limit", behindToken(bearergate.RateLimit(once())), good, http.StatusTooManyRequests},
		{"503, limiter", behindToken(bearergate.RateLimit(bearergate.LimiterFunc(fail))), good, http.StatusServiceUnavailable},
	}
}

// once returns a limiter that lets a request through in a day, longer than the program
// runs.
func once() bearergate.Limiter { return must(bearergate.PerWindow(1, 24*time.Hour)) }

// same serves a request again and again, on all cores of the benchmark.
func same(newRequest func() *http.Request, h http.Handler, status int) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			w := &responseWriter{header: make(http.Header, 8)}
			r := newRequest()
			for pb.Next() {
				clear(w.header)
				h.ServeHTTP(w, r)
				if w.status != status {
					b.Errorf("answered %d, want %d", w.status, status)
					return
				}
			}
		})
	}
}
