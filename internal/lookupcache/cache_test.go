package lookupcache_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/internal/lookupcache"
)

// store answers look-ups with the number of the look-up, and counts them.
type store struct {
	mu      sync.Mutex
	asked   int
	err     error
	latency time.Duration
	inside  func() // called by each look-up, if set
}

const maxAge = 5 * time.Second

func (s *store) lookup(ctx context.Context, _ string) (int, error) {
	s.mu.Lock()
	s.asked++
	answer, err, latency, inside := s.asked, s.err, s.latency, s.inside
	s.mu.Unlock()
	if inside != nil {
		inside()
	}
	select {
	case <-time.After(latency):
		return answer, err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *store) set(change func(s *store)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *store) cache(change ...func(*lookupcache.Config[string, int])) *lookupcache.Cache[string, int] {
	c := lookupcache.Config[string, int]{
		Lookup: s.lookup, Age: func(string, int) time.Duration { return maxAge },
		Groups:    func(v int) []string { return []string{"of all", fmt.Sprint("of ", v)} },
		MaxShared: maxAge, MaxEntries: 1000, Timeout: 10 * time.Second,
	}
	for _, f := range change {
		f(&c)
	}
	return lookupcache.New(c)
}

type cache = lookupcache.Cache[string, int]

// wants tests that the cache answers this.
func wants(t *testing.T, c *cache, key string, want int) {
	t.Helper()
	if got, err := c.Get(t.Context(), key); got != want || err != nil {
		t.Errorf("Get(%q): got %d, %v, want %d", key, got, err, want)
	}
}

func wantsError(t *testing.T, c *cache, key string, want error) {
	t.Helper()
	if got, err := c.Get(t.Context(), key); !errors.Is(err, want) {
		t.Errorf("Get(%q): got %d, %v, want the error %v", key, got, err, want)
	}
}

// begin calls Get and returns a function that waits for its answer.
func begin(t *testing.T, c *cache, key string, want int) (wait func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		wants(t, c, key, want)
	}()
	synctest.Wait()
	return func() { t.Helper(); <-done }
}

// Rules: S4.31.
func TestAnswerIsKeptUntilItIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(store).cache()
		wants(t, c, "a", 1)
		time.Sleep(maxAge - 1)
		wants(t, c, "a", 1)
		time.Sleep(time.Nanosecond)
		wants(t, c, "a", 2)
		wants(t, c, "b", 3)
		wants(t, c, "a", 2)
	})
}

// Rules: S4.31.
func TestAgeCountsFromTheBeginningOfTheLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{latency: 3 * time.Second}
		c := s.cache()
		wants(t, c, "a", 1)
		time.Sleep(maxAge - s.latency - 1)
		wants(t, c, "a", 1)
		time.Sleep(time.Nanosecond)
		wants(t, c, "a", 2)
		s.set(func(s *store) { s.latency = maxAge })
		time.Sleep(maxAge)
		wants(t, c, "a", 3)
		wants(t, c, "a", 4) // the answer before was too old when it came
	})
}

func TestAnswerOfAnyAgeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(store).cache(func(c *lookupcache.Config[string, int]) {
			c.Age = func(string, int) time.Duration { return math.MaxInt64 }
		})
		time.Sleep(time.Second)
		wants(t, c, "a", 1)
		time.Sleep(100 * 365 * 24 * time.Hour)
		wants(t, c, "a", 1)
	})
}

func TestAnswerWithoutAgeIsNotKept(t *testing.T) {
	c := new(store).cache(func(c *lookupcache.Config[string, int]) {
		c.Age = func(_ string, v int) time.Duration { return time.Duration(v-1) * time.Hour }
	})
	wants(t, c, "a", 1)
	wants(t, c, "a", 2)
	wants(t, c, "a", 2)
}

// Rules: S4.32.
func TestErrorIsNotKept(t *testing.T) {
	s := &store{err: errors.New("down")}
	c := s.cache()
	wantsError(t, c, "a", s.err)
	wantsError(t, c, "a", s.err)
	s.set(func(s *store) { s.err = nil })
	wants(t, c, "a", 3)
}

// Rules: S4.32.
func TestErrorIsNotAnsweredByAnOlderAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(store)
		c := s.cache(func(c *lookupcache.Config[string, int]) { c.MaxSilence = 2 * time.Second })
		c.Alive(time.Now())
		wants(t, c, "a", 1)
		down := errors.New("down")
		s.set(func(s *store) { s.err = down })
		wants(t, c, "a", 1)
		time.Sleep(2 * time.Second)
		wantsError(t, c, "a", down)
		c.Alive(time.Now()) // the old answer is younger than maxAge, and gone
		wantsError(t, c, "a", down)
	})
}

// Rules: S4.33.
func TestCallersShareALookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{latency: time.Second}
		c := s.cache()
		time.Sleep(time.Hour) // the cache is old
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Millisecond)
				wants(t, c, "a", 1)
			})
		}
		all.Wait()
		if s.asked != 1 {
			t.Errorf("got %d look-ups, want 1", s.asked)
		}
	})
}

// Rules: S4.33.
func TestCallersShareAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{latency: time.Second, err: errors.New("down")}
		c := s.cache()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { wantsError(t, c, "a", s.err) })
		}
		all.Wait()
		if s.asked != 1 {
			t.Errorf("got %d look-ups, want 1", s.asked)
		}
	})
}

// Rules: S4.33.
func TestCallerLeavesByItsOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{latency: time.Second}
		c := s.cache()
		first, leave := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer leave()
		left := make(chan time.Duration, 1)
		began := time.Now()
		go func() {
			if got, err := c.Get(first, "a"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %d, %v, want the error %v", got, err, context.DeadlineExceeded)
			}
			left <- time.Since(began)
		}()
		synctest.Wait()
		wants(t, c, "a", 1) // although the first caller left
		if got, want := <-left, 300*time.Millisecond; got != want {
			t.Errorf("the first caller left after %v, want %v", got, want)
		}
		if got, want := time.Since(began), time.Second; got != want {
			t.Errorf("the second caller had its answer after %v, want %v", got, want)
		}
	})
}

func TestDeadContextBeginsNoLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead, cancel := context.WithCancel(t.Context())
		cancel()
		s := new(store)
		c := s.cache()
		if got, err := c.Get(dead, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %d, %v, want the error %v", got, err, context.Canceled)
		}
		synctest.Wait()
		if s.asked != 0 {
			t.Errorf("got %d look-ups, want none", s.asked)
		}
	})
}

// lateDone is the context of a caller that begins to wait an hour later.
type lateDone struct{ context.Context }

func (l lateDone) Done() <-chan struct{} { time.Sleep(time.Hour); return l.Context.Done() }

// TestErrorAtTheTimeoutIsAnError has a look-up fail when its context ends, and callers
// find that both are over.
//
// Rules: S4.32.
func TestErrorAtTheTimeoutIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := (&store{latency: time.Hour}).cache()
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				if got, err := c.Get(lateDone{t.Context()}, "a"); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %d, %v, want the error %v", got, err, context.DeadlineExceeded)
				}
			})
		}
		all.Wait()
	})
}

// TestLookupIsBounded has a look-up that ignores its context, too.
//
// Rules: S4.33.
func TestLookupIsBounded(t *testing.T) {
	for name, ignores := range map[string]bool{"keeps to its context": false, "ignores its context": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := lookupcache.New(lookupcache.Config[string, int]{
					Lookup: func(ctx context.Context, _ string) (int, error) {
						if ignores {
							time.Sleep(time.Hour)
						}
						<-ctx.Done()
						return 0, ctx.Err()
					},
					Age: func(string, int) time.Duration { return maxAge }, MaxShared: maxAge, MaxEntries: 1, Timeout: 10 * time.Second,
				})
				began := time.Now()
				wantsError(t, c, "a", context.DeadlineExceeded)
				if got, want := time.Since(began), 10*time.Second; got != want {
					t.Errorf("got an answer after %v, want %v", got, want)
				}
				time.Sleep(time.Hour) // until the look-up is over
			})
		})
	}
}

// TestLookupBeyondItsTimeoutIsNotJoined has a look-up that ignores its context: its error
// is not that of later callers, although they may join a look-up for an hour.
//
// Rules: S4.32.
func TestLookupBeyondItsTimeoutIsNotJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{inside: func() { time.Sleep(12 * time.Second) }}
		c := s.cache(func(c *lookupcache.Config[string, int]) { c.MaxShared = time.Hour })
		wantsError(t, c, "a", context.DeadlineExceeded)
		s.set(func(s *store) { s.inside = nil })
		wants(t, c, "a", 2)
		time.Sleep(3 * time.Second) // the first look-up is over now
		wants(t, c, "a", 2)
	})
}

// Rules: S4.31.
func TestOldLookupIsNotJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{latency: 8 * time.Second}
		c := s.cache()
		first := begin(t, c, "a", 1)
		time.Sleep(maxAge - 1)
		second := begin(t, c, "a", 1)
		time.Sleep(time.Nanosecond)
		s.set(func(s *store) { s.latency = 4 * time.Second })
		third := begin(t, c, "a", 2)
		first()
		second()
		third()
		wants(t, c, "a", 2)
	})
}

func TestPanicAndGoexitAreErrors(t *testing.T) {
	for name, inside := range map[string]func(){"panicked": func() { panic("boom") }, "without an answer": func() { runtime.Goexit() }} {
		s := &store{inside: inside}
		c := s.cache()
		if got, err := c.Get(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %d, %v, want an error that says %q", got, err, name)
		}
		s.set(func(s *store) { s.inside = nil })
		wants(t, c, "a", 2)
	}
}

func TestLookupHasTheValuesOfTheContext(t *testing.T) {
	type key struct{}
	c := lookupcache.New(lookupcache.Config[string, any]{
		Lookup: func(ctx context.Context, _ string) (any, error) { return ctx.Value(key{}), nil },
		Age:    func(string, any) time.Duration { return 0 }, MaxEntries: 1, Timeout: time.Minute,
	})
	if got, err := c.Get(context.WithValue(t.Context(), key{}, "trace"), "a"); got != "trace" || err != nil {
		t.Errorf("got %v, %v, want the value of the caller's context", got, err)
	}
}

// Rules: S4.34.
func TestForgottenAnswerIsLookedUpAgain(t *testing.T) {
	for name, forget := range map[string]func(c *cache){
		"Forget":      func(c *cache) { c.Forget("a") },
		"ForgetGroup": func(c *cache) { c.ForgetGroup("of 1") },
		"ForgetAll":   func(c *cache) { c.ForgetAll() },
	} {
		t.Run(name, func(t *testing.T) {
			c := new(store).cache()
			wants(t, c, "a", 1)
			wants(t, c, "b", 2)
			forget(c)
			wants(t, c, "a", 3)
			if name != "ForgetAll" {
				wants(t, c, "b", 2)
			} else {
				wants(t, c, "b", 4)
			}
		})
	}
}

// TestOvertakenLookupIsNotKept forgets while a look-up is under way: a later caller
// neither waits for it nor receives its answer.
//
// Rules: S4.34.
func TestOvertakenLookupIsNotKept(t *testing.T) {
	for name, forget := range map[string]func(c *cache){
		"Forget":      func(c *cache) { c.Forget("a") },
		"ForgetGroup": func(c *cache) { c.ForgetGroup("of 1") },
		"ForgetAll":   func(c *cache) { c.ForgetAll() },
	} {
		t.Run(name, func(t *testing.T) {
			for _, later := range []time.Duration{time.Millisecond, 2 * time.Second} { // its end comes before that of the first, or after
				synctest.Test(t, func(t *testing.T) {
					s := &store{latency: time.Second}
					c := s.cache()
					first := begin(t, c, "a", 1)
					forget(c)
					s.set(func(s *store) { s.latency = later })
					second := begin(t, c, "a", 2)
					first()
					second()
					wants(t, c, "a", 2)
				})
			}
		})
	}
}

// Rules: S4.34.
func TestGroupIsForgottenAsOften(t *testing.T) {
	c := new(store).cache()
	for n := range 10 {
		wants(t, c, "a", 2*n+1)
		wants(t, c, "b", 2*n+2)
		wants(t, c, "a", 2*n+1)
		c.ForgetGroup("of nobody")
		wants(t, c, "b", 2*n+2)
		c.ForgetGroup("of all")
	}
}

// Rules: S4.36.
func TestMemoryOfForgottenGroupsIsBounded(t *testing.T) {
	c := new(store).cache(func(c *lookupcache.Config[string, int]) { c.MaxEntries = 10 })
	before := heap()
	for n := range 100_000 {
		c.ForgetGroup(fmt.Sprint("group ", n))
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("grew by %d bytes, want at most %d", grown, 1<<20)
	}
	runtime.KeepAlive(c)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Rules: S4.34.
func TestGroupStaysForgottenWhenAnotherOneIsForgotten(t *testing.T) {
	c := new(store).cache()
	wants(t, c, "a", 1)
	wants(t, c, "b", 2)
	c.ForgetGroup("of 1")
	c.ForgetGroup("of 2")
	wants(t, c, "a", 3)
	wants(t, c, "b", 4)
}

// TestManyGroupsAreForgotten holds beyond the bound on what is remembered of them.
//
// Rules: S4.34, S4.36.
func TestManyGroupsAreForgotten(t *testing.T) {
	s := new(store)
	c := s.cache(func(c *lookupcache.Config[string, int]) { c.MaxEntries = 10 })
	for n := range 100 {
		wants(t, c, "a", n+1)
		c.ForgetGroup(fmt.Sprint("of ", n+1))
	}
}

func TestForgetOfAnotherKeyDoesNotOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := (&store{latency: time.Second}).cache()
		first := begin(t, c, "a", 1)
		c.Forget("b")
		first()
		wants(t, c, "a", 1)
	})
}

// Rules: S4.35.
func TestAnswersAreUsedWhileTheChannelIsProven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const silence = 2 * time.Second
		c := new(store).cache(func(c *lookupcache.Config[string, int]) { c.MaxSilence = silence })
		wants(t, c, "a", 1)
		wants(t, c, "a", 2) // no proof yet
		c.Alive(time.Now())
		wants(t, c, "a", 2)
		time.Sleep(silence - 1)
		wants(t, c, "a", 2)
		time.Sleep(time.Nanosecond)
		wants(t, c, "a", 3)
		for _, old := range []time.Time{{}, time.Unix(0, 0), time.Now().Add(-silence)} {
			c.Alive(old)
		}
		wants(t, c, "a", 4)
	})
}

// Rules: S4.35.
func TestProofCountsFromItsOwnTime(t *testing.T) {
	for name, test := range map[string]struct {
		proofs []time.Duration // from now
		lasts  time.Duration   // with a silence of two seconds
	}{
		"now":               {[]time.Duration{0}, 2 * time.Second},
		"a second old":      {[]time.Duration{-time.Second}, time.Second},
		"too old":           {[]time.Duration{-2 * time.Second}, 0},
		"to come":           {[]time.Duration{time.Hour}, 2 * time.Second},
		"an old one later":  {[]time.Duration{0, -time.Second}, 2 * time.Second},
		"a newer one later": {[]time.Duration{-time.Second, 0}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := new(store).cache(func(c *lookupcache.Config[string, int]) { c.MaxSilence = 2 * time.Second })
				time.Sleep(time.Hour)
				for _, at := range test.proofs {
					c.Alive(time.Now().Add(at))
				}
				wants(t, c, "a", 1)
				if test.lasts > 0 {
					time.Sleep(test.lasts - 1)
					wants(t, c, "a", 1)
					time.Sleep(time.Nanosecond)
				}
				wants(t, c, "a", 2)
			})
		})
	}
}

// Rules: S4.36.
func TestNumberOfAnswersIsBounded(t *testing.T) {
	const most = 100
	s := new(store)
	c := s.cache(func(c *lookupcache.Config[string, int]) { c.MaxEntries = most })
	for i := range 10 * most {
		c.Get(t.Context(), fmt.Sprint(i))
	}
	asked := s.asked
	for i := range 10 * most {
		c.Get(t.Context(), fmt.Sprint(i))
	}
	if kept := 10*most - (s.asked - asked); kept > most {
		t.Errorf("got %d kept answers at least, want %d at most", kept, most)
	}
}

// Rules: S4.36.
func TestAnswerInSteadyUseStays(t *testing.T) {
	s := new(store)
	c := s.cache(func(c *lookupcache.Config[string, int]) { c.MaxEntries = 100 })
	wants(t, c, "hot", 1)
	for i := range 10_000 {
		c.Get(t.Context(), fmt.Sprint(i))
		c.Get(t.Context(), "hot")
	}
	if again := s.asked - 10_001; again > 20 {
		t.Errorf("got %d look-ups of a key in steady use, want a few", again)
	}
}

// Rules: S4.36.
func TestAnswerThatIsNotKeptTakesNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(store).cache(func(c *lookupcache.Config[string, int]) {
			c.MaxEntries = 1
			c.Age = func(k string, _ int) time.Duration { return map[string]time.Duration{"kept": maxAge}[k] }
		})
		wants(t, c, "kept", 1)
		wants(t, c, "not kept", 2)
		wants(t, c, "kept", 1)
	})
}

func TestCacheOfOneEntryWorks(t *testing.T) {
	c := new(store).cache(func(c *lookupcache.Config[string, int]) { c.MaxEntries = 1 })
	wants(t, c, "a", 1)
	wants(t, c, "a", 1)
	wants(t, c, "b", 2)
	wants(t, c, "b", 2)
	wants(t, c, "a", 3)
}
