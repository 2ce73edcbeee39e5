package outages

import (
	"io"
	"net/http"
	"time"
)

func appOutages() []Scenario { return []Scenario{appRenewals(), appDeath()} }

func appRenewals() Scenario {
	s := withApps(Scenario{
		Name: "app-renewals", Title: "An app cannot renew its tokens", Begins: "down", Ends: "up",
		Breaks: func(w *world) { w.signer.mode.Store(down) },
		Mends:  func(w *world) { w.signer.mode.Store(up) },
		Second: Panel{"bearergate.client.renewal.duration, its count in 20 s", []Series{
			{Metric: "bearergate.client.renewal.duration", Attrs: "-error.type", Label: "succeeded"},
			{Metric: "bearergate.client.renewal.duration", Attrs: "error.type=temporarily_unavailable", Label: "temporarily_unavailable"},
		}},
	})
	s.Length, s.Break, s.Mend, s.Step = 40*time.Minute, 10*time.Minute, 25*time.Minute, 20*time.Second
	return s
}

func appDeath() Scenario {
	s := withApps(Scenario{
		Name: "app-death", Title: "A connection of an app dies", Begins: "revoked",
		Breaks: func(w *world) { must(0, w.grants.Revoke(grantID(41), time.Now())) },
		Second: Panel{"bearergate.client.deaths, in total", []Series{
			{Metric: "bearergate.client.deaths", Attrs: "bearergate.code=grant_revoked", Label: "grant_revoked", Kind: Total},
		}},
	})
	s.Length, s.Break, s.Mend, s.Step = 4*time.Minute, time.Minute, 4*time.Minute, 4*time.Second
	return s
}

const apps = 4

// withApps has apps of package client send requests.
func withApps(s Scenario) Scenario {
	s.Prepare = func(w *world) {
		for i := range apps {
			w.apps = append(w.apps, w.app(40+i))
		}
	}
	for i := range apps {
		s.Load = append(s.Load, stream{every: 4 * time.Second, first: time.Duration(i)*time.Second + 100*time.Millisecond, send: func(w *world, _ int) {
			call(w.apps[i])
		}})
	}
	return s
}

func call(app *http.Client) {
	resp, err := app.Get("https://api.example/orgs/acme/projects")
	if err != nil {
		return
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}
