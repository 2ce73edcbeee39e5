package routetabletest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Place is the position of the guard.
type Place int

const (
	OnRoute     Place = iota // on each route
	OnGroup                  // on the group of the routes of a router
	InUse                    // in Use of a router
	AroundMount              // on the route at which a router is mounted
	Outermost                // in front of the outermost router
	places
)

// Tree is a router with its inner routers.
type Tree struct {
	Place   Place
	Variant uint32 // any number, for settings of a router
	Root    *Router
	Routes  []*Route // all, each at its ID
}

// Router has routes, and inner routers below prefixes.
type Router struct {
	Routes []*Route
	Mounts []Mount
}

// Mount is a router below a prefix. The prefix is one segment or "".
type Mount struct {
	Prefix string
	Hidden bool // behind a middleware, so that it does not show its routes
	Router *Router
}

// Route is a route of a router.
type Route struct {
	ID     int
	Method string // "" for all
	Path   string // below the router's prefix, as of http.ServeMux: "" for the prefix itself, and with /{$} or / at the end
	Full   string // of the whole path, as a table lists it
	Hidden bool   // below a hidden router
}

type generator struct {
	*rand.Rand
	tree    *Tree
	regexps bool
}

func newTree(r *rand.Rand, f Framework) *Tree {
	g := generator{r, &Tree{Variant: r.Uint32()}, f.Regexps}
	g.tree.Place = pick(g, f.Places...)
	if g.IntN(4) == 0 {
		g.tree.Place = Place(g.IntN(int(places)))
	}
	g.tree.Root = g.router("", 0, false)
	return g.tree
}

func (g generator) router(prefix string, depth int, hidden bool) *Router {
	router := new(Router)
	for range 1 + g.IntN(4) {
		path := g.path(depth)
		route := &Route{len(g.tree.Routes), g.method(), path, fullPath(prefix, path), hidden}
		g.tree.Routes = append(g.tree.Routes, route)
		router.Routes = append(router.Routes, route)
	}
	for range g.IntN(3) {
		if depth == 3 {
			break
		}
		below := ""
		if g.IntN(4) > 0 {
			below = g.segment(depth)
		}
		wrapped := g.IntN(8) == 0
		router.Mounts = append(router.Mounts, Mount{below, wrapped, g.router(prefix+below, depth+1, hidden || wrapped)})
	}
	return router
}

// fullPath joins a prefix and a path. If both are empty, it returns "/{$}".
func fullPath(prefix, path string) string {
	if prefix+path == "" {
		return "/{$}"
	}
	return prefix + path
}

func (g generator) path(depth int) string {
	var path strings.Builder
	for n := range g.IntN(3) {
		path.WriteString(g.segment(depth + n))
	}
	switch end := g.IntN(5); {
	case end == 0 && path.Len() > 0:
		path.WriteString("/{$}")
	case end <= 1:
		path.WriteString("/")
	}
	return path.String()
}

// segment returns a random segment. It names a parameter by its depth, since some
// routers accept only one name in a place.
func (g generator) segment(depth int) string {
	switch g.IntN(6) {
	case 0, 1:
		return fmt.Sprintf("/{p%d}", depth)
	case 2:
		if g.regexps {
			return fmt.Sprintf("/{p%d:[0-9]+}", depth)
		}
	}
	return "/" + pick(g, "a", "b", "7")
}

func (g generator) method() string { return pick(g, "", "GET", "GET", "HEAD", "POST", "DELETE") }

// table lists some of the routes, and some methods of each.
func (g generator) table() map[string][]string {
	table := map[string][]string{"GET /nothing": {"nothing"}}
	for _, route := range g.tree.Routes {
		if g.IntN(4) == 0 {
			continue
		}
		method := pick(g, route.Method, route.Method, "", "GET", "HEAD")
		if key := canonical(route.Full); !slices.ContainsFunc(methods, func(m string) bool { return m == method && table[join(m, key)] != nil }) {
			table[join(method, key)] = g.scopes()
		}
	}
	return table
}

func (g generator) scopes() []string {
	return slices.Clone(pick(g, [][]string{{}, {"s1"}, {"s2"}, {"s1", "s2"}}...))
}

func pick[T any](g generator, of ...T) T { return of[g.IntN(len(of))] }

func join(method, path string) string { return strings.TrimLeft(method+" "+path, " ") }
