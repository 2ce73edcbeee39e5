package main

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
	"github.com/labstack/echo/v5"
)

// httpRate is set up as its README says, "Example": the client's address from the
// connection, and LimitBy. Behind echo it stands by echo.WrapMiddleware, which is
// echo's documented way for middleware of net/http.
var httpRate = peer{
	name:    "httprate",
	modules: []string{"github.com/go-chi/httprate"},
	setUp:   "README, \"Example\": `ClientIPFromRemoteAddr` and `LimitBy`; `WithLimitCounter` for stores. Behind echo by `echo.WrapMiddleware`.",
	lacks: map[need]string{
		aToken:        "knows no tokens",
		aKeyServer:    "knows no tokens",
		aCallback:     "knows no tokens",
		scopes:        "knows no tokens",
		organizations: "knows no tokens",
		grants:        "knows no tokens",
	},
	protects: func(s setting) (http.Handler, error) {
		limit := httprate.LimitBy(s.requests, s.windowOr(time.Minute), clientAddress, counterOf(s)...)
		if s.router == inEcho {
			e := echo.New()
			e.Use(echo.WrapMiddleware(middleware.ClientIPFromRemoteAddr), echo.WrapMiddleware(limit))
			e.Any("/orgs/:org/projects", echo.WrapHandler(s.next))
			return e, nil
		}
		r := chi.NewRouter()
		r.Use(middleware.ClientIPFromRemoteAddr)
		r.Use(limit)
		r.Handle(route, s.next)
		return r, nil
	},
}

func clientAddress(r *http.Request) (string, error) {
	return httprate.CanonicalizeIP(middleware.GetClientIP(r.Context())), nil
}

func counterOf(s setting) []httprate.Option {
	if s.count == nil {
		return nil
	}
	return []httprate.Option{httprate.WithLimitCounter(troubledCounter{s.count})}
}

// troubledCounter is a counter that fails or hangs, as Redis may.
type troubledCounter struct{ count func() error }

func (troubledCounter) Config(int, time.Duration)                            {}
func (c troubledCounter) Increment(string, time.Time) error                  { return c.count() }
func (c troubledCounter) IncrementBy(string, time.Time, int) error           { return c.count() }
func (c troubledCounter) Get(string, time.Time, time.Time) (int, int, error) { return 0, 0, c.count() }
