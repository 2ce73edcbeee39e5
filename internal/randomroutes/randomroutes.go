// Package randomroutes proves that a router and its adapter let no request reach a
// handler with less than a table of scopes asks of its route, and refuse no caller
// that holds what is asked, on random routes, tables and requests.
package randomroutes

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// Route is a route of the random API. Method is empty for all, Path is as
// http.ServeMux spells it, and ends in "/" for all below it and in "/{$}" for the
// path alone.
type Route struct {
	Method, Path string
	Handler      http.Handler
}

// Build returns a router with the routes, each behind the guard. It draws from rng
// how it arranges them, and leaves out those that the router does not accept.
type Build func(rng *rand.Rand, routes []Route, guard bearergate.Middleware) http.Handler

// Run builds random APIs: as many as BEARERGATE_TABLES says, 300 if it says
// nothing. BEARERGATE_SEED repeats the one of a failure. If placed is false, the
// guards may stand too early, and may refuse whom they like.
func Run(t *testing.T, placed bool, build Build) {
	t.Helper()
	tables, seeds := number("BEARERGATE_TABLES", 300), []uint64{}
	if seed := number("BEARERGATE_SEED", 0); seed != 0 {
		seeds = append(seeds, seed)
	}
	for n := uint64(0); len(seeds) == 0 || n < tables && os.Getenv("BEARERGATE_SEED") == ""; n++ {
		seeds = append(seeds, rand.Uint64())
	}
	reached := 0
	for _, seed := range seeds {
		reached += (&api{seed: seed, placed: placed}).test(t, build)
		if t.Failed() {
			t.Fatalf("repeat it with BEARERGATE_SEED=%d", seed)
		}
	}
	if reached < len(seeds) {
		t.Errorf("got %d requests that reached a handler, want one for each of %d tables at least", reached, len(seeds))
	}
}

// Fit returns those of the routes that a router accepts beside each other. try
// makes a router with some; a panic means that it accepts the last one not.
func Fit(routes []Route, try func(routes []Route)) []Route {
	var fit []Route
	for _, route := range routes {
		if accepts(func() { try(append(fit[:len(fit):len(fit)], route)) }) {
			fit = append(fit, route)
		}
	}
	return fit
}

func accepts(try func()) (ok bool) {
	defer func() { ok = recover() == nil }()
	try()
	return true
}

func number(name string, otherwise uint64) uint64 {
	n, err := strconv.ParseUint(os.Getenv(name), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// api is a random API.
type api struct {
	seed     uint64
	placed   bool
	routes   []Route
	table    bearergate.RouteScopes
	unlisted bool // routes that are not listed pass
	ran      int  // the route whose handler ran last, negative if none did
}

var (
	segments = []string{"a", "b", "files", "{x}", "{y}", "v{z}"}
	endings  = []string{"", "", "", "/", "/", "/{$}"}
	methods  = []string{"GET", "GET", "POST", "HEAD", "DELETE", ""}
	asked    = []string{"GET", "HEAD", "POST", "DELETE", "OPTIONS", "get", "BREW"}
	values   = []string{"a", "b", "files", "7", "va", "%61", "a%2Fb", "%2F", "..", "%2e%2e", ".", ":", "*", "{x}", "+", "%2561", "a%20b", "", "ü"}
)

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

func (a *api) test(t *testing.T, build Build) (reached int) {
	rng := rand.New(rand.NewPCG(a.seed, 1))
	a.draw(rng)
	arrange := rng.Uint64()
	guard := bearergate.RequireRouteScopes(a.table, a.options()...)
	open := build(rand.New(rand.NewPCG(arrange, 2)), a.routes, func(next http.Handler) http.Handler { return next })
	guarded := build(rand.New(rand.NewPCG(arrange, 2)), a.routes, guard)
	for range 40 {
		method, path := pick(rng, asked), a.path(rng)
		would, _ := a.send(open, method, path, nil)
		scopes := a.scopes(rng, would, method)
		ran, status := a.send(guarded, method, path, scopes)
		needed, listed := a.needs(ran, method)
		name := fmt.Sprintf("%s %s with %q, table %v, unlisted pass: %v", method, path, scopes, a.table, a.unlisted)
		if ran >= 0 {
			reached++
			if !holds(scopes, needed) || !listed {
				t.Errorf("%s\nreached %s %s, which needs %q (listed: %v)", name, a.routes[ran].Method, a.routes[ran].Path, needed, listed)
			}
			continue
		}
		if needed, listed := a.needs(would, method); a.placed && would >= 0 && listed && holds(scopes, needed) {
			t.Errorf("%s\ngot %d, want it to reach %s %s, which needs %q", name, status, a.routes[would].Method, a.routes[would].Path, needed)
		}
	}
	return reached
}

func (a *api) options() []bearergate.RouteScopesOption {
	if a.unlisted {
		return []bearergate.RouteScopesOption{bearergate.AllowUnlistedRoutes()}
	}
	return nil
}

// draw draws routes, of which most are listed, and a table.
func (a *api) draw(rng *rand.Rand) {
	a.table, a.unlisted = bearergate.RouteScopes{}, rng.IntN(2) == 0
	for i := range 1 + rng.IntN(7) {
		path := ""
		for range rng.IntN(4) {
			path += "/" + pick(rng, segments)
		}
		path += pick(rng, endings)
		if path == "" {
			path = "/"
		}
		method := pick(rng, methods)
		a.routes = append(a.routes, Route{method, path, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { a.ran = i })})
		for range rng.IntN(3) {
			a.list(rng, pick(rng, []string{method, method, "", "HEAD", "GET"}), path)
		}
	}
	a.list(rng, "GET", "/never/registered")
}

func (a *api) list(rng *rand.Rand, method, path string) {
	key := strings.TrimLeft(method+" "+path, " ")
	for known := range a.table {
		if m, p := split(known); m == method && shape(p) == shape(path) {
			return
		}
	}
	scopes := []string{}
	for range rng.IntN(3) {
		scopes = append(scopes, fmt.Sprintf("s%d", rng.IntN(5)))
	}
	a.table[key] = scopes
}

func split(key string) (method, path string) {
	if method, path, ok := strings.Cut(key, " "); ok {
		return method, path
	}
	return "", key
}

// shape is the same for paths that match the same requests.
func shape(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if before, after, ok := strings.Cut(part, "{"); ok && after != "$}" {
			parts[i] = before + "{}"
		}
	}
	return strings.Join(parts, "/")
}

// needs returns what the table asks of a request that reaches the route, and
// whether the request may reach it at all.
func (a *api) needs(route int, method string) (scopes []string, listed bool) {
	if route < 0 {
		return nil, false
	}
	byMethod := make(map[string][]string)
	for key, scopes := range a.table {
		if m, path := split(key); shape(path) == shape(a.routes[route].Path) {
			byMethod[m] = scopes
		}
	}
	if len(byMethod) == 0 {
		return nil, a.unlisted
	}
	order := []string{method, ""}
	if method == http.MethodHead {
		order = []string{http.MethodHead, http.MethodGet, ""}
	}
	for _, m := range order {
		if scopes, ok := byMethod[m]; ok {
			return scopes, true
		}
	}
	return nil, false
}

// scopes draws those that the caller holds: none, all, or what is asked of the
// route that would be reached.
func (a *api) scopes(rng *rand.Rand, route int, method string) []string {
	switch rng.IntN(3) {
	case 0:
		return nil
	case 1:
		return []string{"s0", "s1", "s2", "s3", "s4"}
	}
	needed, _ := a.needs(route, method)
	return needed
}

func holds(scopes, needed []string) bool {
	return !slices.ContainsFunc(needed, func(s string) bool { return !slices.Contains(scopes, s) })
}

// path draws a path that one of the routes may match, or nearly so.
func (a *api) path(rng *rand.Rand) string {
	path := strings.TrimSuffix(pick(rng, a.routes).Path, "{$}")
	var b strings.Builder
	for path != "" {
		before, rest, ok := strings.Cut(path, "{")
		b.WriteString(before)
		if !ok {
			break
		}
		_, path, _ = strings.Cut(rest, "}")
		b.WriteString(pick(rng, values))
	}
	for range rng.IntN(3) {
		b.WriteString(pick(rng, []string{"", "/", "//", "/" + pick(rng, values), pick(rng, values)}))
	}
	if rng.IntN(8) == 0 {
		return strings.Replace(b.String(), "/", "//", 1)
	}
	return b.String()
}

func (a *api) send(router http.Handler, method, path string, scopes []string) (ran, status int) {
	u, err := url.ParseRequestURI(path)
	if err != nil || u.Host != "" {
		return -1, 0
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Method, r.URL, r.RequestURI = method, u, path
	r = r.WithContext(bearergatetest.ContextWithToken(r.Context(), bearergatetest.Claims(scopes...)))
	w := httptest.NewRecorder()
	a.ran = -1
	router.ServeHTTP(w, r)
	return a.ran, w.Code
}
