package differential_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// keyInput is what a key set is made of, and the token that is checked with it.
type keyInput struct {
	signer byte
	named  bool   // the token has a kid
	entry  byte   // of the set, the one that is changed
	edits  []byte // pairs, of keyEdits
	beside string // the text of another entry, after the changed one
	set    string // in place of all this, unless empty
}

// keyEdit changes a member of an entry.
type keyEdit struct {
	name   string
	values []string
	number bool // the member may have a change of its number too
}

var keyEdits = []keyEdit{
	{"kid", []string{`"RS256"`, `"ES256"`, `"EdDSA"`, `"other"`, `""`, `null`, `1`, removed}, false},
	{"alg", []string{`"RS256"`, `"PS256"`, `"ES256"`, `"ES384"`, `"EdDSA"`, `"HS256"`, `"RSA-OAEP"`, `"none"`, `""`, `null`, `1`, removed}, false},
	{"use", []string{`"sig"`, `"enc"`, `"SIG"`, `""`, `null`, `["sig"]`, removed}, false},
	{"key_ops", []string{`["verify"]`, `["sign","verify"]`, `["sign"]`, `["encrypt"]`, `[]`, `"verify"`, `null`, `["verify",1]`, `["verify","verify"]`}, false},
	{"kty", []string{`"RSA"`, `"EC"`, `"OKP"`, `"oct"`, `"AKP"`, `"rsa"`, `""`, `null`, removed}, false},
	{"crv", []string{`"P-256"`, `"P-384"`, `"secp256k1"`, `"Ed25519"`, `"Ed448"`, `"X25519"`, `"p-256"`, `null`, removed}, false},
	{"n", []string{`""`, `null`, `1`, removed}, true},
	{"e", []string{`""`, `"AQ"`, `"Ag"`, `"Aw"`, `"AQAAAAAB"`, `null`, removed}, true},
	{"x", []string{`""`, `"AA"`, `null`, `"` + encode(weakKey) + `"`, removed}, true},
	{"y", []string{`""`, `"AA"`, `null`, removed}, true},
	{"d", []string{`"AA"`, `null`, `""`}, false},
	{"k", []string{`"AA"`, `null`}, false},
	{"p", []string{`"AA"`}, false},
	{"oth", []string{`[]`}, false},
	{"priv", []string{`"AA"`}, false},
	{"x5c", []string{`["AAAA"]`, `[]`, `"AAAA"`, `null`}, false},
	{"x5t", []string{`"AAAA"`, `1`}, false},
	{"x5u", []string{`"https://issuer.example/chain"`, `":"`, `1`}, false},
	{"KID", []string{`"RS256"`}, false},
	{"ext", []string{`true`, `{"a":1,"a":2}`, `1e999`, `"\ud800"`}, false},
}

// changes change the base64url of a number.
var changes = []func(text string) string{
	func(text string) string { return text + "=" },
	func(text string) string { return text + "\n" },
	func(text string) string { return base64.StdEncoding.EncodeToString(decode(text)) },
	func(text string) string { return encode(append([]byte{0}, decode(text)...)) },
	func(text string) string { return encode(decode(text)[min(1, len(decode(text))):]) },
	func(text string) string { return text[:len(text)/2] },
	func(text string) string { return "A" + text[min(1, len(text)):] },
	func(text string) string { return text + "A" },
	func(text string) string { return strings.Replace(text, "A", "*", 1) },
}

var baseEntries = []string{
	entry(&rsaKey.PublicKey, "RS256", ""), entry(&p256Key.PublicKey, "ES256", "ES256"), entry(edKey.Public(), "EdDSA", ""),
}

func (in keyInput) keySet() string {
	if in.set != "" {
		return in.set
	}
	entries := slices.Clone(baseEntries)
	i := int(in.entry) % len(entries)
	for _, pair := range pairs(in.edits) {
		entries[i] = in.edit(entries[i], keyEdits[int(pair[0])%len(keyEdits)], pair[1])
	}
	if in.beside != "" {
		entries = slices.Insert(entries, i+1, in.beside)
	}
	return setOf(entries...)
}

func (in keyInput) edit(entry string, e keyEdit, choice byte) string {
	value, stays := int(choice&0x7f), choice&0x80 != 0
	if !e.number || value < len(e.values) {
		return setMember(entry, e.name, e.values[value%len(e.values)], stays)
	}
	text, _ := readObject([]byte(entry)).text(e.name)
	return setMember(entry, e.name, string(must(json.Marshal(changes[value%len(changes)](text)))), stays)
}

// token returns the one that is checked. It is signed by a key of the set as it was
// before it was changed.
func (in keyInput) token() string {
	signed := input{signer: []byte{0, 3, 6, 9}[in.signer%4]}
	if !in.named {
		signed.header = `{"alg":"` + signed.signedBy().alg + `"}`
	}
	return signed.token()
}
