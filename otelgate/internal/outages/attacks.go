package outages

import (
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
)

func attacks() []Scenario {
	return []Scenario{forged(), forgedByMany(), oneTime(), unknownKids(), guessing(), stolenRefresh(), codeReplay()}
}

// attack is load from the break to the mend, beside that of good clients.
func attack(s Scenario, every time.Duration, send func(w *world, n int)) Scenario {
	s.Breaks, s.Mends = nothing, nothing
	s = minutes(s)
	s.Load = append(s.Load, stream{every: every, first: s.Break + time.Millisecond, last: s.Mend, send: send})
	return s
}

// attacker returns one of the addresses of an attacker. Each has a network of its own.
func attacker(i int) net.IP { return net.IPv4(203, byte(i/250), byte(i%250), 66) }

// forgery is the token of a stranger that claims to be the issuer.
func forgery(opts ...bearergatetest.TokenOption) string {
	return bearergatetest.NewStranger().InstallationToken(append(opts, bearergatetest.SignedWith(bearergatetest.EdDSA), bearergatetest.WithScopes(scope))...)
}

func forged() Scenario {
	return attack(Scenario{Name: "forged", Title: "A flood of forged tokens from a few addresses", Begins: "begins", Ends: "ends"}, 200*time.Millisecond, func(w *world, n int) {
		w.send(attacker(n%3), get("/orgs/acme/projects", forgery(bearergatetest.WithClaim("jti", fmt.Sprint(n)))))
	})
}

func forgedByMany() Scenario {
	return attack(Scenario{Name: "forged-by-many", Title: "A flood of forged tokens from very many addresses", Begins: "begins", Ends: "ends"}, 200*time.Millisecond, func(w *world, n int) {
		w.send(attacker(n), get("/orgs/acme/projects", forgery(bearergatetest.WithClaim("jti", fmt.Sprint(n)))))
	})
}

func oneTime() Scenario {
	return attack(Scenario{
		Name: "one-time", Title: "A flood of good tokens that are used once", Begins: "begins", Ends: "ends",
		Second: Panel{"bearergate.token.verifications, in 2 s", []Series{
			{Metric: "bearergate.token.verifications", Attrs: "bearergate.cache_hit=true", Label: "from the cache"},
			{Metric: "bearergate.token.verifications", Attrs: "bearergate.cache_hit=false", Label: "signature checked"},
		}},
	}, 400*time.Millisecond, func(w *world, n int) {
		w.list(20, w.mint(20, bearergatetest.WithClaim("jti", fmt.Sprint(n))))
	})
}

func unknownKids() Scenario {
	s := attack(Scenario{
		Name: "unknown-kids", Title: "A flood of unknown key ids", Begins: "begins", Ends: "ends", Second: Panel{"bearergate.key.fetches, in 10 s", fetches()},
	}, 200*time.Millisecond, func(w *world, n int) {
		w.send(attacker(n%60), get("/orgs/acme/projects", forgery(bearergatetest.WithHeader("kid", fmt.Sprint("key-", n)))))
	})
	s.Step = 10 * time.Second
	return s
}

func guessing() Scenario {
	return attack(Scenario{Name: "guessing", Title: "Somebody guesses client secrets or codes", Begins: "begins", Ends: "ends"}, 200*time.Millisecond, func(w *world, n int) {
		w.form(attacker(0), fmt.Sprint("guess ", n), "grant_type=authorization_code&code=guessed&redirect_uri="+url.QueryEscape(redirectURI))
	})
}

// thefts are the curves of thefts.
func thefts() Panel {
	return Panel{"bearergate.thefts, in total", []Series{
		{Metric: "bearergate.thefts", Attrs: "bearergate.theft=refresh_token_reused", Label: "refresh_token_reused", Kind: Total},
		{Metric: "bearergate.thefts", Attrs: "bearergate.theft=code_replayed", Label: "code_replayed", Kind: Total},
	}}
}

// renewing is an app that renews its tokens every 10 s.
func renewing(s Scenario) Scenario {
	s.Prepare = func(w *world) { w.connections = []*connection{w.connect(30)} }
	s = minutes(s)
	s.Load = append(s.Load,
		stream{every: 10 * time.Second, first: 5100 * time.Millisecond, send: func(w *world, _ int) { w.renew(w.connections[0]) }},
		stream{every: 2 * time.Second, first: 300 * time.Millisecond, send: func(w *world, _ int) { w.list(30, w.connections[0].accessToken()) }},
	)
	s.Second, s.Step = thefts(), 10*time.Second
	return s
}

func stolenRefresh() Scenario {
	return renewing(Scenario{
		Name: "stolen-refresh", Title: "A stolen refresh token is used", Begins: "stolen", Ends: "used by the thief",
		Breaks: func(w *world) { w.stolen = w.connections[0].refreshToken() },
		Mends: func(w *world) {
			w.form(attacker(0), appSecret, refreshForm(w.stolen).Encode())
		},
	})
}

func codeReplay() Scenario {
	return renewing(Scenario{
		Name: "code-replay", Title: "An authorization code is used twice", Begins: "used again",
		Breaks: func(w *world) { w.exchange(&connection{number: 31, code: w.connections[0].code}) },
	})
}
