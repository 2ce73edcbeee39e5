package outages

import "time"

func singles() []Scenario {
	return []Scenario{noisy(), grantRevoked(), miswired()}
}

func noisy() Scenario {
	return attack(Scenario{Name: "noisy", Title: "One installation sends too much", Begins: "begins", Ends: "ends"}, 200*time.Millisecond, func(w *world, _ int) {
		w.list(0, w.token(0))
	})
}

func grantRevoked() Scenario {
	return minutes(Scenario{
		Name: "grant-revoked", Title: "A grant is revoked, and its app keeps calling", Begins: "revoked",
		Breaks: func(w *world) { must(0, w.grants.Revoke(grantID(0), time.Now())) },
	})
}

func miswired() Scenario {
	s := minutes(Scenario{
		Name: "miswired", Title: "A release lost a guard of a route", Begins: "deployed", Ends: "rolled back",
		Breaks: func(w *world) { w.miswired.Store(true) },
		Mends:  func(w *world) { w.miswired.Store(false) },
	})
	s.Load = append(s.Load, stream{every: time.Second, first: 50 * time.Millisecond, send: func(w *world, _ int) {
		w.send(addressOf(5), get("/orgs/acme/reports", w.token(5)))
	}})
	return s
}
