package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

var limitSituations = []situation{
	{
		title: "The budget of a window of 10 s is used up, and a third of the window has passed.",
		why:   "A client waits as long as Retry-After says. If that is the whole window, it waits in vain; if it is no number of seconds and no HTTP date, it does not wait.",
		needs: []need{aLimit},
		run: func(t *trial) verdict {
			t.setting.requests, t.setting.window = 1, 10*time.Second
			t.start()
			token := t.issuer.token(nil)
			t.get(token)
			begun := time.Now()
			time.Sleep(time.Until(begun.Add(3100 * time.Millisecond)))
			a := t.show(t.get(token), "Retry-After")
			seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
			return verdictOn(a.status == http.StatusTooManyRequests && err == nil && seconds >= 6 && seconds <= 7)
		},
	},
	{
		title: "The budget is used up, and the client waits as long as Retry-After says.",
		why:   "If it is refused again, it gives up, or calls without a pause.",
		needs: []need{aLimit},
		run: func(t *trial) verdict {
			t.setting.requests, t.setting.window = 1, 6*time.Second
			t.start()
			t.get(t.issuer.token(nil))
			refusal := t.show(t.get(t.issuer.token(nil)), "Retry-After")
			seconds, _ := strconv.Atoi(refusal.header.Get("Retry-After"))
			time.Sleep(time.Duration(seconds) * time.Second)
			return passes(t.show(t.get(t.issuer.token(nil))))
		},
	},
	{
		title:  "A client with a budget of 2 in 10 s begins a window, and sends a request at the end of it and 2 at the beginning of the next.",
		why:    "Up to twice the budget passes within a moment.",
		needs:  []need{aLimit},
		reason: "Windows are fixed ([S6.11](semantics.md#s6.11)), so that Retry-After is true ([S1.29](semantics.md#s1.29)). A window that slides refuses clients that waited as long as they were asked to: see the table of limits.",
		run:    burst,
	},
	{
		title: "The store of the counters hangs.",
		why:   "Each request waits for it, and the API is down because its limiter is.",
		needs: []need{aStore},
		run: func(t *trial) verdict {
			t.setting.requests = 10
			t.setting.count = func() error {
				<-t.setting.ctx.Done()
				return t.setting.ctx.Err()
			}
			t.start()
			return serverFault(t.show(t.get(t.issuer.token(nil)), "Retry-After"))
		},
	},
	{
		title: "The store of the counters fails, and its error has an internal address.",
		why:   "The client did nothing wrong and should come back later.",
		needs: []need{aStore},
		run: func(t *trial) verdict {
			t.setting.requests = 10
			t.setting.count = func() error { return errInternal }
			t.start()
			return serverFault(t.show(t.get(t.issuer.token(nil)), "Retry-After"))
		},
	},
	{
		title: "Three requests with a budget of one, behind echo, which builds middleware of net/http anew for each request.",
		why:   "A counter that is built anew counts to one.",
		needs: []need{aLimit},
		run: func(t *trial) verdict {
			t.setting.requests, t.setting.router = 1, inEcho
			t.start()
			var last answer
			for range 3 {
				last = t.show(t.get(t.issuer.token(nil)))
			}
			return limited(last)
		},
	},
	{
		title: "Three requests with bad tokens, a budget of two, and another `X-Forwarded-For` each time.",
		why:   "The client that guesses tokens also writes the header.",
		needs: []need{aLimit},
		run: func(t *trial) verdict {
			t.setting.requests, t.setting.countFailed = 2, true
			t.start()
			var last answer
			for n := range 3 {
				last = t.show(t.send("GET", http.Header{"Authorization": {"Bearer guess"}, "X-Forwarded-For": {fmt.Sprintf("192.0.2.%d", n)}}))
			}
			return limited(last)
		},
	},
}

func limited(a answer) verdict {
	if a.handled {
		return letsIn
	}
	return verdictOn(a.status == http.StatusTooManyRequests)
}

// burst begins a window, and sends requests on either side of its end. The times
// leave a second for a slow machine.
func burst(t *trial) verdict {
	t.setting.requests, t.setting.window = 2, 10*time.Second
	t.start()
	token := t.issuer.token(nil)
	t.get(token)
	begun := time.Now()
	time.Sleep(time.Until(begun.Add(8500 * time.Millisecond)))
	passed := 0
	for n := range 3 {
		if n == 1 {
			time.Sleep(time.Until(begun.Add(10500 * time.Millisecond)))
		}
		if t.get(token).handled {
			passed++
		}
	}
	t.note(fmt.Sprint(passed), "passed: %d of 3", passed)
	if passed > t.setting.requests {
		return letsIn
	}
	return verdictOn(passed > 0)
}
