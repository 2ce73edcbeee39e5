package outages

import (
	"time"
)

func storeOutages() []Scenario {
	return []Scenario{grantsDown(), grantsHanging(), limiterFallback(), limiterDown(), limiterHanging(), codesDown()}
}

// minutes is a scenario of four minutes, with an outage from the first to the third.
func minutes(s Scenario) Scenario {
	s.Length, s.Break, s.Mend, s.Step = 4*time.Minute, time.Minute, 3*time.Minute, 2*time.Second
	if s.Mends == nil {
		s.Mend = s.Length
	}
	if s.Load == nil {
		s.Load = installations(4, 2*time.Second)
	}
	return s
}

// switches makes a dependency fail at the break.
func switches(s Scenario, of func(*world) *fault, mode int32) Scenario {
	s.Breaks = func(w *world) { of(w).mode.Store(mode) }
	s.Mends = func(w *world) { of(w).mode.Store(up) }
	return minutes(s)
}

func grantsOf(w *world) *fault    { return w.grants.fault }
func limiterOf(w *world) *fault   { return w.limiter.fault }
func codeStoreOf(w *world) *fault { return w.codes.fault }

func duration() Panel {
	return Panel{"bearergate.decision.duration, mean in ms", []Series{{Metric: "bearergate.decision.duration", Label: "mean", Kind: Mean}}}
}

func grantsDown() Scenario {
	return switches(Scenario{Name: "grants-down", Title: "The store of grants is down", Begins: "down", Ends: "up"}, grantsOf, down)
}

func grantsHanging() Scenario {
	return switches(Scenario{Name: "grants-hanging", Title: "The store of grants hangs", Begins: "hangs", Ends: "answers", Second: duration()}, grantsOf, hanging)
}

func limiterFallback() Scenario {
	return switches(Scenario{
		Name: "limiter-fallback", Title: "The limiter is down, with a fallback", Begins: "down", Ends: "up", Fallback: true,
		Second: Panel{"bearergate.limiter.degradations, in 2 s", []Series{{Metric: "bearergate.limiter.degradations", Label: "decided by the fallback"}}},
	}, limiterOf, down)
}

func limiterDown() Scenario {
	return switches(Scenario{Name: "limiter-down", Title: "The limiter is down, without a fallback", Begins: "down", Ends: "up"}, limiterOf, down)
}

func limiterHanging() Scenario {
	return switches(Scenario{Name: "limiter-hanging", Title: "The limiter hangs", Begins: "hangs", Ends: "answers", Second: duration()}, limiterOf, hanging)
}

func codesDown() Scenario {
	s := Scenario{
		Name: "codes-down", Title: "The store of the token endpoint is down", Begins: "down", Ends: "up",
		Prepare: func(w *world) {
			for i := range 6 {
				w.connections = append(w.connections, w.connect(10+i))
			}
		},
		Load: installations(2, 2*time.Second),
	}
	for i := range 6 {
		s.Load = append(s.Load, stream{every: 6 * time.Second, first: time.Duration(i)*time.Second + 500*time.Millisecond, send: func(w *world, _ int) {
			w.renew(w.connections[i])
		}})
	}
	return switches(s, codeStoreOf, down)
}
