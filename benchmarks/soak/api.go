package main

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/bearergate/bearergate"
)

// route is a guarded route, and what the oracle knows about its guards.
type route struct {
	name        string
	optional    bool
	jwt, opaque bool // the tokens that it accepts
	limited     bool // failed authentication is limited
	limits      []*meter
	tenants     *tenants // the grants that it asks for, if any
	scopes      []string // with the scopes come organization and project
	guards      bearergate.Middleware
}

const (
	realm       = "soak"
	metadataURL = "https://api.example/.well-known/oauth-protected-resource"
)

// pattern is what the mux matches.
func (r *route) pattern() string { return "/" + r.name + "/orgs/{org}/projects/{project}" }

// api is the guarded API.
type api struct {
	routes   []*route
	failures *meter
	used     *usedUp
	traces   traces
	stalls   stalls
	handler  http.Handler
}

// trustedProxies are the peers whose X-Forwarded-For counts.
var trustedProxies = bearergate.WithTrustedProxies(netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24"))

const (
	limitedBy  = "installation"
	limitedToo = "minute"
	failureBy  = "failed-authentication"

	failureLimit  = 12
	failureWindow = 2 * time.Second
)

func newAPI(w *world) (*api, error) {
	a := &api{used: newUsedUp(), failures: w.meter(failureBy, failureLimit, failureWindow)}
	a.routes = w.routes(bearergate.LimitFailedAuthentication(w.store(a.failures), trustedProxies))
	mux := http.NewServeMux()
	for _, r := range a.routes {
		mux.Handle(r.pattern(), r.guards(http.HandlerFunc(handle)))
	}
	configured, err := bearergate.Configure(bearergate.Config{Realm: realm, ResourceMetadataURL: metadataURL, Observer: observe})
	if err != nil {
		return nil, err
	}
	a.handler = bearergate.Chain(a.traces.middleware(a.finished), w.planted.outermost, configured)(mux)
	return a, nil
}

func (w *world) meter(policy string, limit uint64, window time.Duration) *meter {
	m := newMeter(policy, limit, window, w.faults)
	w.meters = append(w.meters, m)
	return m
}

// routes returns the routes: a token alone, an optional one, opaque ones, and twice all
// seven guards.
func (w *world) routes(failed bearergate.Middleware) []*route {
	installation := bearergate.InstallationToken
	opaque := w.meter(limitedBy, 60, 1500*time.Millisecond)
	return []*route{
		{name: "token", jwt: true, guards: bearergate.RequireToken(w.jwtVerifier, installation)},
		{name: "public", jwt: true, optional: true, guards: bearergate.OptionalToken(w.jwtVerifier, installation)},
		{
			name: "opaque", opaque: true, limited: true, limits: []*meter{opaque},
			guards: bearergate.Chain(failed, bearergate.RequireToken(w.opaqueVerifier, installation), bearergate.RateLimit(w.store(opaque))),
		},
		w.strict(failed), w.lenient(failed),
	}
}

// strict has a limit without a fallback.
func (w *world) strict(failed bearergate.Middleware) *route {
	m := w.meter(limitedBy, 40, time.Second)
	return w.guarded("strict", w.told, failed, w.toldCache, []*meter{m}, bearergate.RateLimit(w.store(m)))
}

// lenient has two limits, one of them with a fallback.
func (w *world) lenient(failed bearergate.Middleware) *route {
	shared, local, perMinute := w.meter(limitedBy, 40, time.Second), w.meter(limitedBy, 20, time.Second), w.meter(limitedToo, 2000, time.Minute)
	shared.backed, local.fallback = true, true
	return w.guarded("lenient", w.news, failed, w.newsCache, []*meter{perMinute, shared},
		bearergate.RateLimit(perMinute, bearergate.WithPolicyName(limitedToo)), bearergate.RateLimit(w.store(shared), bearergate.WithFallback(local)))
}

// guarded returns a route with all seven guards.
func (w *world) guarded(name string, ts *tenants, failed bearergate.Middleware, grants bearergate.GrantStore, meters []*meter, limits ...bearergate.Middleware) *route {
	scopes := []string{"projects:read", "projects:write"}
	either := bearergate.ByPrefix(opaquePrefix, w.opaqueVerifier, w.jwtVerifier)
	guards := bearergate.Chain(failed, bearergate.RequireToken(either, bearergate.InstallationToken), bearergate.Chain(limits...), bearergate.RequireGrant(grants),
		bearergate.RequireOrg(bearergate.PathValue("org")), bearergate.RequireScope(scopes[0], scopes[1:]...), bearergate.Require(hasProject))
	return &route{name: name, jwt: true, opaque: true, limited: true, limits: meters, tenants: ts, scopes: scopes, guards: guards}
}
