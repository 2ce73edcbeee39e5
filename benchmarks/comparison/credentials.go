package main

import (
	"net/http"
	"net/url"
	"strings"
)

var credentialSituations = withToken([]situation{
	{
		title: "A request has no token.",
		why:   "A 401 must say how to authenticate (RFC 9110 section 15.5.2); OAuth clients begin with it.",
		run: func(t *trial) verdict {
			t.start()
			return challenged(t.show(t.send("GET", http.Header{}), "WWW-Authenticate"))
		},
	},
	{
		title: "A request has Basic credentials.",
		why:   "It is well-formed, and lacks a token: the answer is that to none.",
		run: func(t *trial) verdict {
			t.start()
			return challenged(t.show(t.send("GET", http.Header{"Authorization": {"Basic dXNlcjpwYXNz"}}), "WWW-Authenticate"))
		},
	},
	{
		title: "The scheme is `bearer`, in lower case.",
		why:   "Schemes have no case (RFC 9110 section 11.1), and clients write it so.",
		run: func(t *trial) verdict {
			t.start()
			return passes(t.show(t.send("GET", http.Header{"Authorization": {"bearer " + t.issuer.token(nil)}})))
		},
	},
	{
		title: "A request has two Authorization headers, with the tokens of two users.",
		why:   "A proxy logs one user, and the API serves the other.",
		run: func(t *trial) verdict {
			t.start()
			mine, yours := t.issuer.token(nil), t.issuer.token(claims{"sub": "user-2"})
			return refused(t.show(t.send("GET", http.Header{"Authorization": {"Bearer " + mine, "Bearer " + yours}})))
		},
	},
	{
		title: "The token is in the query: `?token=…`, `?access_token=…`, `?jwt=…`.",
		why:   "It lands in logs, histories and Referer headers.",
		run: func(t *trial) verdict {
			t.start()
			query := url.Values{}
			for _, name := range []string{"token", "access_token", "jwt"} {
				query.Set(name, t.issuer.token(nil))
			}
			a := t.show(t.request("GET", "/orgs/"+organization+"/projects?"+query.Encode(), http.Header{}))
			if a.handled {
				return leaks
			}
			return refused(a)
		},
	},
	{
		title: "The token has 300 KiB.",
		why:   "Decoding it costs the server more than sending it costs the stranger.",
		run: func(t *trial) verdict {
			t.start()
			return refused(t.show(t.get(keyOf("forger").sign(t.issuer.key().header(), t.issuer.payload(claims{"x": strings.Repeat("x", 225<<10)})))))
		},
	},
})
