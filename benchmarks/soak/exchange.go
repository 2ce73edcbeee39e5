package main

import (
	"net/http"
	"net/netip"

	"github.com/bearergate/bearergate"
)

// request is what a client sends.
type request struct {
	route *route
	*credential
	method                string
	organization, project string // in the path
	address               netip.Addr
}

// answer is what the client receives.
type answer struct {
	status int
	header http.Header
	body   string
	code   bearergate.Code // empty for a success
}

// exchange is a request, its answer, what the server saw, and the world that it happened in.
type exchange struct {
	*request
	answer
	span // on the side of the client
	seen seen

	world *world
}

// slow reports whether the request lasted so long that its context ended.
func (x *exchange) slow() bool { return x.seen.served.took() > deadline-deadline/20 }
