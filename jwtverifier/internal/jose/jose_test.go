package jose_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
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
		if keys, _, err = jose.ParseKeys(v.JWK); err != nil {
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
			signed, err := jose.Parse(v.Compact)
			if v.Alg == "none" {
				if err == nil {
					t.Error("an unsecured JWS was parsed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			set := v.keySet(t)
			if err := set.Verify(signed); err != nil {
				t.Errorf("got %v, want the signature to be good", err)
			}
			if v.Claims == nil {
				if got := string(signed.Payload); got != "Payload" {
					t.Errorf("got payload %q", got)
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
				if signed, err := jose.Parse(string(forged)); err == nil && set.Verify(signed) == nil {
					t.Errorf("the signature is good with byte %d changed", i)
				}
			}
		})
	}
}

func TestLengthIsCheckedFirst(t *testing.T) {
	if allocs := testing.AllocsPerRun(10, func() {
		if _, err := jose.Parse(longToken); err == nil {
			t.Error("a token of 900 KiB was parsed")
		}
	}); allocs > 5 {
		t.Errorf("got %v allocations, want none for the token", allocs)
	}
}

var longToken = strings.Repeat("A", 450<<10) + "." + strings.Repeat("A", 450<<10) + ".AAAA"

// FuzzParse holds that what is parsed is the one compact form of its bytes, and
// that a header with an extension or without alg is not.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Compact)
	}
	f.Add("eyJhbGciOiJIUzI1NiJ9.e30.AA")
	f.Fuzz(func(t *testing.T, token string) {
		signed, err := jose.Parse(token)
		if err != nil {
			return
		}
		parts := strings.Split(token, ".")
		if len(parts) != 3 {
			t.Fatalf("%q has %d segments", token, len(parts))
		}
		for _, part := range parts {
			b, err := base64.RawURLEncoding.DecodeString(part)
			if err != nil || base64.RawURLEncoding.EncodeToString(b) != part || part == "" {
				t.Errorf("%q is not the encoding of its bytes: %v", part, err)
			}
		}
		header, _ := base64.RawURLEncoding.DecodeString(parts[0])
		var members map[string]any
		if err := json.Unmarshal(header, &members); err != nil {
			t.Fatalf("the header %q was taken: %v", header, err)
		}
		if members["alg"] != signed.Algorithm {
			t.Errorf("got alg %q of %q", signed.Algorithm, header)
		}
		for _, name := range []string{"crit", "b64", "zip", "enc"} {
			if _, ok := members[name]; ok {
				t.Errorf("the header %q was taken", header)
			}
		}
	})
}
