package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/client"
)

// TestNoConnectionIsLost plays schedules of faults at random. In each of them the
// token endpoint and the API hang, answer wrongly and lose answers, the store fails,
// the process crashes, and the user revokes and connects again. A thief may get a
// refresh token.
//
// A connection is dead only if its grant was revoked or its refresh token stolen.
// Every other one works within a minute of the faults' end. No request outlives its
// context, and no goroutine or body is left.
//
//	BEARERGATE_SCHEDULES=10000 go test -run TestNoConnectionIsLost ./client
//	BEARERGATE_SEED=42 go test -run TestNoConnectionIsLost ./client   # one again
//
// Rules: S8.4, S8.8, S8.9, S8.13, S8.15, S8.16, S8.17, S8.20, S8.34, S8.35.
func TestNoConnectionIsLost(t *testing.T) {
	first, count := uint64(time.Now().UnixNano()%1e9), 300
	if n, err := strconv.Atoi(os.Getenv("BEARERGATE_SCHEDULES")); err == nil {
		count = n
	}
	if seed, err := strconv.ParseUint(os.Getenv("BEARERGATE_SEED"), 10, 64); err == nil {
		first, count = seed, 1
	}
	var sum outcome
	for seed := first; seed < first+uint64(count); seed++ {
		synctest.Test(t, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("to play this schedule again, set BEARERGATE_SEED=%d", seed)
				}
			}()
			s := newSchedule(t, seed)
			s.play()
			sum.add(s.outcome)
		})
	}
	t.Logf("%d schedules from seed %d: %+v", count, first, sum)
}

// outcome is what happened in schedules.
type outcome struct{ requests, passed, reconnects, crashes, revoked, thefts, deaths int }

func (o *outcome) add(p outcome) {
	o.requests += p.requests
	o.passed += p.passed
	o.reconnects += p.reconnects
	o.crashes += p.crashes
	o.revoked += p.revoked
	o.thefts += p.thefts
	o.deaths += p.deaths
}

// schedule is one play.
type schedule struct {
	t       *testing.T
	random  *rand.Rand
	server  *modelServer
	store   client.MemoryConnections
	outcome outcome

	mu        sync.Mutex
	processes [2]*process
}

func newSchedule(t *testing.T, seed uint64) *schedule {
	random := rand.New(rand.NewPCG(seed, 1))
	lifetimes := []time.Duration{20 * time.Second, time.Minute, 5 * time.Minute, time.Hour}
	s := &schedule{t: t, random: random}
	s.server = &modelServer{
		lifetime: lifetimes[random.IntN(len(lifetimes))], tokens: make(map[string]issued),
		faults: newFaults(rand.New(rand.NewPCG(seed, 2)), time.Now().Add(faultsLast)),
	}
	s.connect()
	s.start(0)
	s.start(1)
	return s
}

// faultsLast is when the faults end.
const faultsLast = 15 * time.Minute

// play plays the schedule.
func (s *schedule) play() {
	end := time.Now().Add(faultsLast)
	var app sync.WaitGroup
	for user := range 4 {
		random, n := rand.New(rand.NewPCG(s.random.Uint64(), 3)), user%2
		app.Go(func() {
			for time.Now().Before(end) {
				s.request(n, random)
				time.Sleep(time.Duration(random.Int64N(int64(20 * time.Second))))
			}
		})
	}
	for time.Now().Before(end) {
		time.Sleep(time.Duration(s.random.Int64N(int64(4 * time.Minute))))
		if time.Now().Before(end) {
			s.event()
		}
	}
	app.Wait()
	for n, p := range s.processes {
		app.Go(func() {
			s.recover(n, rand.New(rand.NewPCG(uint64(n), 4)))
			p.crash()
		})
	}
	app.Wait()
	time.Sleep(2 * time.Minute)
	if open := s.server.bodies.Load(); open != 0 {
		s.t.Errorf("bodies left open: got %d, want 0", open)
	}
}

// event is what the user, the operator or a thief does.
func (s *schedule) event() {
	switch s.random.IntN(8) {
	case 0, 1, 2:
		s.outcome.crashes++
		n := s.random.IntN(2)
		s.processAt(n).crash()
		time.Sleep(time.Duration(s.random.Int64N(int64(2 * time.Minute))))
		s.start(n)
	case 3:
		s.outcome.revoked++
		s.revoke()
	case 4, 5:
		s.outcome.reconnects++
		s.connect()
	case 6:
		s.revoke()
		time.Sleep(time.Duration(s.random.Int64N(int64(time.Minute))))
		s.connect()
	case 7:
		s.outcome.thefts++
		s.steal()
	}
}

func (s *schedule) stored() (client.Connection, *family) {
	c, _ := s.store.Load(context.Background(), "user-1")
	return c, s.server.familyOf(c.RefreshToken)
}

func (s *schedule) revoke() {
	_, f := s.stored()
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	f.grantRevoked = true
}

func (s *schedule) connect() {
	f := s.server.newFamily()
	c := client.Connection{GrantID: fmt.Sprint("grant-", f.id), RefreshToken: f.token(0)}
	if err := client.SaveConnection(context.Background(), &s.store, "user-1", c); err != nil {
		s.t.Error(err)
	}
}

// steal has a thief refresh with the stored token, now or later, and use what it
// got.
func (s *schedule) steal() {
	c, f := s.stored()
	s.server.mu.Lock()
	f.stolen = true
	s.server.mu.Unlock()
	time.Sleep(time.Duration(s.random.Int64N(int64(time.Minute))))
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if _, generation := s.server.find(c.RefreshToken); f.refresh(generation, time.Now()) {
		f.used = s.random.IntN(2) == 0
	}
}

// start starts a process of the app.
func (s *schedule) start(n int) {
	p := &process{server: s.server, store: &s.store, saved: s.check}
	transport, err := client.New(client.Config{
		APIURL: origin, TokenURL: origin + "/token", MintURL: origin + "/installations/{grantId}/tokens", ClientID: "app",
		Connections: handle{p}, ConnectionID: "user-1", Base: network{p}, MaxWait: -1,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	p.Transport = transport
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes[n] = p
}

func (s *schedule) processAt(n int) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.processes[n]
}

// check wants a connection that is saved as dead to have a reason.
func (s *schedule) check(c client.Connection) {
	if c.Dead == "" {
		return
	}
	s.mu.Lock()
	s.outcome.deaths++
	s.mu.Unlock()
	if f := s.server.familyOf(c.RefreshToken); f == nil || !s.server.mayBeDead(f) {
		s.t.Errorf("dead (%s): got family %+v, want its grant revoked or its token stolen", c.Dead, f)
	}
}

// request makes a request of the app, and wants it to end with its context.
func (s *schedule) request(n int, random *rand.Rand) error {
	timeout := time.Second + time.Duration(random.Int64N(int64(20*time.Second)))
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	method, body := http.MethodGet, io.Reader(nil)
	switch random.IntN(4) {
	case 0:
		method, body = http.MethodPost, strings.NewReader("x")
	case 1:
		method, body = http.MethodPost, onlyReader{strings.NewReader("x")}
	}
	r, _ := http.NewRequestWithContext(ctx, method, origin+"/resource", body)
	began := time.Now()
	resp, err := s.processAt(n).RoundTrip(r)
	if took := time.Since(began); took > timeout {
		s.t.Errorf("a request took %v, want %v at most, as its context", took, timeout)
	}
	if err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcome.requests++
	if err == nil && resp.StatusCode == http.StatusOK {
		s.outcome.passed++
		return nil
	}
	return errors.Join(err, errDown)
}

// recover wants the connection to work in a process within a minute, unless it may
// be dead.
func (s *schedule) recover(n int, random *rand.Rand) {
	end := time.Now().Add(time.Minute)
	var err error
	for time.Now().Before(end) {
		if err = s.request(n, random); err == nil {
			break
		}
		time.Sleep(time.Second)
	}
	c, f := s.stored()
	switch mayBeDead := s.server.mayBeDead(f); {
	case err != nil && !mayBeDead:
		s.t.Errorf("a minute after the faults: got error %v for %+v of the family %+v, want it to work", err, c, f)
	case err != nil && (c.Dead == "" || !isReconnect(err)):
		s.t.Errorf("a connection that cannot work: got error %v and Dead %q, want it found dead", err, c.Dead)
	}
}

func isReconnect(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Action == client.Reconnect
}
