// Package health answers the probes of an orchestrator or a load balancer:
//
//	ready, err := health.Ready(health.Config{Checks: map[string]health.Check{
//		"keys":     verifier.Keys().Ready, // fetches them, if there are none
//		"database": store.Ping,
//	}})
//	…
//	mux.Handle("/live", health.Live())
//	mux.Handle("/ready", ready)
//
// Liveness asks whether the process has to be restarted, which mends no database: [Live]
// checks nothing. Readiness asks whether this instance should receive requests. A
// dependency that all instances share fails for all of them at once, and then none is
// left to answer. So check only what the instance cannot serve any request without, and
// leave out what has a fallback, such as a limiter.
package health
