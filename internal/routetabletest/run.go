// Package routetabletest tests tables of route scopes: it makes random routers,
// tables and requests, and checks which handlers run.
package routetabletest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// Framework is a kind of router.
type Framework struct {
	// Build returns the router of a tree. Each route's handler is handler(route).
	// The guard, which may be nil, is put in the tree's Place. Routes that the
	// router does not accept are left out; see [Try].
	Build func(tree *Tree, handler func(*Route) http.Handler, guard bearergate.Middleware) http.Handler
	// Places lists the places in which the guard knows the route. In other places
	// it may refuse.
	Places []Place
	// Regexps is set for routers whose parameters may have regular expressions.
	Regexps bool
}

const (
	requestsOfATable = 40
	countVariable    = "BEARERGATE_TABLES"
	seedVariable     = "BEARERGATE_SEED"
)

// Run makes random trees of routers, a table for each, and requests. It tests that
// no handler runs for a request without the scopes that the table requires, and
// that a request with them is served. BEARERGATE_TABLES sets the number of tables,
// and BEARERGATE_SEED the seed of the first.
func Run(t *testing.T, tables int, f Framework) {
	count, seed := fromEnvironment(t, countVariable, uint64(tables)), fromEnvironment(t, seedVariable, rand.Uint64()>>16)
	t.Logf("%d tables from %s=%d", count, seedVariable, seed)
	var total tally
	for n := range count {
		f.try(t, seed+n, &total)
		if t.Failed() {
			t.Fatalf("replay with %s=1 %s=%d", countVariable, seedVariable, seed+n)
		}
	}
	t.Logf("%d requests reached a handler; with the guard %d did, %d lacked a scope, %d were not listed, %d were refused in a place that may refuse",
		total.reached, total.passed, total.missing, total.unlisted, total.misplaced)
	if total.passed == 0 || total.missing == 0 || total.unlisted == 0 {
		t.Errorf("got %+v, want some of each", total)
	}
}

type tally struct{ reached, passed, missing, unlisted, misplaced int }

func fromEnvironment(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}

func (f Framework) try(t *testing.T, seed uint64, total *tally) {
	random := rand.New(rand.NewPCG(seed, 0))
	tree := newTree(random, f)
	g := generator{random, tree, f.Regexps}
	table, allow := g.table(), g.IntN(2) == 0
	open, guarded := f.Build(tree, recordRoute, nil), behindToken(f.Build(tree, recordRoute, guardOf(table, allow)))
	for range requestsOfATable {
		r, held := g.request(pick(g, tree.Routes...)), g.scopes()
		without, _ := serve(open, r, nil)
		with, status := serve(guarded, r, held)
		if fault := f.judge(tree, table, allow, r.Method, held, without, with, status, total); fault != "" {
			t.Errorf("%s\n%s %s with the scopes %v: without guard %s ran, with it %s and status %d\n%v, unlisted pass: %v, table %v", fault, r.Method, r.URL.EscapedPath(), held,
				tree.name(without), tree.name(with), status, tree, allow, table)
			return
		}
	}
}

// judge returns the fault of an answer, or "".
func (f Framework) judge(tree *Tree, table map[string][]string, allow bool, method string, held []string, without, with int, status int, total *tally) string {
	if with >= 0 {
		total.passed++
		if asks(table, allow, tree.Routes[with], method, held) != pass {
			return "a handler ran without the scopes that the table requires"
		}
		if with != without {
			return "another handler ran"
		}
	}
	if without < 0 {
		return ""
	}
	total.reached++
	route := tree.Routes[without]
	if !f.knows(tree.Place) || route.Hidden {
		if with < 0 {
			total.misplaced++
		}
		return ""
	}
	switch asks(table, allow, route, method, held) {
	case pass:
		if with < 0 {
			return "a listed caller was refused"
		}
	case scopeMissing:
		total.missing++
		if status != http.StatusForbidden {
			return "a scope is missing, want 403"
		}
	case notListed:
		total.unlisted++
		if status != http.StatusInternalServerError {
			return "the route is not listed, want 500"
		}
	}
	return ""
}

func (f Framework) knows(place Place) bool {
	for _, p := range f.Places {
		if p == place {
			return true
		}
	}
	return false
}

func guardOf(table map[string][]string, allow bool) bearergate.Middleware {
	if allow {
		return bearergate.RequireRouteScopes(table, bearergate.AllowUnlistedRoutes())
	}
	return bearergate.RequireRouteScopes(table)
}

// behindToken verifies a token that has the scopes named in its text.
func behindToken(next http.Handler) http.Handler {
	return bearergate.RequireToken(bearergate.VerifierFunc(func(_ context.Context, raw string) (*bearergate.Token, error) {
		return bearergate.NewToken(bearergate.Claims{
			Type: bearergate.AccessToken, Subject: "caller", Scopes: strings.Split(raw, "."), ExpiresAt: time.Now().Add(time.Hour),
		}), nil
	}))(next)
}

const routeHeader = "X-Route"

func recordRoute(route *Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add(routeHeader, strconv.Itoa(route.ID))
	})
}

// serve returns the ID of the route whose handler ran, or -1.
func serve(handler http.Handler, r *http.Request, held []string) (id, status int) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+strings.Join(append([]string{"token"}, held...), "."))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	id, err := strconv.Atoi(w.Header().Get(routeHeader))
	if err != nil {
		id = -1
	}
	return id, w.Code
}

// Try calls register, and ignores a panic by which the router rejects the route.
func Try(register func()) {
	defer func() { _ = recover() }()
	register()
}

func (t *Tree) name(id int) string {
	if id < 0 {
		return "nothing"
	}
	return fmt.Sprintf("%q", join(t.Routes[id].Method, t.Routes[id].Full))
}

func (t *Tree) String() string {
	return fmt.Sprintf("place %d, variant %d, tree:%s", t.Place, t.Variant, t.Root.text("\n\t"))
}

func (r *Router) text(indent string) string {
	var b strings.Builder
	for _, route := range r.Routes {
		fmt.Fprintf(&b, "%s%s %q is %s", indent, route.Method, route.Path, route.Full)
	}
	for _, m := range r.Mounts {
		fmt.Fprintf(&b, "%smount %q, hidden: %v%s", indent, m.Prefix, m.Hidden, m.Router.text(indent+"\t"))
	}
	return b.String()
}
