package outages

import (
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
)

// fetches are the curves of fetches of keys.
func fetches() []Series {
	return []Series{
		{Metric: "bearergate.key.fetches", Attrs: "-error.type", Label: "succeeded"},
		{Metric: "bearergate.key.fetches", Attrs: "error.type=_OTHER", Label: "failed"},
	}
}

func keyOutages() []Scenario {
	return []Scenario{keysKnown(), keysAtStart(), keysGarbage(), keyRotation(), keyRemoved(), clockWrong()}
}

func keysKnown() Scenario {
	return Scenario{
		Name: "keys-known", Title: "The key server is down, and the keys are known", Begins: "down", Ends: "up",
		Length: 30 * time.Hour, Break: 2 * time.Hour, Mend: 28 * time.Hour, Step: 15 * time.Minute,
		Load:   installations(2, 5*time.Minute),
		Breaks: func(w *world) { w.keyServer.mode.Store(down) },
		Mends:  func(w *world) { w.keyServer.mode.Store(up) },
		Second: Panel{"bearergate.key.age, in hours", []Series{{Metric: "bearergate.key.age", Label: "age of the keys", Kind: Value, Scale: 1.0 / 3600}}},
	}
}

func keysAtStart() Scenario {
	return Scenario{
		Name: "keys-at-start", Title: "The key server is down when the program starts", Begins: "down", Ends: "up",
		Length: 3 * time.Minute, Break: 0, Mend: 2 * time.Minute, Step: 2 * time.Second,
		Prepare: func(w *world) { w.keyServer.mode.Store(down) },
		Load:    installations(4, 2*time.Second),
		Breaks:  nothing,
		Mends:   func(w *world) { w.keyServer.mode.Store(up) },
		Second:  Panel{"bearergate.key.count", []Series{{Metric: "bearergate.key.count", Label: "keys", Kind: Value}}},
	}
}

func keysGarbage() Scenario {
	return Scenario{
		Name: "keys-garbage", Title: "The key server answers garbage while a key is rotated", Begins: "garbage, new key", Ends: "mended",
		Length: 4 * time.Minute, Break: time.Minute, Mend: 3 * time.Minute, Step: 5 * time.Second,
		Load: append(installations(4, time.Second), stream{every: time.Hour, first: 2 * time.Minute, send: func(w *world, _ int) {
			w.keyServer.answer(200, "text/html", "<h1>Please log in</h1>")
		}}),
		Breaks: func(w *world) {
			w.keyServer.answer(503, "application/json", `{"error":"overloaded"}`)
			w.issuer.Rotate()
			w.forget(0)
			w.forget(1)
		},
		Mends:  func(w *world) { w.keyServer.instead.Store(nil) },
		Second: Panel{"bearergate.key.fetches, in 5 s", fetches()},
	}
}

func keyRotation() Scenario {
	return Scenario{
		Name: "key-rotation", Title: "A key is rotated", Begins: "new key",
		Length: 4 * time.Minute, Break: time.Minute, Mend: time.Minute, Step: 2 * time.Second,
		Load: installations(4, 2*time.Second),
		Breaks: func(w *world) {
			w.issuer.Rotate()
			for i := range 4 {
				w.forget(i)
			}
		},
		Second: Panel{"bearergate.key.fetches, in 2 s", fetches()},
	}
}

func keyRemoved() Scenario {
	return Scenario{
		Name: "key-removed", Title: "A key leaked and is removed", Begins: "removed",
		Length: time.Hour, Break: 22 * time.Minute, Mend: 22 * time.Minute, Step: 30 * time.Second,
		Prepare: func(w *world) { w.stolen = w.mint(9, bearergatetest.ExpiresIn(24*time.Hour)) },
		Load: append(installations(3, 15*time.Second), stream{
			every: 10 * time.Second, first: 2500 * time.Millisecond, send: func(w *world, _ int) { w.list(9, w.stolen) },
		}),
		Breaks: func(w *world) {
			w.issuer.Rotate()
			w.issuer.Retire()
		},
		Second: Panel{"bearergate.key.age, in minutes", []Series{{Metric: "bearergate.key.age", Label: "age of the keys", Kind: Value, Scale: 1.0 / 60}}},
	}
}

// clockWrong has the clock of the API two minutes ahead: to the API, tokens arrive with
// two minutes less to live.
func clockWrong() Scenario {
	const ahead = 2 * time.Minute
	return Scenario{
		Name: "clock-wrong", Title: "A clock is wrong", Begins: "clocks differ", Ends: "set right",
		Length: 4 * time.Minute, Break: time.Minute, Mend: 3 * time.Minute, Step: 2 * time.Second,
		Load: append(installations(2, 2*time.Second),
			stream{every: 2 * time.Second, first: 100 * time.Millisecond, send: func(w *world, _ int) {
				w.list(7, w.mint(7, bearergatetest.ExpiresIn(time.Minute-w.ahead(ahead))))
			}},
			stream{every: 2 * time.Second, first: 300 * time.Millisecond, send: func(w *world, _ int) {
				w.list(8, w.mint(8, bearergatetest.WithClaim("nbf", time.Now().Add(w.ahead(ahead)).Unix())))
			}}),
		Breaks: func(w *world) { w.skewed.Store(true) },
		Mends:  func(w *world) { w.skewed.Store(false) },
	}
}

// ahead is by how much the clocks differ now.
func (w *world) ahead(d time.Duration) time.Duration {
	if w.skewed.Load() {
		return d
	}
	return 0
}
