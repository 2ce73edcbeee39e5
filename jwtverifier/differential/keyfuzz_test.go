package differential_test

import (
	"crypto/ed25519"
	"math/rand/v2"
	"testing"
)

// FuzzSameKeys gives one key set to all libraries, and a token that a key of it may
// have signed.
func FuzzSameKeys(f *testing.F) {
	for _, in := range generateKeys(60) {
		f.Add(in.signer, in.named, in.entry, in.edits, in.beside, in.set)
	}
	f.Add(byte(0), true, byte(0), []byte(nil), "", keySetOfRFC7517)
	f.Add(byte(0), true, byte(0), []byte(nil), "", keySets[0].set)
	f.Add(byte(1), false, byte(0), []byte(nil), "", keySets[2].set)
	f.Fuzz(func(t *testing.T, signer byte, named bool, entry byte, edits []byte, beside, set string) {
		compareKeys(t, keyInput{signer, named, entry, edits, beside, set})
	})
}

func compareKeys(t *testing.T, in keyInput) {
	t.Helper()
	set := in.keySet()
	if !readObject([]byte(set)).has("keys") {
		return // a single key, or PEM
	}
	p := newPanel(keySet{"fuzzed", set, nil})
	atRest(t, func() {
		for _, text := range p.compare(in.token()) {
			t.Errorf("%s\nsigned by %d, named %v\n%s", text, in.signer%4, in.named, set)
		}
	})
}

// keySetOfRFC7517 is the one of its appendix A.1. RFC 7638 has its second key again.
const keySetOfRFC7517 = `{"keys":[
{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},
{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
]}`

// beside are entries that stand beside the good ones in the sets of providers.
var beside = []string{
	`{"kty":"AKP","alg":"ML-DSA-44","kid":"pq","pub":"AA"}`, `{"kty":"OKP","crv":"X25519","kid":"x","x":"` + encode(seed(32)) + `"}`,
	`{"kty":"oct","k":"` + encode(secret) + `"}`, `{}`, `null`, `1`, `"key"`, `[]`, `{`,
	entry(&rsaKey.PublicKey, "ES256", ""), entry(&p256Key.PublicKey, "ES256", ""), entry(&p256Key.PublicKey, "", ""), entry(weakKey, "EdDSA", ""),
	entry(edKey.Public(), "RS256", ""), entry(ed25519.PublicKey(append([]byte{2}, make([]byte, 31)...)), "ES256", ""),
}

// oneKeyEditEach returns inputs that have one edit, with each value of each edit.
func oneKeyEditEach() (inputs []keyInput) {
	for i, e := range keyEdits {
		for entry, signer := range []byte{0, 2, 3} {
			for j := range len(e.values) + len(changes)*count(e.number) {
				inputs = append(inputs, keyInput{signer: signer, named: j%2 == 0, entry: byte(entry), edits: []byte{byte(i), byte(j)}})
			}
		}
	}
	return inputs
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

func generateKeys(n int) []keyInput {
	random := rand.New(rand.NewPCG(3, 4))
	inputs := make([]keyInput, n)
	for i := range inputs {
		in := keyInput{signer: byte(random.IntN(4)), named: random.IntN(2) == 0, entry: byte(random.IntN(3))}
		for range random.IntN(3) {
			in.edits = append(in.edits, byte(random.Uint32()), byte(random.IntN(24)+random.IntN(10)/9*0x80))
		}
		if random.IntN(3) == 0 {
			in.beside = beside[random.IntN(len(beside))]
		}
		inputs[i] = in
	}
	return inputs
}

// TestSameKeys holds what [FuzzSameKeys] does, for inputs that are the same in every
// run.
func TestSameKeys(t *testing.T) {
	compareKeys(t, keyInput{set: keySetOfRFC7517})
	for _, in := range append(oneKeyEditEach(), generateKeys(300)...) {
		compareKeys(t, in)
	}
}
