package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

var keyServerSituations = []situation{
	{
		title: "The key server is down when the API starts.",
		why:   "The client has a good token. If the answer says otherwise, it drops the session, and its user logs in again.",
		needs: []need{aKeyServer},
		run:   beforeStart(func(i *issuer) { i.goDown() }, serverFault),
	},
	{
		title: "The key server answers 503, as JSON, when the API starts.",
		why:   "Gateways answer so during a deployment.",
		needs: []need{aKeyServer},
		run: beforeStart(func(i *issuer) {
			i.answer(http.StatusServiceUnavailable, "application/json", `{"message":"no healthy upstream"}`)
		}, serverFault),
	},
	{
		title: "The key server answers 200 with a page, when the API starts.",
		why:   "Captive portals and maintenance pages do.",
		needs: []need{aKeyServer},
		run: beforeStart(func(i *issuer) {
			i.answer(http.StatusOK, "text/html", "<!DOCTYPE html><title>We will be back</title>")
		}, serverFault),
	},
	{
		title: "The key server accepts connections and does not answer.",
		why:   "Requests pile up, and their clients wait.",
		needs: []need{aKeyServer},
		run:   beforeStart(func(i *issuer) { i.hang() }, serverFault),
	},
	{
		title: "The key server goes down after keys were fetched.",
		why:   "The API has the key that it needs.",
		needs: []need{aKeyServer},
		run: func(t *trial) verdict {
			t.start()
			t.get(t.issuer.token(nil))
			t.issuer.goDown()
			return passes(t.show(t.get(t.issuer.token(nil))))
		},
	},
	{
		title: "The key server goes down for longer than the `max-age` of its keys, here a second.",
		why:   "Keys change a few times a year. An outage of minutes need not become one of the API.",
		needs: []need{aKeyServer},
		run: func(t *trial) verdict {
			t.issuer.cacheFor(1)
			t.start()
			t.get(t.issuer.token(nil))
			t.issuer.goDown()
			time.Sleep(2 * time.Second)
			return passes(t.show(t.get(t.issuer.token(nil))))
		},
	},
	{
		title: "A post-quantum key (`AKP`, ML-DSA-44) stands in the set beside the RSA key.",
		why:   "Providers will publish both. The RSA key is as good as before.",
		needs: []need{aKeyServer},
		run: published(fmt.Sprintf(`{"kty":"AKP","alg":"ML-DSA-44","use":"sig","kid":"pq-1","pub":%q}`,
			segment([]byte(strings.Repeat("k", 1312))))),
	},
	{
		title: "A key of the set is malformed.",
		why:   "One entry that is broken need not break the others.",
		needs: []need{aKeyServer},
		run:   published(`{"kty":"RSA","use":"sig","alg":"RS256","kid":"broken","n":"%%%","e":"AQAB"}`),
	},
	{
		title: "A token has no `kid`, and the set has one key.",
		why:   "`kid` is optional (RFC 7515 section 4.1.4).",
		needs: []need{aToken},
		run: func(t *trial) verdict {
			t.start()
			return passes(t.show(t.get(t.issuer.key().sign(`{"alg":"RS256","typ":"JWT"}`, t.issuer.payload(nil)))))
		},
	},
	{
		title: "The issuer rotates its key, and signs with the new one at once.",
		why:   "Every new token is refused until the API learns the key.",
		needs: []need{aToken},
		run: func(t *trial) verdict {
			t.start()
			t.get(t.issuer.token(nil))
			t.issuer.rotate()
			return passes(t.show(t.get(t.issuer.token(nil))))
		},
	},
	{
		title: "A stranger sends 20 tokens with key ids that do not exist.",
		why:   "If each causes a request for keys, the stranger attacks the key server through the API.",
		needs: []need{aKeyServer},
		run: func(t *trial) verdict {
			t.start()
			t.get(t.issuer.token(nil))
			before := t.issuer.fetches.Load()
			flood(t)
			fetched := t.issuer.fetches.Load() - before
			t.note(fmt.Sprint(fetched), "requests for keys: %d", fetched)
			return verdictOn(fetched <= 2)
		},
	},
	{
		title:  "The issuer rotates its key during such a flood.",
		why:    "New tokens are refused until the API asks for keys again.",
		needs:  []need{aToken},
		reason: "After an unknown key id, bearergate asks for no keys for 10 s ([S3c.27](semantics.md#s3c.27)), so that strangers cannot turn it against the key server.",
		run: func(t *trial) verdict {
			t.start()
			t.get(t.issuer.token(nil))
			flood(t)
			t.issuer.rotate()
			return passes(t.show(t.get(t.issuer.token(nil))))
		},
	},
}

// beforeStart breaks the key server, starts the API and sends a good token.
func beforeStart(breaks func(*issuer), judge func(answer) verdict) func(*trial) verdict {
	return func(t *trial) verdict {
		token := t.issuer.token(nil)
		breaks(t.issuer)
		t.start()
		return judge(t.show(t.get(token)))
	}
}

// published adds an entry to the key set before the API starts, and sends a good token.
func published(entry string) func(*trial) verdict {
	return func(t *trial) verdict {
		t.issuer.publish(entry)
		t.start()
		return passes(t.show(t.get(t.issuer.token(nil))))
	}
}

// flood sends forgeries with unknown key ids.
func flood(t *trial) {
	rest := "." + segment([]byte(t.issuer.payload(nil))) + "." + segment(make([]byte, 256))
	for n := range 20 {
		t.get(segment(fmt.Appendf(nil, `{"alg":"RS256","typ":"JWT","kid":"unknown-%d"}`, n)) + rest)
	}
}

func verdictOn(isGood bool) verdict {
	if isGood {
		return good
	}
	return hurts
}
