package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate"
)

// client sends requests, and has each answer checked.
type client struct {
	world   *world
	url     string
	http    *http.Client
	wallets *wallets
	random  *rand.Rand
	counts  *counts
}

var lastTrace atomic.Uint64

// next makes the next request.
func (c *client) next() *request {
	r := &request{credential: c.wallets.pick(c.random), method: http.MethodGet}
	r.route = c.routeFor(r.credential)
	r.organization, r.project, r.address = r.credential.organization, "p1", c.address(r.credential.jwt == nil || !r.jwt.sound)
	if r.organization == "" || c.random.IntN(25) == 0 {
		r.organization = "org-elsewhere"
	}
	if c.random.IntN(20) == 0 {
		r.method = http.MethodHead
	}
	return r
}

// routeFor returns a route, mostly one that suits the credential.
func (c *client) routeFor(cr *credential) *route {
	routes := c.world.api.routes
	for range 8 {
		r := routes[c.random.IntN(len(routes))]
		suits := (cr.jwt == nil || r.jwt) && (cr.opaque == nil || r.opaque) && (r.tenants == nil || strings.Contains(cr.grant, r.tenants.grants.name))
		if suits || c.random.IntN(20) == 0 {
			return r
		}
	}
	return routes[c.random.IntN(len(routes))]
}

// address returns one of a few addresses or, more often, one of thousands.
func (c *client) address(bad bool) netip.Addr {
	n := c.random.IntN(4096)
	if hot := c.random.IntN(10); hot == 0 || bad && hot < 3 {
		n = c.random.IntN(6)
	}
	if n%3 == 0 { // any address of a /64
		return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, 0, byte(n >> 8), byte(n), 15: byte(c.random.IntN(256))})
	}
	return netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)})
}

// run sends requests until ctx ends.
func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil {
		c.world.gate.RLock()
		if err := c.exchange(ctx, c.next()); err != nil && ctx.Err() == nil {
			c.world.faults.add("soak", "no answer: %v", err)
		}
		c.world.gate.RUnlock()
	}
}

var errLeft = errors.New("the client left")

// exchange sends a request and judges the answer.
func (c *client) exchange(ctx context.Context, r *request) error {
	id, t := strconv.FormatUint(lastTrace.Add(1), 10), &trace{request: r}
	c.world.api.traces.Store(id, t)
	defer c.world.api.traces.Delete(id)
	x := &exchange{request: r, world: c.world}
	err := c.send(ctx, r, id, x)
	switch {
	case errors.Is(err, errLeft):
		c.counts.left.Add(1)
		return nil
	case err != nil:
		return err
	}
	x.seen = t.seen(&c.world.api.stalls)
	if x.seen.servings != 1 { // the transport repeated it
		c.counts.left.Add(1)
		return nil
	}
	x.check(c.world.faults)
	c.counts.add(x)
	return nil
}

// send fills in the answer. One client in 50 leaves at once, and one in 50 closes its
// connection.
func (c *client) send(ctx context.Context, r *request, id string, x *exchange) error {
	leaves := c.random.IntN(50) == 0
	if leaves {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, within(c.random, 2*time.Millisecond), errLeft)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.url+r.path(), nil)
	if err != nil {
		return fmt.Errorf("a request: %w", err)
	}
	req.Header = http.Header{
		traceHeader:       {id},
		"Authorization":   r.header,
		"X-Forwarded-For": {"203.0.113.9, " + r.address.String() + ", 192.0.2.7"},
	}
	req.Close = c.random.IntN(50) == 0
	x.begin = time.Now()
	err = c.receive(req, &x.answer)
	x.end = time.Now()
	if err != nil && (leaves || ctx.Err() != nil) {
		return errLeft
	}
	return err
}

func (c *client) receive(req *http.Request, a *answer) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("half an answer: %w", err)
	}
	a.status, a.header, a.body = resp.StatusCode, resp.Header, string(body)
	return nil
}

// path returns the path of the resource on the route.
func (r *request) path() string {
	return "/" + r.route.name + "/orgs/" + r.organization + "/projects/" + r.project
}

// check judges a whole exchange. The answer to HEAD has no code in it: there the
// observer's counts.
func (x *exchange) check(f *faults) {
	x.code = codeIn(x.body)
	if x.method == http.MethodHead && x.seen.decision != nil {
		x.code = x.seen.decision.Code
	}
	x.checkCode(f)
	for _, check := range checks {
		check(x, f)
	}
}

// codeIn returns the code of an error answer, empty for any other.
func codeIn(body string) bearergate.Code {
	rest, isError := strings.CutPrefix(body, `{"error":"`)
	code, _, _ := strings.Cut(rest, `"`)
	if !isError {
		return ""
	}
	return bearergate.Code(code)
}
