package differential_test

import (
	"encoding/json"
	"os"
	"testing"
)

// group is vectors for one set of keys.
type group struct {
	Group string
	Keys  json.RawMessage
	Tests []struct {
		Name, Token string
		Valid       bool
	}
}

// keySet returns the keys. A symmetric key that stands alone is given as a secret,
// since that is how programs configure it.
func (g group) keySet() keySet {
	entries := readSet(string(g.Keys))
	if len(entries) == 1 && entries[0].is("kty", "oct") {
		secret, _ := entries[0].text("k")
		return keySet{g.Group, "", decode(secret)}
	}
	return keySet{g.Group, string(g.Keys), nil}
}

func vectors(t *testing.T) (groups []group) {
	t.Helper()
	for _, name := range []string{"testdata/rfc.json", "testdata/wycheproof.json"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var more []group
		if err := json.Unmarshal(data, &more); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		groups = append(groups, more...)
	}
	return groups
}

// otherwise are the vectors about which we say otherwise, and why.
var otherwise = map[string]string{
	"json_web_signature rs256: 259 emptyPayload": noClaims,
	"json_web_signature rs384: 264 emptyPayload": noClaims,
	"json_web_signature rs512: 268 emptyPayload": noClaims,
	"json_web_signature ps256: 272 emptyPayload": noClaims,
	"json_web_signature ps384: 320 emptyPayload": noClaims,
	"json_web_signature ps512: 325 emptyPayload": noClaims,

	"json_web_signature rfc7520: 346 Figure20":            otherAlgorithm,
	"json_web_signature rfc7520WithKeyOps: 350 Figure20":  otherAlgorithm,
	"json_web_signature rfc7520: 347 Figure27":            otherAlgorithm,
	"json_web_signature rfc7520WithKeyOps: 351 Figure27":  otherAlgorithm,
	"json_web_key invalid_aes_gcm_key: 25 rejectsAesKey":  bareSecret,
	"json_web_key invalid_aes_kw_key: 26 rejectsAesKey":   bareSecret,
	"json_web_key jws_keyset: 2 acceptsValid":             symmetricSet,
	"json_web_signature base64: 367 invalidBase64Padding": lostPadding,

	"json_web_signature base64: 370 invalidBase64PaddingInPayload":     lostPadding,
	"json_web_signature base64: 372 InvalidCharacterInsertedInHeader":  strayCharacter,
	"json_web_signature base64: 373 InvalidCharacterInsertedInPayload": strayCharacter,

	"json_web_key jws_rsa_roca_key: 7 rejectsKeyWithRocaVulnerability": "keys of the generator with the ROCA fault are not searched for; no peer does either",
}

const (
	noClaims       = "a token without a payload has no claims (S3a.1)"
	otherAlgorithm = "the alg of the key is not that of the token: PS256 for PS384, or ES521, which does not exist (S3a.9)"
	bareSecret     = "SharedSecret receives the bytes of a secret, and not the alg that a JWK has for them"
	symmetricSet   = "a key set is public, so secrets in it are skipped (S3c.17)"
	lostPadding    = "the vector has no padding and is vector 357 again, which is valid"
	strayCharacter = "a question mark is not base64url (S3a.2)"
)

// Rules: S3a.1, S3a.2, S3a.7, S3a.8, S3a.10, S3a.11, S3a.12, S3a.13, S3c.17, S3c.18, S3c.20, S3c.21, S3c.40.
func TestVectors(t *testing.T) {
	n := 0
	for _, g := range vectors(t) {
		p := newPanel(g.keySet())
		for _, v := range g.Tests {
			n++
			name := g.Group + ": " + v.Name
			_, err := p.ours.payload(v.Token)
			if _, ok := otherwise[name]; ((err == nil) == v.Valid) == ok {
				t.Errorf("%s: got %v, want it valid: %v, and otherwise: %v", name, err, v.Valid, ok)
			}
			for _, text := range p.compare(v.Token) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
	if n < 400 {
		t.Errorf("got %d vectors, want those of RFC 7515, 7520, 7797, 8037 and Wycheproof", n)
	}
}
