package main

import (
	"context"
	"net/http"
	"time"
)

// peer is a library that guards an API.
type peer struct {
	name     string
	modules  []string // whose versions the page names
	setUp    string   // how, and where its documentation says so
	lacks    map[need]string
	protects func(setting) (http.Handler, error)
}

// need is what a situation needs to exist. A peer that lacks it has no cell there.
type need string

const (
	aToken        need = "a token"
	aKeyServer    need = "a key server"
	aCallback     need = "a callback"
	scopes        need = "scopes"
	organizations need = "organizations"
	grants        need = "grants"
	aLimit        need = "a limit"
	aStore        need = "a store of counters"
	inGin         need = "gin"
	inEcho        need = "echo"
)

// setting is what a situation asks of an API. Zero fields ask for nothing.
type setting struct {
	ctx    context.Context // ends what runs in the background
	issuer *issuer
	next   http.Handler

	router       need          // inGin, inEcho or the peer's own
	check        func() error  // takes the place of the look-up of keys
	organization bool          // compare the organization of the path
	grants       bool          // look for the grant, which was revoked
	scope        string        // require it
	requests     int           // in a window
	window       time.Duration // a minute if 0
	countFailed  bool          // count failed authentication alone, if the peer can
	count        func() error  // is called when a store counts
	outside      func(http.Handler) http.Handler
	preflights   bool // let preflights through to the handler, if the peer can
}

// route is the pattern of net/http and chi.
const route = "/orgs/{org}/projects"

// peers are in the order of the page.
var peers = []peer{ours, auth0, jwtAuth, echoJWT, ginJWT, mcpSDK, httpRate}

func (s setting) windowOr(d time.Duration) time.Duration {
	if s.window > 0 {
		return s.window
	}
	return d
}
