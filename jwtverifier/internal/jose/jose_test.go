package jose_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
	"github.com/google/go-cmp/cmp"
)

// vector is an example of RFC 7515, appendix A.
type vector struct {
	Name    string          `json:"name"`
	Alg     string          `json:"alg"`
	JWK     json.RawMessage `json:"jwk"`
	Compact string          `json:"compact"`
	Claims  map[string]any  `json:"claims"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/rfc7515-appendix-a.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 5 {
		t.Fatalf("got %d vectors, want 5", len(file.Vectors))
	}
	return file.Vectors
}

// keySet reads the vector's key; a symmetric one the way a secret is given.
func (v vector) keySet(t *testing.T) *jose.KeySet {
	t.Helper()
	var keys []jose.Key
	var symmetric struct{ K string }
	json.Unmarshal(v.JWK, &symmetric)
	if symmetric.K != "" {
		secret, err := base64.RawURLEncoding.DecodeString(symmetric.K)
		if err != nil {
			t.Fatal(err)
		}
		key, err := jose.NewSecret(secret)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	} else {
		var err error
		if keys, _, err = jose.ParseKeys(string(v.JWK)); err != nil {
			t.Fatal(err)
		}
	}
	set, _, err := jose.NewKeySet(keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestExamplesOfRFC7515VerifyWithTheirKeys(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			signed, err := parse(v.Compact)
			if v.Alg == "none" {
				if err == nil {
					t.Error("got an unsecured JWS parsed, want an error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			set := v.keySet(t)
			if err := set.Verify(&signed); err != nil {
				t.Errorf("got %v, want the signature to be good", err)
			}
			if v.Claims == nil {
				if got := string(signed.Payload); got != "Payload" {
					t.Errorf("got payload %q, want Payload", got)
				}
			} else {
				var got map[string]any
				if err := json.Unmarshal(signed.Payload, &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(v.Claims, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			for i := range v.Compact {
				forged := []byte(v.Compact)
				if forged[i] == '.' {
					continue
				}
				forged[i] ^= 1
				if signed, err := parse(string(forged)); err == nil && set.Verify(&signed) == nil {
					t.Errorf("got the signature accepted with byte %d changed, want it refused", i)
				}
			}
		})
	}
}

// signer signs with an algorithm's key, and publishes it.
type signer struct {
	alg    string
	hash   crypto.Hash
	key    crypto.Signer // nil: HMAC
	secret []byte
}

func (s signer) sign(t *testing.T, input string) []byte {
	t.Helper()
	if s.key == nil {
		h := hmac.New(s.hash.New, s.secret)
		h.Write([]byte(input))
		return h.Sum(nil)
	}
	digest, opts := []byte(input), crypto.SignerOpts(crypto.Hash(0))
	if s.hash != 0 {
		h := s.hash.New()
		h.Write([]byte(input))
		digest, opts = h.Sum(nil), s.hash
	}
	if strings.HasPrefix(s.alg, "PS") {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: s.hash}
	}
	if k, ok := s.key.(*ecdsa.PrivateKey); ok {
		r, v, err := ecdsa.Sign(rand.Reader, k, digest)
		if err != nil {
			t.Fatal(err)
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		signature := make([]byte, 2*size)
		r.FillBytes(signature[:size])
		v.FillBytes(signature[size:])
		return signature
	}
	signature, err := s.key.Sign(rand.Reader, digest, opts)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func (s signer) keySet(t *testing.T) *jose.KeySet {
	t.Helper()
	key, err := jose.NewSecret(s.secret)
	if s.key != nil {
		key, err = jose.PublicKey(s.key.Public())
	}
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := jose.NewKeySet([]jose.Key{key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// parse parses what a verifier would, the second time from what it knows.
func parse(token string) (jose.Signed, error) {
	var p jose.Parser
	signed, _, err := p.Parse([]byte(token), nil)
	if err != nil {
		return signed, err
	}
	p.Remember(&signed)
	again, _, err := p.Parse([]byte(token), nil)
	if again.Header != signed.Header || !bytes.Equal(again.Payload, signed.Payload) {
		return signed, fmt.Errorf("parsed as %v, and then as %v", signed, again)
	}
	return signed, err
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// TestAllowListIsExact signs with each algorithm that is promised and claims
// each name: only the right name verifies, and no name that is not promised.
//
// Rules: S3a.7, S3a.10, S3a.11.
func TestAllowListIsExact(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ec := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte(strings.Repeat("x", 64))
	signers := []signer{
		{"RS256", crypto.SHA256, rsaKey, nil}, {"RS384", crypto.SHA384, rsaKey, nil}, {"RS512", crypto.SHA512, rsaKey, nil},
		{"PS256", crypto.SHA256, rsaKey, nil}, {"PS384", crypto.SHA384, rsaKey, nil}, {"PS512", crypto.SHA512, rsaKey, nil},
		{"ES256", crypto.SHA256, ec(elliptic.P256()), nil}, {"ES384", crypto.SHA384, ec(elliptic.P384()), nil}, {"ES512", crypto.SHA512, ec(elliptic.P521()), nil},
		{"EdDSA", 0, ed, nil},
		{"HS256", crypto.SHA256, nil, secret}, {"HS384", crypto.SHA384, nil, secret}, {"HS512", crypto.SHA512, nil, secret},
	}
	names := []string{"none", "None", "", "ES256K", "Ed25519", "ML-DSA-44", "RSA-OAEP", "dir", "RSA1_5", "HS1", "RS1", "rs256"}
	for _, s := range signers {
		names = append(names, s.alg)
	}
	for _, s := range signers {
		set := s.keySet(t)
		for _, name := range names {
			input := encode([]byte(`{"alg":"`+name+`"}`)) + "." + encode([]byte("{}"))
			signed, err := parse(input + "." + encode(s.sign(t, input)))
			if err != nil {
				t.Fatal(err)
			}
			err = set.Verify(&signed)
			if (err == nil) != (name == s.alg) {
				t.Errorf("signed with %s, named %q: got %v, want it accepted: %v", s.alg, name, err, name == s.alg)
			}
			if promised := slices.ContainsFunc(signers, func(s signer) bool { return s.alg == name }); !promised && !errors.Is(err, jose.ErrAlgorithm) {
				t.Errorf("named %q: got %v, want ErrAlgorithm", name, err)
			}
		}
	}
}

// Rules: S3a.6.
func TestLengthIsCheckedFirst(t *testing.T) {
	var p jose.Parser
	token := []byte(longToken)
	if allocs := testing.AllocsPerRun(10, func() {
		if _, _, err := p.Parse(token, nil); err == nil {
			t.Error("got a token of 900 KiB parsed, want an error")
		}
	}); allocs > 5 {
		t.Errorf("got %v allocations, want none for the token", allocs)
	}
}

var longToken = strings.Repeat("A", 450<<10) + "." + strings.Repeat("A", 450<<10) + ".AAAA"

// FuzzParse holds that what is parsed is the one compact form of its bytes, and
// that a header with an extension or without alg is not.
//
// Rules: S3a.1, S3a.13.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Compact)
	}
	for _, rest := range []string{"e30.AA", "e30=.AA", "e30.AA==", "e30.AB", "e31.AA", "e3+.AA", "e30.A\nA", ".AA", "e30.", "e30", "e30.AA.AA"} {
		f.Add("eyJhbGciOiJIUzI1NiJ9." + rest)
	}
	for _, header := range []string{`{}`, `{"alg":"RS256","crit":[]}`, `{"alg":"RS256","b64":true}`, `{"alg":"RS256","enc":""}`, `{"alg":"RS256","zip":"DEF"}`} {
		f.Add(encode([]byte(header)) + ".e30.AA")
	}
	f.Add(encode([]byte(`{"alg":"RS256","zip":"NONE"}`)) + ".e30.AA")
	f.Fuzz(func(t *testing.T, token string) {
		signed, err := parse(token)
		if err != nil {
			return
		}
		parts := strings.Split(token, ".")
		if len(parts) != 3 {
			t.Fatalf("%q: got %d segments, want 3", token, len(parts))
		}
		for _, part := range parts {
			b, err := base64.RawURLEncoding.DecodeString(part)
			if err != nil || base64.RawURLEncoding.EncodeToString(b) != part || part == "" {
				t.Errorf("got %q accepted, want the encoding of its bytes: %v", part, err)
			}
		}
		header, _ := base64.RawURLEncoding.DecodeString(parts[0])
		var members map[string]any
		if err := json.Unmarshal(header, &members); err != nil {
			t.Fatalf("got the header %q accepted, want what encoding/json says: %v", header, err)
		}
		if members["alg"] != signed.Algorithm {
			t.Errorf("got alg %q, want that of %q", signed.Algorithm, header)
		}
		for _, name := range []string{"crit", "b64", "enc"} {
			if _, ok := members[name]; ok {
				t.Errorf("got the header %q accepted, want none with %s", header, name)
			}
		}
		if zip, ok := members["zip"]; ok && zip != "NONE" {
			t.Errorf("got the header %q accepted, want no zip but NONE", header)
		}
	})
}
