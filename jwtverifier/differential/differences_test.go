package differential_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// difference is a row of the table: tokens about which the libraries disagree.
type difference struct {
	token string // which tokens they are
	// peers are the libraries that accept such a token, or that refuse it if we
	// accept it. The others agree with us.
	peers  []string
	source string // what the specification says
	rules  string // of docs/semantics.md
	reason string
	// holds is the exact condition. It says nothing about claims if it is known
	// from the signature alone.
	holds    func(*question) bool
	ofClaims bool
}

var all = []string{nameJWX, nameGoJOSE, nameGolangJWT}

// refused are the tokens that we refuse. A token for which a condition holds must be
// refused, whatever the peers say.
var refused = []difference{
	{"has not three segments, or an empty one, or more than 64 KiB", all, "RFC 7515 3.1", "S3a.1", "A JWS may have an empty payload; claims may not. The length bounds the work for a stranger.",
		func(q *question) bool {
			return len(q.segments) != 3 || slices.Contains(q.segments, "") || len(q.token) > 64<<10
		}, false},
	{"has padding, white space, another alphabet or stray bits in a segment", all, "RFC 7515 2", "S3a.2", "One token should have one spelling: a cache and a list of revoked tokens compare texts. jwx and go-jose trim white space, and encoding/base64 skips line breaks.",
		func(q *question) bool { return slices.ContainsFunc(q.segments, isNotStrict) }, false},
	{"has a header that is not one JSON object in valid UTF-8", all, "RFC 7515 4", "S3a.3", "Two parsers that repair a text may repair it differently.",
		func(q *question) bool { return !q.header.valid }, false},
	{"has claims that are not one JSON object in valid UTF-8", all, "RFC 7519 7.2", "S3a.3", "As above. golang-jwt with WithJSONNumber ignores what follows the object.",
		func(q *question) bool { return !q.payload.valid && !isDeep(q.payload) }, true},
	{"has a member twice in its header", []string{nameJWX, nameGolangJWT}, "RFC 7515 4", "S3a.4", "The RFC leaves a choice between refusing and the last one. Whoever checked the token before may have made the other choice.",
		func(q *question) bool { return q.header.duplicate }, false},
	{"has a member twice in its claims, at any depth", all, "RFC 7519 4", "S3a.4", "As above. go-jose refuses the same, but not in claims that it does not decode.",
		func(q *question) bool { return q.payload.duplicate }, true},
	{"has no alg, or one that is not allowed, such as none", []string{nameJWX}, "RFC 7515 4.1.1, RFC 8725 3.1", "S3a.7, S3a.11", "Only jwx accepts a token without alg: it infers the algorithm from the key. All agree about none, and about names in another case.",
		func(q *question) bool {
			alg, _ := q.header.text("alg")
			return !slices.Contains(golangJWTAlgorithms, alg)
		}, false},
	{"has crit, b64 or enc", all, "RFC 7515 4.1.11, RFC 7797 6", "S3a.13", "We know no extension. jwx ignores crit unless WithCritValidation is set, golang-jwt always, and go-jose knows b64.",
		func(q *question) bool { return q.header.has("crit") || q.header.has("b64") || q.header.has("enc") }, false},
	{"has a zip other than NONE", all, "RFC 7516 4.1.3", "S3a.14", "The payload would have to be inflated, by a factor that the sender chooses.",
		func(q *question) bool { zip, _ := q.header.text("zip"); return q.header.has("zip") && zip != "NONE" }, false},
	{"has a kid or typ that is no string, or an empty typ", all, "RFC 7515 4.1.4, 4.1.9", "S3a.19", "Both are strings. null is none to the libraries.",
		func(q *question) bool {
			return isNoString(q.header, "kid") || isNoString(q.header, "typ") || isEmpty(q.header, "typ")
		}, false},
	{"has a typ of another kind of token", all, "RFC 8725 3.11", "S3a.19", "A logout token or a DPoP proof has the same key and is not an access token. The libraries leave typ to the caller.", hasForeignType, true},
	{"is signed with PSS and a salt that is not as long as the hash", []string{nameGoJOSE, nameGolangJWT}, "RFC 7518 3.5", "S3a.12", "The size is a must. Go accepts any salt unless it is told the length.",
		func(q *question) bool { return q.hasOtherSalt() }, false},
	{"is signed by a key of the set that its kid does not name, that is for another alg, or that must not be used", all, "RFC 7515 4.1.4, RFC 7517 4", "S3a.9, S3c.16 to S3c.24", "go-jose does not look at use, key_ops, alg and the size of a key, and golang-jwt leaves keys to the caller. jwx looks at use and alg.",
		func(q *question) bool { return len(q.signers) > 0 && !q.signedByCandidate() }, false},
	{"is signed with a secret that is shorter than the hash", []string{nameJWX, nameGolangJWT}, "RFC 7518 3.2", "S3c.40", "The length is a must: a short secret can be found by trying.", hasShortSecret, false},
	{"is signed by a key that is for one algorithm, and names another", []string{nameJWX}, "RFC 8725 3.1", "S3a.9", "jwx verifies with the alg of the key, and ignores that of the token unless WithAlgorithmMatch is set.", isSignedAsTheKeySays, false},
	{"has no sub, or one that is neither a string nor an integer", all, "RFC 9068 2.2", "S3a.30, S3a.54", "A token without a holder is refused unless Config.SubjectOptional says otherwise. The libraries compare sub only with a given one.",
		func(q *question) bool { return !isID(q.payload, "sub") || isEmpty(q.payload, "sub") }, true},
	{"has null or another type in place of a claim that we read", all, "RFC 7519 4.1", "S3a.42, S3a.55, S3a.56", "A claim that restricts a token, such as an organization or a scope, must not count as absent. The libraries do not read these claims, or read null as none.", hasMalformedClaim, true},
	{"has an exp of 0 or less, or after the year 9999", all, "RFC 7519 2", "S3a.34", "0 means never to some, and milliseconds look like the year 50000.",
		func(q *question) bool {
			exp := q.payload.seconds("exp")
			return q.payload.has("exp") && (exp < 1 || exp > 253402300799)
		}, true},
	{"expired exactly one leeway ago", []string{nameGoJOSE}, "RFC 7519 4.1.4", "S3a.36", "The RFC says on or after: the last good moment is the one before. go-jose counts this one too.",
		func(q *question) bool { return q.payload.seconds("exp") == float64(time.Now().Add(-leeway).Unix()) }, true},
	{"has an nbf beyond all dates", []string{nameGolangJWT}, "RFC 7519 4.1.5", "S3a.36", "golang-jwt converts the number to an int64, which overflows: the token counts as valid since long ago.",
		func(q *question) bool { return q.payload.seconds("nbf") >= 1<<62 }, true},
	{"has two spellings of one fact that disagree", all, "none", "S3a.52", "Claims of our own, which the libraries do not read.", hasDisagreement, true},
	{"has a type that is neither access nor installation", all, "RFC 8725 3.12", "S3a.22", "Some servers sign refresh tokens with the same key. The libraries do not read the claim.",
		func(q *question) bool {
			t, ok := q.payload.text("type")
			return ok && t != "access" && t != "installation"
		}, true},
}

// accepted are the tokens that we accept.
var accepted = []difference{
	{"was issued in the future", []string{nameJWX, nameGoJOSE}, "RFC 7519 4.1.6", "S3a.37", "The RFC gives iat no such meaning: nbf has it.",
		func(q *question) bool { return q.payload.seconds("iat") > float64(time.Now().Add(leeway).Unix()) }, true},
	{"has a sub that is an integer", []string{nameJWX, nameGoJOSE}, "RFC 7519 4.1.2", "S3a.54", "The RFC wants a string. Servers write their numeric ids, and there is one way to read them.",
		func(q *question) bool { return !q.payload.isString("sub") }, true},
	{"has a jti that is no string", []string{nameJWX, nameGoJOSE}, "RFC 7519 4.1.7", "S3a.65", "It decides nothing here.",
		func(q *question) bool { return isNoString(q.payload, "jti") }, true},
	{"has a kid, and the keys that may have signed it have none", all, "RFC 7515 4.1.4", "S3c.24", "PEM and a crypto.PublicKey have no kid, and tokens of their issuers do.",
		func(q *question) bool {
			return q.signedByCandidate() && q.candidates()[0].id == "" && !isEmpty(q.header, "kid") && q.header.has("kid")
		}, false},
	{"has a header member of no meaning to us, which cannot be read", []string{nameJWX, nameGoJOSE}, "RFC 7515 4.1", "S3a.15", "jku, x5u, jwk, x5c and the others offer keys, which are never used.", hasUnreadableMember, false},
	{"has a number in its header that is too large for a float64", all, "RFC 8259 6", "S3a.59", "No number of the header is read.",
		func(q *question) bool { return hasHugeNumber(q.header) }, false},
	{"has a number in its claims that is too large for a float64", []string{nameJWX}, "RFC 8259 6", "S3a.59", "A private claim is not read.",
		func(q *question) bool { return hasHugeNumber(q.payload) }, true},
	{"has a date that is no 63-bit integer", []string{nameJWX, nameGoJOSE}, "RFC 7519 2", "S3a.33, S3a.37", "Such an nbf or iat is beyond all dates, on the side that harms nobody. As exp it is refused.",
		func(q *question) bool {
			return slices.ContainsFunc(dates, func(d string) bool { return math.Abs(q.payload.seconds(d)) >= 1<<62 })
		}, true},
	{"is checked with a set that has an unusable entry beside its key, or a member that we do not read", all, "RFC 7517 5", "S3c.16 to S3c.23", "One post-quantum key in a set must not be an outage. The libraries refuse the whole set for some such entries, and for numbers that are written loosely.",
		func(q *question) bool { return slices.ContainsFunc(q.entries, webKey.mayBreakSet) }, false},
	{"nests more than 10,000 deep", []string{nameGolangJWT}, "RFC 8259 9", "S3a.59", "Nothing here is recursive, so that the length is the only limit. encoding/json has one of depth.",
		func(q *question) bool { return isDeep(q.header) || isDeep(q.payload) }, false},
}

func isNotStrict(segment string) bool {
	_, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	return err != nil || strings.ContainsAny(segment, "\r\n")
}

func isNoString(o object, name string) bool { return o.has(name) && !o.isString(name) }

func isEmpty(o object, name string) bool {
	text, ok := o.text(name)
	return ok && text == ""
}

// isDeep reports whether all that encoding/json has against an object is its depth.
func isDeep(o object) bool {
	return !json.Valid([]byte(o.source)) && strings.Count(o.source, "[")+strings.Count(o.source, "{") > 10_000
}

func hasForeignType(q *question) bool {
	typ, ok := q.header.text("typ")
	return ok && !slices.ContainsFunc([]string{"JWT", "at+jwt", "application/at+jwt"}, func(t string) bool { return strings.EqualFold(t, typ) })
}

// isID reports whether a member is a string, or an integer as it stands.
func isID(o object, name string) bool {
	value := string(o.members[name])
	return o.isString(name) || value != "" && len(value) <= 20 && strings.Trim(value, "0123456789") == ""
}

var (
	ids    = []string{"grantId", "grant_id", "organizationId", "organization_id", "org_id", "installationId", "installation_id", "client_id", "azp", "cid", "appid"}
	scopes = []string{"scope", "scopes", "scp"}
	dates  = []string{"exp", "nbf", "iat"}
)

func hasMalformedClaim(q *question) bool {
	p := q.payload
	wrong := func(names []string, good func(object, string) bool) bool {
		return slices.ContainsFunc(names, func(name string) bool { return p.has(name) && !good(p, name) })
	}
	isTexts := func(o object, name string) bool { _, ok := o.texts(name); return ok }
	isNumber := func(o object, name string) bool { _, ok := o.number(name); return ok }
	return wrong(ids, isID) || wrong(scopes, isTexts) || wrong([]string{"aud"}, isTexts) || wrong(dates, isNumber) ||
		wrong([]string{"iss", "type"}, object.isString) || wrong([]string{"projectIds", "project_ids"}, isIDs) || wrong([]string{"cnf"}, isConfirmation)
}

func isIDs(o object, name string) bool {
	var elements []json.RawMessage
	if json.Unmarshal(o.members[name], &elements) != nil || elements == nil {
		return false
	}
	return !slices.ContainsFunc(elements, func(e json.RawMessage) bool {
		return !isID(object{members: map[string]json.RawMessage{"": e}}, "")
	})
}

func isConfirmation(o object, name string) bool {
	c := readObject(o.members[name])
	return len(c.source) > 0 && c.source[0] == '{' && !slices.ContainsFunc([]string{"jkt", "x5t#S256"}, func(name string) bool {
		return c.has(name) && (!c.isString(name) || isEmpty(c, name))
	})
}

func hasDisagreement(q *question) bool {
	p := q.payload
	for _, spellings := range [][]string{{"grantId", "grant_id"}, {"organizationId", "organization_id", "org_id"}, {"installationId", "installation_id"}, {"client_id", "azp", "cid", "appid"}} {
		values := make(map[string]bool)
		for _, name := range spellings {
			if p.has(name) {
				text, ok := p.text(name)
				if !ok {
					text = string(p.members[name])
				}
				values[text] = true
			}
		}
		if len(values) > 1 {
			return true
		}
	}
	return false
}

// seconds returns a date without its fraction, or NaN if it is no number.
func (o object) seconds(name string) float64 {
	text, ok := o.number(name)
	if !ok {
		return math.NaN()
	}
	seconds, _ := strconv.ParseFloat(text, 64) // infinite if it is too large
	return math.Trunc(seconds)
}

// hasUnreadableMember reports whether a registered member of the header that we
// ignore has another value than it should.
func hasUnreadableMember(q *question) bool {
	h := q.header
	if slices.ContainsFunc([]string{"jku", "x5u", "x5t", "x5t#S256", "cty", "nonce"}, func(name string) bool { return isNoString(h, name) }) {
		return true
	}
	return h.has("jwk") && readKey(h.members["jwk"]).mayBreakSet() || h.has("x5c") && !isChain(h, "x5c")
}

func isChain(o object, name string) bool {
	var chain []string
	if json.Unmarshal(o.members[name], &chain) != nil || len(chain) == 0 {
		return false
	}
	return !slices.ContainsFunc(chain, func(text string) bool {
		der, _ := base64.StdEncoding.DecodeString(text)
		_, err := x509.ParseCertificate(der)
		return err != nil
	})
}

func hasHugeNumber(o object) bool {
	d := json.NewDecoder(strings.NewReader(o.source))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if number, ok := token.(json.Number); ok {
			if _, err := number.Float64(); err != nil {
				return true
			}
		}
	}
}

func hasShortSecret(q *question) bool {
	alg, _ := q.header.text("alg")
	size, ok := map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}[alg]
	return ok && q.secret != nil && len(q.secret) < size
}
