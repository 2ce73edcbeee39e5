package redis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/redisstore"
)

func init() { processes["take"] = takeInProcess }

// takeInput is what a process takes: by two goroutines, with a pause after each
// request, until the time is over or it took this many.
type takeInput struct {
	Addr, Prefix string
	Requests     uint64
	Window       time.Duration
	For, Pause   time.Duration
	AtMost       int64
	Direct       bool
}

type takeResult struct {
	Takes, Allowed, Errors int64
	Stale                  int64 // answers of a window that was over
	Trips                  int
	Longest                time.Duration
	Windows                map[int64]int64 // allowed, by the Reset of the window in units of half a window
	Error                  string
}

func takeInProcess(data json.RawMessage, start func()) any {
	var in takeInput
	json.Unmarshal(data, &in)
	client, sent := redis.NewClient(&redis.Options{Addr: in.Addr, ContextTimeoutEnabled: true}), new(trips)
	client.AddHook(sent)
	var opts []redisstore.LimiterOption
	if in.Direct {
		opts = append(opts, redisstore.WithoutLeases())
	}
	l, err := redisstore.NewLimiter(client, in.Prefix, in.Requests, in.Window, opts...)
	if err != nil {
		return takeResult{Error: err.Error()}
	}
	client.Ping(context.Background())
	before := sent.total()
	start()
	result := takeResult{Windows: make(map[int64]int64)}
	var mu sync.Mutex
	var running sync.WaitGroup
	var taken atomic.Int64
	end := time.Now().Add(in.For)
	for range 2 {
		running.Go(func() {
			mine := takeResult{Windows: make(map[int64]int64)}
			for in.AtMost == 0 || taken.Add(1) <= in.AtMost {
				began := time.Now()
				if began.After(end) {
					break
				}
				q, err := l.Take(context.Background(), "key")
				mine.Takes++
				mine.Longest = max(mine.Longest, time.Since(began))
				if err == nil && q.Reset.Before(began) {
					mine.Stale++
				}
				switch {
				case err != nil:
					mine.Errors++
					mine.Error = err.Error()
				case q.Allowed:
					mine.Allowed++
					mine.Windows[q.Reset.UnixNano()/int64(in.Window/2)]++
				}
				if in.Pause > 0 {
					time.Sleep(in.Pause)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			result.add(mine)
		})
	}
	running.Wait()
	result.Trips = sent.total() - before
	return result
}

func (r *takeResult) add(other takeResult) {
	r.Takes += other.Takes
	r.Allowed += other.Allowed
	r.Errors += other.Errors
	r.Stale += other.Stale
	r.Trips += other.Trips
	r.Longest = max(r.Longest, other.Longest)
	if other.Error != "" {
		r.Error = other.Error
	}
	for window, allowed := range other.Windows {
		r.Windows[window] += allowed
	}
}

// inProcesses runs the inputs in a process each, and adds up the results.
func inProcesses(t *testing.T, inputs []takeInput) takeResult {
	t.Helper()
	var children []*child
	for _, in := range inputs {
		children = append(children, spawn(t, "take", in))
	}
	for _, c := range children {
		c.begin()
	}
	total := takeResult{Windows: make(map[int64]int64)}
	for _, c := range children {
		var one takeResult
		c.read(&one)
		total.add(one)
	}
	if total.Error != "" {
		t.Errorf("got %d errors, such as %s; want none", total.Errors, total.Error)
	}
	if total.Stale > 0 {
		t.Errorf("got %d answers of a window that was over, want none", total.Stale)
	}
	t.Logf("%d takes, %d allowed, %d trips, the longest take %v, windows %v", total.Takes, total.Allowed, total.Trips, total.Longest, total.Windows)
	return total
}

func eight(in takeInput) []takeInput {
	all := make([]takeInput, 8)
	for i := range all {
		all[i] = in
	}
	return all
}

func TestEightProcessesPassExactlyTheBudget(t *testing.T) {
	server := sharedRedis(t)
	for _, in := range []takeInput{
		{Window: time.Hour, For: 3 * time.Second},
		{Window: time.Hour, For: 3 * time.Second, Pause: time.Millisecond},
		{Window: time.Hour, For: 2 * time.Second, Direct: true},
	} {
		in.Addr, in.Prefix, in.Requests = server.Addr, newPrefix(), 1000
		t.Run(fmt.Sprintf("pause %v direct %v", in.Pause, in.Direct), func(t *testing.T) {
			total := inProcesses(t, eight(in))
			if total.Allowed != 1000 {
				t.Errorf("got %d requests Allowed, want 1000", total.Allowed)
			}
			if !in.Direct && total.Trips > 300 {
				t.Errorf("got %d round trips for %d takes, want 300 at most", total.Trips, total.Takes)
			}
		})
	}
}

// TestEightProcessesPassTheBudgetInEachWindow holds over five windows that follow
// one another.
func TestEightProcessesPassTheBudgetInEachWindow(t *testing.T) {
	in := takeInput{Addr: sharedRedis(t).Addr, Prefix: newPrefix(), Requests: 1000, Window: time.Second, For: 5200 * time.Millisecond}
	total := inProcesses(t, eight(in))
	if total.Allowed < 5*950 || total.Allowed > 6*1000 {
		t.Errorf("got %d requests Allowed in 5 to 6 windows, want 950 to 1000 in each", total.Allowed)
	}
	if limit := total.Takes/1e6*300 + 300; int64(total.Trips) > limit {
		t.Errorf("got %d round trips for %d takes, want %d at most", total.Trips, total.Takes, limit)
	}
}

// TestMovingDemandIsRefusedLate takes a little in seven processes and everything
// else in the eighth.
func TestMovingDemandIsRefusedLate(t *testing.T) {
	in := takeInput{Addr: sharedRedis(t).Addr, Prefix: newPrefix(), Requests: 1000, Window: time.Hour, For: 2 * time.Second}
	inputs := eight(in)
	for i := range inputs[:7] {
		inputs[i].AtMost = 60
	}
	if total := inProcesses(t, inputs); total.Allowed < 950 || total.Allowed > 1000 {
		t.Errorf("got %d requests Allowed, want 950 to 1000", total.Allowed)
	}
}

func TestTakeFromMemoryAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	l := newLimiter(t, newClient(t, sharedRedis(t).Addr), newPrefix(), 10_000_000, time.Hour)
	for range 500_000 {
		take(t, l, "key")
	}
	ctx := t.Context()
	if got := testing.AllocsPerRun(10_000, func() { l.Take(ctx, "key") }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkTake(b *testing.B) {
	l := newLimiter(b, newClient(b, sharedRedis(b).Addr), newPrefix(), 1<<50, time.Hour)
	memory, err := bearergate.PerWindow(1<<50, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	defer memory.Close()
	refused := newLimiter(b, newClient(b, sharedRedis(b).Addr), newPrefix(), 1, time.Hour)
	useUp(b, refused, "installation:key")
	for _, c := range []struct {
		name    string
		limiter bearergate.Limiter
	}{{"leases", l}, {"refusals", refused}, {"memory", memory}} {
		for range 100_000 {
			take(b, c.limiter, "installation:key")
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				c.limiter.Take(ctx, "installation:key")
			}
		})
		b.Run(c.name+" parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				ctx := context.Background()
				for pb.Next() {
					c.limiter.Take(ctx, "installation:key")
				}
			})
		})
	}
}

func BenchmarkGuard(b *testing.B) {
	leases := newLimiter(b, newClient(b, sharedRedis(b).Addr), newPrefix(), 1<<50, time.Hour)
	memory, err := bearergate.PerWindow(1<<50, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	defer memory.Close()
	for range 1_000_000 {
		take(b, leases, "installation:installation-1")
	}
	for _, c := range []struct {
		name    string
		limiter bearergate.Limiter
	}{{"leases", leases}, {"memory", memory}} {
		b.Run(c.name, func(b *testing.B) {
			handler := guardedBy(c.limiter)
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", "Bearer "+opaqueToken)
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(discard{make(http.Header)}, r)
			}
		})
	}
}

const opaqueToken = "bi_oat_0123456789"

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
