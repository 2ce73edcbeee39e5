package main

import (
	"errors"
	"net/http"
	"strings"
)

var errInternal = errors.New("dial tcp " + internalAddress + ": connect: connection refused")

var answerSituations = []situation{
	{
		title: "The token lacks the scope that the route needs.",
		why:   "A client asks its user for the scope only if the challenge has `insufficient_scope` and names it (RFC 6750 section 3.1).",
		needs: []need{aToken, scopes},
		run: func(t *trial) verdict {
			t.setting.scope = "projects:write"
			t.start()
			a := t.show(t.get(t.issuer.token(nil)), "WWW-Authenticate")
			challenge := a.header.Get("WWW-Authenticate")
			names := strings.Contains(challenge, `error="insufficient_scope"`) && strings.Contains(challenge, "projects:write")
			return worst(refused(a), verdictOn(a.status == http.StatusForbidden && names))
		},
	},
	{
		title: "The token is good, and belongs to another organization than the path.",
		why:   "One customer reads the projects of another.",
		needs: []need{aToken, organizations},
		run: func(t *trial) verdict {
			t.setting.organization = true
			t.start()
			return refused(t.show(t.get(t.issuer.token(claims{"organizationId": "umbrella"}))))
		},
	},
	{
		title: "The grant of the app was revoked. Its token has an hour to live.",
		why:   "The user has removed the app, and it reads on.",
		needs: []need{aToken, grants},
		run: func(t *trial) verdict {
			t.setting.grants = true
			t.start()
			a := t.show(t.get(t.issuer.token(nil)))
			if a.status == http.StatusGone && !a.handled {
				return good
			}
			return refused(a)
		},
	},
	{
		title: "HEAD with a token that has expired.",
		why:   "The answer has no body. The headers alone say what to do, and are those of GET.",
		needs: []need{aToken},
		run: func(t *trial) verdict {
			t.start()
			expired := http.Header{"Authorization": {"Bearer " + t.issuer.token(claims{"exp": lastYear})}}
			get, head := t.send("GET", expired), t.send("HEAD", expired)
			t.show(head, "WWW-Authenticate")
			same := get.status == head.status && head.body == ""
			for _, name := range []string{"WWW-Authenticate", "Content-Type", "Content-Length"} {
				same = same && get.header.Get(name) == head.header.Get(name)
			}
			return worst(challenged(head), verdictOn(same))
		},
	},
	{
		title: "A token that has expired, under gin. If the peer's documentation does not say how it stands there, it stands as gin's says, by `gin.WrapH`.",
		why:   "If the middleware does not abort, the handler goes on behind the refusal, and its answer is sent too. `gin.WrapH` does not, whatever it wraps.",
		needs: []need{aToken, inGin},
		run: func(t *trial) verdict {
			t.setting.router = inGin
			t.start()
			return refused(t.show(t.get(t.issuer.token(claims{"exp": lastYear}))))
		},
	},
	{
		title: "What verifies a token fails, and its error has an internal address.",
		why:   "The client has a good token, and a stranger wants the address.",
		needs: []need{aToken, aCallback},
		run: func(t *trial) verdict {
			t.setting.check = func() error { return errInternal }
			t.start()
			return serverFault(t.show(t.get(t.issuer.token(nil))))
		},
	},
	{
		title:  "What verifies a token panics.",
		why:    "A client that gets no answer cannot tell a fault of the API from one of its network, and sends the request again.",
		needs:  []need{aToken, aCallback},
		reason: "A panic goes on to the server or to the router's recoverer, which log it with its stack; a guard that swallowed it would hide it. The 500 of these peers is that of echo's `Recover` and gin's `Recovery`, and bearergate's behind them.",
		run: func(t *trial) verdict {
			t.setting.check = func() error { panic("no connection") }
			t.start()
			return serverFault(t.show(t.get(t.issuer.token(nil))))
		},
	},
	{
		title:  "A developer's token has the wrong audience, and the developer reads the answer.",
		why:    "Without the reason, the developer has to ask the operators of the API.",
		needs:  []need{aToken},
		reason: "An answer says what to do, and not what was found ([S1.23](semantics.md#s1.23)). The log has the reason, and the program [explain](../cmd/explain) names the claim and the setting.",
		run: func(t *trial) verdict {
			t.start()
			a := t.show(t.get(t.issuer.token(claims{"aud": "https://api.example/"})))
			return worst(refused(a), verdictOn(a.contains("audience")))
		},
	},
	{
		title: "A page of another origin sends a preflight, and then a token that has expired. CORS middleware stands outside.",
		why:   "If the refusal loses the CORS headers, the page sees a network error and not a 401.",
		needs: []need{aToken},
		run: func(t *trial) verdict {
			t.setting.outside = allowOrigins
			t.start()
			preflight := t.show(t.preflight())
			expired := t.get(t.issuer.token(claims{"exp": lastYear}))
			t.show(expired, "Access-Control-Allow-Origin")
			return worst(verdictOn(preflight.status == http.StatusNoContent), refused(expired), verdictOn(expired.header.Get("Access-Control-Allow-Origin") == "*"))
		},
	},
	{
		title:  "The CORS middleware stands behind the guard, and a page sends a preflight.",
		why:    "A preflight has no token. If it is refused, the page sees a network error.",
		needs:  []need{aToken},
		reason: "OPTIONS is a request like any other ([S2.17](semantics.md#s2.17)): a guard that let it through would open each handler that serves it. CORS stands outside ([S2.18](semantics.md#s2.18)).",
		run: func(t *trial) verdict {
			t.setting.preflights, t.setting.next = true, allowOrigins(t.setting.next)
			t.start()
			return verdictOn(t.show(t.preflight()).status == http.StatusNoContent)
		},
	},
}

func (t *trial) preflight() answer {
	return t.send("OPTIONS", http.Header{"Origin": {"https://app.example"}, "Access-Control-Request-Method": {"GET"}, "Access-Control-Request-Headers": {"authorization"}})
}

// allowOrigins is the least that CORS middleware does.
func allowOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Headers", "authorization")
		w.WriteHeader(http.StatusNoContent)
	})
}
