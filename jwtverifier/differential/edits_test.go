package differential_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// edit changes a member of the header or of the payload.
type edit struct {
	ofHeader bool
	name     string
	values   []string
}

// removed is the value of a member that is taken out.
const removed = ""

// deep is nested more deeply than encoding/json reads.
var deep = strings.Repeat("[", 10001) + strings.Repeat("]", 10001)

// edits change headers and payloads.
var edits = []edit{
	{true, "alg", []string{`"none"`, `"None"`, `""`, `null`, `1`, `"HS256"`, `"HS512"`, `"RS256"`, `"PS256"`, `"ES256"`, `"ES384"`, `"EdDSA"`, `"Ed25519"`, `"ES256K"`, `"rs256"`, `["RS256"]`, removed}},
	{true, "kid", []string{`"other"`, `"ES256"`, `"EdDSA"`, `""`, `null`, `1`, `["RS256"]`, removed}},
	{true, "typ", []string{`"JWT"`, `"jwt"`, `"at+jwt"`, `"application/at+jwt"`, `"application/jwt"`, `"logout+jwt"`, `""`, `null`, `1`}},
	{true, "cty", []string{`"JWT"`, `1`, `null`}},
	{true, "crit", []string{`[]`, `["exp"]`, `["b64"]`, `"exp"`, `null`, `[1]`}},
	{true, "b64", []string{`true`, `false`, `null`, `"true"`}},
	{true, "enc", []string{`"A128GCM"`, `null`}},
	{true, "zip", []string{`"DEF"`, `"NONE"`, `null`, `1`}},
	{true, "jku", []string{`"https://attacker.example/keys"`, `1`, `null`}},
	{true, "x5u", []string{`"https://attacker.example/chain"`, `1`}},
	{true, "jwk", []string{`{"kty":"oct","k":"AAAA"}`, `{}`, `1`, `null`}},
	{true, "x5c", []string{`["AAAA"]`, `[]`, `"AAAA"`}},
	{true, "x5t", []string{`"AAAA"`, `1`}},
	{true, "nonce", []string{`"1"`, `1`}},
	{true, "url", []string{`"u"`, `1`}},
	{true, "x", []string{`{"a":1,"a":2}`, `1e999`, `"\ud800"`, `null`}},
	{true, "ALG", []string{`"none"`}},
	{false, "iss", []string{`"https://issuer.example/"`, `"https://ISSUER.example"`, `["https://issuer.example"]`, `""`, `null`, `1`, removed}},
	{false, "aud", []string{`["https://api.example"]`, `["https://other.example","https://api.example"]`, `"https://api.example/"`, `"https://api.example.attacker.example"`, `"https://api"`, `"https://other.example https://api.example"`, `[]`, `""`, `null`, `1`, `["https://api.example",1]`, `["https://api.example",null]`, `{"https://api.example":1}`, `[["https://api.example"]]`, removed}},
	{false, "sub", []string{`""`, `1`, `12345678901234567890`, `123456789012345678901`, `1.0`, `-1`, `1e3`, `null`, `true`, `["user"]`, removed}},
	{false, "exp", []string{`946684801`, `946684800`, `946684799`, `946684771`, `946684770`, `946684769`, `946684770.9`, `946684769.9`, `9466884e2`, `9.466884e8`, `946688400.5`, `253402300799`, `253402300800`, `1e12`, `9223372036854775807`, `18446744073709551617`, `1e300`, `1e999`, `0`, `-0`, `-1`, `-946688400`, `"946688400"`, `"2099-01-01T00:00:00Z"`, `null`, `true`, `[946688400]`, removed, `946000000`}},
	{false, "nbf", []string{`946684800`, `946684829`, `946684830`, `946684831`, `946684830.9`, `946684831.1`, `1e9`, `2e9`, `1e300`, `1e999`, `-1e300`, `9223372036854775807`, `-1`, `0`, `-0.5`, `"946684800"`, `"2099-01-01T00:00:00Z"`, `null`, `true`, `946785000`}},
	{false, "iat", []string{`946684830`, `946684831`, `946785000`, `0`, `-1`, `1e9`, `1e300`, `1e999`, `"1"`, `null`, `[]`, removed}},
	{false, "jti", []string{`"1"`, `1`, `null`, `["1"]`}},
	{false, "scope", []string{`"read write"`, `""`, `["read","write"]`, `["read write"]`, `null`, `1`, `["read",1]`}},
	{false, "scp", []string{`["read"]`, `1`}},
	{false, "client_id", []string{`"app"`, `1`, `null`, `1.5`, `["app"]`}},
	{false, "azp", []string{`"app"`, `"other"`, `null`}},
	{false, "org_id", []string{`"org"`, `1`, `-1`}},
	{false, "organizationId", []string{`"org"`, `"other"`}},
	{false, "projectIds", []string{`["p"]`, `[]`, `"p"`, `[null]`}},
	{false, "grantId", []string{`"g"`, `true`}},
	{false, "installationId", []string{`"i"`, `{}`}},
	{false, "type", []string{`"access"`, `"installation"`, `"refresh"`, `null`, `1`}},
	{false, "cnf", []string{`{"jkt":"abc"}`, `{"jkt":""}`, `{"jkt":1}`, `{}`, `null`, `"x"`}},
	{false, "EXP", []string{`4102444800`, `1`}},
	{false, "private", []string{`{"a":{"b":[1,2,{"c":null}]}}`, `{"a":1,"a":2}`, `1e999`, `123456789012345678901234567890`, `"\ud800"`, `"\ud83d\ude00"`, `"\u0000"`, deep, `-0.0`}},
	{false, "", []string{`1`}},
}

// maxEdits bounds the time that an input takes.
const maxEdits = 6

// pairs are the choices of edits: the first byte of each chooses a member, and the
// second a value, and whether a member of that name stays beside it.
func pairs(choices []byte) (all [][]byte) {
	for pair := range slices.Chunk(choices[:min(len(choices)&^1, 2*maxEdits)], 2) {
		all = append(all, pair)
	}
	return all
}

func applyEdits(choices []byte, header, payload string) (string, string) {
	for _, pair := range pairs(choices) {
		e := edits[int(pair[0])%len(edits)]
		value, stays := e.values[int(pair[1]&0x7f)%len(e.values)], pair[1]&0x80 != 0
		if e.ofHeader {
			header = setMember(header, e.name, value, stays)
		} else {
			payload = setMember(payload, e.name, value, stays)
		}
	}
	return header, payload
}

// setMember sets a member of an object. If stays, one of that name stays before it.
func setMember(object, name, value string, stays bool) string {
	all, ok := members(object)
	if !ok {
		return object
	}
	if !stays {
		all = slices.DeleteFunc(all, func(m member) bool { return m.name == name })
	}
	if value != removed {
		all = append(all, member{name, value})
	}
	return written(all)
}

type member struct{ name, value string }

// members returns those of an object, in their order.
func members(object string) (all []member, ok bool) {
	d := json.NewDecoder(strings.NewReader(object))
	if opening, err := d.Token(); err != nil || opening != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		all = append(all, member{name.(string), string(value)})
	}
	return all, true
}

func written(all []member) string {
	var text bytes.Buffer
	text.WriteByte('{')
	for i, m := range all {
		if i > 0 {
			text.WriteByte(',')
		}
		text.Write(must(json.Marshal(m.name)))
		text.WriteString(":" + m.value)
	}
	return text.String() + "}"
}
