package client_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// faults chooses what goes wrong. Each thing that can fail has bad times, in which
// it fails now and then, or always.
type faults struct {
	mu      sync.Mutex
	random  *rand.Rand
	windows map[string][]window // by route, or by method of the store
}

// window is a bad time.
type window struct {
	from, to time.Time
	share    float64 // of the calls that fail
	kind     int     // of the fault, -1 for any
}

// newFaults returns faults that end at the given time.
func newFaults(random *rand.Rand, end time.Time) *faults {
	f := &faults{random: random, windows: make(map[string][]window)}
	for _, thing := range []string{refresh, mint, read, "Load", "Save", "Lock"} {
		for range random.IntN(4) {
			span := time.Until(end)
			from := time.Now().Add(time.Duration(random.Int64N(int64(span))))
			to := from.Add(time.Duration(random.Int64N(int64(3 * time.Minute))))
			if to.After(end) {
				to = end
			}
			f.windows[thing] = append(f.windows[thing], window{from, to, 0.3 + random.Float64(), random.IntN(20) - 1})
		}
	}
	return f
}

// due returns the kind of fault that is due, one of kinds, or -1.
func (f *faults) due(thing string, kinds int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.windows[thing] {
		now := time.Now()
		if now.Before(w.from) || !now.Before(w.to) || f.random.Float64() > w.share {
			continue
		}
		if w.kind < 0 {
			return f.random.IntN(kinds)
		}
		return w.kind % kinds
	}
	return -1
}

// within returns a time up to most.
func (f *faults) within(most time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Duration(f.random.Int64N(int64(most)))
}

var errDown = errors.New("connection reset by peer")

// ofNetwork sends a request to act, or does what the due fault is.
func (f *faults) ofNetwork(r *http.Request, act func() *http.Response) (*http.Response, error) {
	ctx := r.Context()
	if err := pause(ctx, time.Millisecond+f.within(50*time.Millisecond)); err != nil {
		return nil, err
	}
	switch f.due(routeOf(r), 12) {
	case 0: // hangs
		<-ctx.Done()
		return nil, ctx.Err()
	case 1: // acts, and hangs
		act()
		<-ctx.Done()
		return nil, ctx.Err()
	case 2:
		return nil, errDown
	case 3: // acts, and drops the answer
		act()
		return nil, errDown
	case 4: // acts, and cuts the body
		resp := act()
		resp.Body = cutAfter(resp.Body, 20)
		return resp, nil
	case 5: // acts, and a proxy answers
		act()
		return page(502)(r)
	case 6:
		return page(500)(r)
	case 7:
		return page(200)(r)
	case 8:
		return page(401)(r)
	case 9:
		return refuseFor(bearergate.ErrRateLimited, time.Second+f.within(20*time.Second))(r)
	case 10:
		return refuseFor(bearergate.ErrTemporarilyUnavailable, time.Second+f.within(20*time.Second))(r)
	case 11: // slow
		if err := pause(ctx, f.within(20*time.Second)); err != nil {
			return nil, err
		}
	}
	return act(), nil
}

// cutAfter returns a body that breaks off.
func cutAfter(body io.ReadCloser, n int64) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, n), new(brokenBody)), body}
}

// pause sleeps, and returns the error of ctx if that ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ofStore has a method of the store do what the due fault is.
func (f *faults) ofStore(ctx context.Context, method string, act func() error) error {
	switch f.due(method, 5) {
	case 0, 1:
		return errDown
	case 2: // takes effect, and loses the reply
		act()
		return errDown
	case 3:
		if err := pause(ctx, f.within(12*time.Second)); err != nil {
			return err
		}
	case 4:
		panic("the driver of " + method + " at " + strconv.Itoa(time.Now().Second()))
	}
	return act()
}

// process is a process of the app: its transport, and what it holds.
type process struct {
	server  *modelServer
	store   *client.MemoryConnections
	saved   func(client.Connection) // is called for each connection that was saved
	mu      sync.Mutex
	crashed bool
	unlock  func() // of the lock that it holds
	*client.Transport
}

// errCrashed is what a process that crashed would not live to see.
var errCrashed = errors.New("the process crashed")

func (p *process) alive() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.crashed {
		return errCrashed
	}
	return nil
}

// crash ends the process, and loses what it has in memory. Its lock expires later.
func (p *process) crash() {
	p.mu.Lock()
	p.crashed = true
	if p.unlock != nil {
		time.AfterFunc(30*time.Second, p.unlock)
	}
	p.mu.Unlock()
}

// network is the Base of a process.
type network struct{ *process }

func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := n.alive(); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	resp, err := n.server.RoundTrip(r)
	if crashed := n.alive(); crashed != nil && resp != nil {
		resp.Body.Close()
		return nil, crashed
	}
	return resp, err
}

// handle is the store as a process sees it.
type handle struct{ *process }

func (h handle) Load(ctx context.Context, id string) (c client.Connection, err error) {
	err = h.call(ctx, "Load", func() error {
		c, err = h.store.Load(ctx, id)
		return err
	})
	return c, err
}

func (h handle) Save(ctx context.Context, id string, c client.Connection) error {
	return h.call(ctx, "Save", func() error {
		err := h.store.Save(ctx, id, c)
		if err == nil {
			h.saved(c)
		}
		return err
	})
}

func (h handle) Lock(ctx context.Context, id string) (func(), error) {
	var unlock func()
	err := h.call(ctx, "Lock", func() (err error) {
		unlock, err = h.store.Lock(ctx, id)
		return err
	})
	if err != nil && unlock != nil {
		unlock()
	}
	if err != nil {
		return nil, err
	}
	return h.hold(unlock), nil
}

// hold has the lock expire if the process crashes, and be freed otherwise.
func (h handle) hold(unlock func()) func() {
	unlock = sync.OnceFunc(unlock)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.crashed {
		time.AfterFunc(30*time.Second, unlock)
		return func() {}
	}
	h.unlock = unlock
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.crashed {
			unlock()
			h.unlock = nil
		}
	}
}

func (h handle) call(ctx context.Context, method string, act func() error) error {
	if err := h.alive(); err != nil {
		return err
	}
	return h.server.faults.ofStore(ctx, method, func() error {
		if err := h.alive(); err != nil {
			return err
		}
		return act()
	})
}
