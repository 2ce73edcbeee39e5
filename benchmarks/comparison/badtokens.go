package main

import (
	"fmt"
	"strings"
	"time"
)

// lastYear is a time that has passed, as a claim.
const lastYear = 1_700_000_000

var tokenSituations = withToken([]situation{
	{
		title: "The payload has `exp`, which has passed, and `EXP`, which has not.",
		why:   "`encoding/json` takes the one for the other: an expired token lives on.",
		run:   spliced(`"exp":%d,"EXP":%d`, lastYear, tomorrow),
	},
	{
		title: "The payload has `exp` twice: the first has passed, the second has not.",
		why:   "Two readers of one token see two tokens (RFC 7519 section 4).",
		run:   spliced(`"exp":%d,"exp":%d`, lastYear, tomorrow),
	},
	{
		title: "The token has no `exp`.",
		why:   "A thief can use it for ever.",
		run:   claimed(claims{"exp": nil}, refused),
	},
	{
		title: "`exp` is 0.",
		why:   "It stands for 1970, and for \"never\" in many programs.",
		run:   claimed(claims{"exp": 0}, refused),
	},
	{
		title: "`exp` is a string, of a time that has passed.",
		why:   "It is no NumericDate. For a reader that skips it, the token never expires.",
		run:   claimed(claims{"exp": fmt.Sprint(lastYear)}, refused),
	},
	{
		title: "The token has no audience.",
		why:   "It was issued for some other API, or for all.",
		run:   claimed(claims{"aud": nil}, refused),
	},
	{
		title: "The token is for another API of the same issuer.",
		why:   "That API, or an intruder there, calls this one as its users.",
		run:   claimed(claims{"aud": "https://other.example"}, refused),
	},
	{
		title: "The token has another issuer, and the same key.",
		why:   "Tenants of one provider share keys.",
		run:   claimed(claims{"iss": "https://other-tenant.example"}, refused),
	},
	{
		title: "`alg` is `none`.",
		why:   "Anybody can write such a token.",
		run: headed(func(k signingKey, payload string) string {
			return segment([]byte(`{"alg":"none"}`)) + "." + segment([]byte(payload)) + "."
		}),
	},
	{
		title: "The token is signed by HS256 with the public key as the secret.",
		why:   "The public key is public.",
		run:   headed(signingKey.signSymmetric),
	},
	{
		title: "The header has `crit` with an extension that nobody knows.",
		why:   "A reader that does not understand the extension must refuse the token (RFC 7515 section 4.1.11).",
		run: headed(func(k signingKey, payload string) string {
			return k.sign(fmt.Sprintf(`{"alg":"RS256","kid":%q,"crit":["https://example/proof"],"https://example/proof":"required"}`, k.id), payload)
		}),
	},
	{
		title: "The header has `b64:false`.",
		why:   "What was signed is not what is read (RFC 7797).",
		run: headed(func(k signingKey, payload string) string {
			return k.sign(fmt.Sprintf(`{"alg":"RS256","kid":%q,"b64":false,"crit":["b64"]}`, k.id), payload)
		}),
	},
	{
		title: "The signature is padded with `==`.",
		why:   "One token has many spellings, and passes lists of revoked ones.",
		run:   headed(func(k signingKey, payload string) string { return k.sign(k.header(), payload) + "==" }),
	},
	{
		title: "A refresh token, `\"type\":\"refresh\"`, is signed with the same key.",
		why:   "It lives for a month, and an access token for minutes. The name of the claim is not standardized: with a peer, checking it is left to the program.",
		run:   claimed(claims{"type": "refresh"}, refused),
	},
	{
		title: "A logout token, `typ` `logout+jwt`, is signed with the same key.",
		why:   "It goes to many servers, and is no access token (RFC 8725 section 3.11).",
		run: headed(func(k signingKey, payload string) string {
			return k.sign(fmt.Sprintf(`{"alg":"RS256","typ":"logout+jwt","kid":%q}`, k.id), payload)
		}),
	},
	{
		title: "A token that is bound to its client's key (`cnf`) is sent as Bearer, without a proof.",
		why:   "It was bound so that a thief cannot use it (RFC 9449 section 7.2).",
		run:   claimed(claims{"cnf": claims{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}, refused),
	},
	{
		title:  "A good token has 12 KiB: its user is in many groups.",
		why:    "Entra ID lists up to 200 groups in a token. The user cannot get a shorter one.",
		reason: "By default a token has at most 8 KiB ([S2.8](semantics.md#s2.8)); `Config.MaxTokenLength` allows more.",
		run:    claimed(claims{"groups": strings.Repeat("00000000-0000-0000-0000-000000000000 ", 230)}, passes),
	},
	{
		title: "The token expired 20 s ago by the API's clock.",
		why:   "Clocks differ. By the issuer's it has not.",
		run:   claimed(claims{"exp": ago(20)}, passes),
	},
	{
		title: "The issuer's clock is 20 s ahead: `iat` and `nbf` are in the future.",
		why:   "A token is used as soon as it is issued.",
		run:   claimed(claims{"iat": ahead(20), "nbf": ahead(20)}, passes),
	},
})

// withToken is for situations that need a token and nothing else.
func withToken(situations []situation) []situation {
	for i := range situations {
		situations[i].needs = []need{aToken}
	}
	return situations
}

// later is a time in seconds from the moment at which the token is made.
type later time.Duration

func ahead(seconds int) later { return later(seconds) * later(time.Second) }
func ago(seconds int) later   { return -ahead(seconds) }

func (l later) MarshalJSON() ([]byte, error) { return fmt.Append(nil, at(time.Duration(l))), nil }

func tomorrow() int64 { return at(24 * time.Hour) }

// spliced sends a token with two times in its payload.
func spliced(format string, past int64, future func() int64) func(*trial) verdict {
	return func(t *trial) verdict {
		t.start()
		return refused(t.show(t.get(t.issuer.sign(t.issuer.spliced(fmt.Sprintf(format, past, future()))))))
	}
}

// claimed sends a token with other claims.
func claimed(changes claims, judge func(answer) verdict) func(*trial) verdict {
	return func(t *trial) verdict {
		t.start()
		return judge(t.show(t.get(t.issuer.token(changes))))
	}
}

// headed sends a token that is made of the key and the claims of a good one.
func headed(sign func(k signingKey, payload string) string) func(*trial) verdict {
	return func(t *trial) verdict {
		t.start()
		return refused(t.show(t.get(sign(t.issuer.key(), t.issuer.payload(nil)))))
	}
}
