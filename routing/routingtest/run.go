// Package routingtest tests that a router behind its adapter answers as
// [http.ServeMux] does.
package routingtest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/bearergate/bearergate"
)

// Route is a route that [Run] registers on a router.
type Route struct {
	// Method is the HTTP method, such as GET.
	Method string
	// Pattern is a pattern of [http.ServeMux]. It consists of text and of
	// parameters that are whole segments, such as {org}. A slash at its end matches
	// all paths below it.
	Pattern string
	// Guards must be passed through the adapter one by one; the first is outermost.
	Guards []bearergate.Middleware
	// Handle is the body of a handler of the framework's own type. It is called
	// with the framework's writer and request, and with a function that reads a
	// path parameter in the framework's way. Its error must be returned or reported
	// as the framework's handlers do.
	Handle func(w http.ResponseWriter, r *http.Request, param func(name string) string) error
}

// Run tests that a router behind its adapter answers as [http.ServeMux] does, byte
// for byte. It covers each error of the table, each guard, HEAD and OPTIONS,
// streams and hijacked connections, handlers that panic or return an error, and
// paths that routers read in different ways. It sends requests over the loopback
// interface.
//
// newRouter returns a router with these routes, as the framework makes it and
// without further middleware. It must call onError once for the error of a handler.
func Run(t *testing.T, newRouter func(routes []Route, onError func(http.ResponseWriter, *http.Request, error)) http.Handler) {
	reference, tested := newTrial(t, serveMux), newTrial(t, newRouter)
	t.Run("answers", func(t *testing.T) { testAnswers(t, reference, tested) })
	t.Run("streams", func(t *testing.T) { testStream(t, reference, tested) })
	t.Run("paths", func(t *testing.T) { testPaths(t, reference, tested) })
	t.Run("concurrent requests", func(t *testing.T) { testConcurrentRequests(t, tested) })
}

// serveMux returns the router that all others are compared with.
func serveMux(routes []Route, onError func(http.ResponseWriter, *http.Request, error)) http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := route.Handle(w, r, r.PathValue); err != nil {
				onError(w, r, err)
			}
		})
		mux.Handle(route.Method+" "+route.Pattern, bearergate.Chain(route.Guards...)(handler))
	}
	return mux
}

// testAnswers sends the same requests, in the same order, to both routers.
func testAnswers(t *testing.T, reference, tested *trial) {
	for _, request := range requests() {
		want, got := reference.ask(t, request), tested.ask(t, request)
		if got.answer != want.answer {
			t.Errorf("%s\nanswered\n%s\nwant\n%s", request, got.answer, want.answer)
		}
		if got.seen != want.seen {
			t.Errorf("%s\nthe observer, the error handler and the guards saw\n%s\nwant\n%s", request, got.seen, want.seen)
		}
	}
}

// testStream tests that flushed bytes arrive before the handler goes on.
func testStream(t *testing.T, reference, tested *trial) {
	for _, path := range []string{"/streams", "/streams/wrapped"} {
		want, got := reference.stream(t, get(path, "good")), tested.stream(t, get(path, "good"))
		if got != want {
			t.Errorf("%s answered\n%s\nwant\n%s", path, got, want)
		}
	}
}

// testPaths requests paths with the token of each organization that a router may
// read from them. Routers answer differently to paths that they do not route. A
// request that reaches the guards must be refused alike, or reach the handler with
// the same parameter.
func testPaths(t *testing.T, reference, tested *trial) {
	for _, path := range paths {
		for _, organization := range organizations {
			request := get(path, tokenOf(organization))
			want, got := reference.ask(t, request), tested.ask(t, request)
			switch {
			case got.answer == want.answer, !got.guarded():
			case !want.guarded() && !got.passed():
			default:
				t.Errorf("%s as %q\nanswered\n%s\nwant\n%s", path, organization, got.answer, want.answer)
			}
		}
	}
}

// testConcurrentRequests tests that requests do not see each other's values if a
// router serves them with the same pooled context.
func testConcurrentRequests(t *testing.T, tested *trial) {
	var clients sync.WaitGroup
	for client := range 8 {
		clients.Go(func() {
			for n := range 50 {
				organization := fmt.Sprintf("org-%d-%d", client, n)
				request := get("/orgs/"+organization, tokenOf(organization))
				if n%5 == 0 {
					request = get("/orgs/another", tokenOf(organization))
				}
				got := tested.answer(t, request)
				if n%5 == 0 && !strings.Contains(got, `{"error":"wrong_organization"}`) || n%5 != 0 && !strings.Contains(got, "organization "+organization+"\n") {
					t.Errorf("%s\nanswered\n%s", request, got)
				}
			}
		})
	}
	clients.Wait()
}
