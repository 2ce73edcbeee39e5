// Package routingtest proves that an adapter for a router answers as
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

// Route is a route that [Run] wants a router to have.
type Route struct {
	Method string
	// Pattern is one of [http.ServeMux], of text, of parameters that are whole
	// segments, such as {org}, and perhaps of a slash at the end, which stands
	// for all that is below it.
	Pattern string
	// Guards go through the adapter one by one; the first is outermost.
	Guards []bearergate.Middleware
	// Handle is what a handler of the framework's own kind does, with the
	// framework's writer, its request and its way to read a path parameter. The
	// error goes the way of the framework's errors.
	Handle func(w http.ResponseWriter, r *http.Request, param func(name string) string) error
}

// Run tests that a router behind its adapter answers as [http.ServeMux]
// does, byte for byte: each row of the table of errors, each guard, HEAD and
// OPTIONS, streams and hijacked connections, handlers that panic or return an
// error, and paths that routers read in different ways. It works over loopback.
//
// newRouter returns a router of the framework as it comes, without middleware of
// its own, that calls onError for the error of a handler, once.
func Run(t *testing.T, newRouter func(routes []Route, onError func(http.ResponseWriter, *http.Request, error)) http.Handler) {
	reference, tested := newTrial(t, serveMux), newTrial(t, newRouter)
	t.Run("answers", func(t *testing.T) { testAnswers(t, reference, tested) })
	t.Run("streams", func(t *testing.T) { testStream(t, reference, tested) })
	t.Run("paths", func(t *testing.T) { testPaths(t, reference, tested) })
	t.Run("concurrent requests", func(t *testing.T) { testConcurrentRequests(t, tested) })
}

// serveMux is the router that all others are compared with.
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

// testAnswers sends the same requests, in the same order, to both.
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

// testStream shows that what a handler flushes arrives before it goes on.
func testStream(t *testing.T, reference, tested *trial) {
	for _, path := range []string{"/streams", "/streams/wrapped"} {
		want, got := reference.stream(t, get(path, "good")), tested.stream(t, get(path, "good"))
		if got != want {
			t.Errorf("%s answered\n%s\nwant\n%s", path, got, want)
		}
	}
}

// testPaths asks for paths with the token of each organization that a router may
// read out of them. Routers have answers of their own for paths that they do not
// route. What reaches the guards is to be refused alike, or to reach the handler
// with the same parameter.
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

// testConcurrentRequests shows that requests which a router serves with the same
// pooled context do not see each other.
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
