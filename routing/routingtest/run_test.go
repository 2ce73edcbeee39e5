package routingtest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/mustfail"
	"github.com/bearergate/bearergate/routing/routingtest"
)

// routing is what a router of its own kind, and its adapter, could do wrong.
type routing struct {
	guard  func(route routingtest.Route, handler http.Handler) http.Handler
	param  func(r *http.Request) func(name string) string
	failed func(err error, answer func())
}

var sound = routing{
	guard: func(route routingtest.Route, h http.Handler) http.Handler {
		return bearergate.Chain(route.Guards...)(h)
	},
	param:  func(r *http.Request) func(string) string { return r.PathValue },
	failed: func(_ error, answer func()) { answer() },
}

func (how routing) router(routes []routingtest.Route, onError func(http.ResponseWriter, *http.Request, error)) http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.Handle(route.Method+" "+route.Pattern, how.guard(route, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := route.Handle(w, r, how.param(r)); err != nil {
				how.failed(err, func() { onError(w, r, err) })
			}
		})))
	}
	return mux
}

func TestSoundRouterPasses(t *testing.T) { routingtest.Run(t, sound.router) }

// TestFaultyAdapterFails runs the tests of each faulty adapter in another
// process, since they fail.
func TestFaultyAdapterFails(t *testing.T) {
	for name, spoil := range map[string]func(*routing){
		"goes on after a refusal": func(how *routing) {
			how.guard = func(route routingtest.Route, h http.Handler) http.Handler {
				guarded := bearergate.Chain(route.Guards...)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { guarded.ServeHTTP(w, r); h.ServeHTTP(w, r) })
			}
		},
		"drops the writer": func(how *routing) {
			how.guard = func(route routingtest.Route, h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					bearergate.Chain(route.Guards...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) })).ServeHTTP(w, r)
				})
			}
		},
		"builds chains for each request": func(how *routing) {
			how.guard = func(route routingtest.Route, h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { bearergate.Chain(route.Guards...)(h).ServeHTTP(w, r) })
			}
		},
		"has no path values": func(how *routing) {
			how.guard = func(route routingtest.Route, h http.Handler) http.Handler {
				guarded := bearergate.Chain(route.Guards...)(h)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.SetPathValue("org", "")
					guarded.ServeHTTP(w, r)
				})
			}
		},
		"does not decode for handlers": func(how *routing) {
			how.param = func(r *http.Request) func(string) string {
				return func(name string) string {
					if raw := strings.Split(r.URL.EscapedPath(), "/"); name == "org" && len(raw) > 2 && raw[1] == "orgs" {
						return raw[2]
					}
					return r.PathValue(name)
				}
			}
		},
		"decodes twice": func(how *routing) {
			how.guard = func(route routingtest.Route, h http.Handler) http.Handler {
				guarded := bearergate.Chain(route.Guards...)(h)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.SetPathValue("org", strings.ReplaceAll(r.PathValue("org"), "%61", "a"))
					guarded.ServeHTTP(w, r)
				})
			}
		},
		"loses errors":         func(how *routing) { how.failed = func(error, func()) {} },
		"reports errors twice": func(how *routing) { how.failed = func(_ error, answer func()) { answer(); answer() } },
		"forgets the route": func(how *routing) {
			how.guard = func(route routingtest.Route, h http.Handler) http.Handler {
				guarded := bearergate.Chain(route.Guards...)(h)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { r.Pattern = ""; guarded.ServeHTTP(w, r) })
			}
		},
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			how := sound
			spoil(&how)
			routingtest.Run(t, how.router)
		})
	}
}
