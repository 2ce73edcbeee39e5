package bearergate_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-limiter/memorystore"

	"github.com/bearergate/bearergate"
)

// windowsModel is the windows of one key, as S6.11 says it.
type windowsModel struct {
	began time.Time
	left  uint64
}

func (m *windowsModel) take(limit uint64, window time.Duration) bearergate.Quota {
	now := time.Now()
	if m.began.IsZero() || now.Sub(m.began) > 2*window {
		*m = windowsModel{now, limit}
	}
	for !now.Before(m.began.Add(window)) {
		*m = windowsModel{m.began.Add(window), limit}
	}
	q := bearergate.Quota{Limit: limit, Reset: m.began.Add(window), Window: window, Allowed: m.left > 0}
	if q.Allowed {
		m.left--
	}
	q.Remaining = m.left
	return q
}

// gaps are times between two requests, near all that is special in a window.
func gaps(window time.Duration) []time.Duration {
	return []time.Duration{0, 0, 1, window / 3, window - 1, window, window + 1, 2*window - 1, 2 * window, min(2*window, math.MaxInt64-1) + 1}
}

// Rules: S6.11.
func FuzzMemoryLimiter(f *testing.F) {
	for i := range 8 {
		steps := make([]byte, 400)
		rand.NewChaCha8([32]byte{byte(i)}).Read(steps)
		f.Add(steps, uint8(i), uint8(i/2))
	}
	windows := []time.Duration{time.Millisecond, 1234567 * time.Nanosecond, time.Minute, math.MaxInt64 / 2}
	limits := []uint64{1, 3, 1 << 63, math.MaxUint64}
	f.Fuzz(func(t *testing.T, steps []byte, w, n uint8) {
		synctest.Test(t, func(t *testing.T) {
			window, limit := windows[int(w)%len(windows)], limits[int(n)%len(limits)]
			limiter := perWindow(t, limit, window)
			const years = 250 * 365 * 24 * time.Hour // of the clock of synctest
			var models [4]windowsModel
			began := time.Now()
			for i, step := range steps {
				gap := gaps(window)[int(step>>2)%len(gaps(window))]
				if gap < years-time.Since(began) {
					time.Sleep(gap)
				}
				key := step % 4
				got, err := limiter.Take(t.Context(), "key"+strconv.Itoa(int(key)))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(models[key].take(limit, window), got); diff != "" {
					t.Fatalf("step %d, %v after the start (-want +got):\n%s", i, time.Since(began), diff)
				}
			}
		})
	})
}

// TestMemoryLimiterCountsAsGoLimiter asks both in the same moments, on the real clock,
// which is the only one that go-limiter knows. Rounds in which a window of one ended
// between the two are not compared.
//
// Rules: S6.11.
func TestMemoryLimiterCountsAsGoLimiter(t *testing.T) {
	const limit, window = 3, 5 * time.Millisecond
	compared := 0
	for round := range 200 {
		store, err := memorystore.New(&memorystore.Config{Tokens: limit, Interval: window})
		if err != nil {
			t.Fatal(err)
		}
		model, limiter := bearergate.NewStoreLimiter(store, window), perWindow(t, limit, window)
		random := rand.New(rand.NewPCG(uint64(round), 0))
		for range 12 {
			<-time.After(time.Duration(random.Int64N(int64(window) * 2 / 3)))
			want, _ := model.Take(t.Context(), "key")
			got, _ := limiter.Take(t.Context(), "key")
			if d := got.Reset.Sub(want.Reset); d.Abs() > window/2 || time.Until(want.Reset) <= 0 {
				break
			}
			want.Reset, got.Reset = time.Time{}, time.Time{}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("round %d (-want +got):\n%s", round, diff)
			}
			compared++
		}
		store.Close(context.Background())
		if compared > 60 {
			return
		}
	}
	t.Errorf("only %d requests were compared", compared)
}

// manyKeys are keys that are made before memory is measured.
func manyKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = "installation:" + strconv.Itoa(i)
	}
	return keys
}

func takeEach(t testing.TB, l bearergate.Limiter, keys []string) {
	for _, key := range keys {
		if _, err := l.Take(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one found is freed
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestManyKeysAreSweptInParts has 200,000 keys come, and requests of another one go on
// until they are forgotten. Each request frees a small part of the memory, and so
// waits for that part alone; all of them free all of it.
func TestManyKeysAreSweptInParts(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	synctest.Test(t, func(t *testing.T) {
		keys := manyKeys(200_000)
		empty := heap()
		l := perWindow(t, 10, time.Minute)
		takeEach(t, l, keys)
		full := heap() - empty
		if got := float64(full) / float64(len(keys)); got > 80 {
			t.Errorf("got %.0f bytes a key, want 80 at most", got)
		}
		time.Sleep(2*time.Minute + 1)
		for range 5 {
			before := heap()
			takeEach(t, l, keys[:1])
			if got := before - heap(); got > full/100 {
				t.Errorf("one request freed %d of %d bytes, want a hundredth at most", got, full)
			}
			time.Sleep(time.Minute / 512)
		}
		for range 512 {
			takeEach(t, l, keys[:1])
			time.Sleep(time.Minute / 512)
		}
		if got := heap() - empty; got > full/50 {
			t.Errorf("got %d of %d bytes after all were swept, want them returned", got, full)
		}
		runtime.KeepAlive(keys)
	})
}

func TestKnownKeyAllocatesNothing(t *testing.T) {
	l := perWindow(t, 10, time.Minute)
	if got := testing.AllocsPerRun(100, func() { l.Take(context.Background(), "key") }); got != 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}

func BenchmarkMemoryLimiter(b *testing.B) {
	for _, n := range []int{1, 1000, 1_000_000} {
		b.Run("keys="+strconv.Itoa(n), func(b *testing.B) {
			l, keys := perWindow(b, math.MaxUint64, time.Minute), manyKeys(n)
			takeEach(b, l, keys)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				random := rand.New(rand.NewPCG(rand.Uint64(), 0))
				for pb.Next() {
					l.Take(b.Context(), keys[random.IntN(n)])
				}
			})
		})
	}
}

func BenchmarkMemoryLimiterNewKey(b *testing.B) {
	keys := manyKeys(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	takeEach(b, perWindow(b, 10, time.Minute), keys)
}
