package jwtverifier_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// rsaKey returns a public key that nobody has the private key of: forgeries suffice
// to see whether it is used.
func rsaKey(t testing.TB, bits int) *rsa.PublicKey {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	if err != nil {
		t.Fatal(err)
	}
	return &rsa.PublicKey{N: n.SetBit(n, bits-1, 1).SetBit(n, 0, 1), E: 65537}
}

func rsaJWK(t testing.TB, kid string, bits int) map[string]any {
	t.Helper()
	return map[string]any{"kty": "RSA", "kid": kid, "n": encode(string(rsaKey(t, bits).N.Bytes())), "e": "AQAB"}
}

func ecJWK(t testing.TB, kid string, curve elliptic.Curve) map[string]any {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		t.Fatal(err)
	}
	half := len(point)/2 + 1
	return map[string]any{"kty": "EC", "kid": kid, "crv": curve.Params().Name, "x": encode(string(point[1:half])), "y": encode(string(point[half:]))}
}

// manyKeys are the issuer's, and keys of every other kind and size.
func manyKeys(t *testing.T) []any {
	t.Helper()
	keys := []any{
		rsaJWK(t, "2048", 2048), rsaJWK(t, "2049", 2049), rsaJWK(t, "3072", 3072), rsaJWK(t, "4096", 4096), rsaJWK(t, "8192", 8192),
		ecJWK(t, "P-384", elliptic.P384()), ecJWK(t, "P-521", elliptic.P521()),
	}
	for _, k := range jwks(t) {
		keys = append(keys, k)
	}
	return keys
}

func jwkSet(t *testing.T, keys ...any) []byte {
	t.Helper()
	return toJSON(t, map[string]any{"keys": keys})
}

// forgery is a token of the issuer whose signature is not that of the algorithm and
// the key that it names.
func forgery(i *bearergatetest.Issuer, algorithm, kid string) string {
	return i.AccessToken(bearergatetest.WithHeader("alg", algorithm), bearergatetest.WithHeader("kid", kid), bearergatetest.Tampered("admin"))
}

// wantReason wants the token to be refused with the reason.
func wantReason(t *testing.T, v bearergate.Verifier, token, want string) {
	t.Helper()
	refuses(t, v, token)
	if _, err := v.VerifyToken(t.Context(), token); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
}

const checked = "the signature is wrong"

// kinds are the algorithms for public keys, by a key of manyKeys that they fit.
var kinds = map[string]string{
	"RS256": "4096", "RS384": "2048", "RS512": "3072", "PS256": "8192", "PS384": "2049", "PS512": "4096",
	"ES256": "ES256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "EdDSA",
}

// Rules: S3a.7, S3a.66.
func TestExcludedAlgorithmIsRefusedWithoutASignatureCheck(t *testing.T) {
	keys := publicKeys(t, jwkSet(t, manyKeys(t)...))
	all := newVerifier(t, func(c *config) { c.Keys = keys })
	for algorithm, kid := range kinds {
		token := forgery(issuer, algorithm, kid)
		wantReason(t, all, token, checked)
		var others []string
		for other := range kinds {
			if other != algorithm {
				others = append(others, other)
			}
		}
		narrowed := newVerifier(t, func(c *config) { c.Keys, c.Algorithms = keys, others })
		wantReason(t, narrowed, token, "the algorithm is not accepted here")
		wantReason(t, narrowed, token, "see jwtverifier's Config.Algorithms")
		only := newVerifier(t, func(c *config) { c.Keys, c.Algorithms = keys, []string{algorithm} })
		wantReason(t, only, token, checked)
	}
}

// Rules: S3a.66.
func TestGoodTokenOfAnExcludedAlgorithmIsRefused(t *testing.T) {
	v := newVerifier(t, func(c *config) { c.Algorithms = []string{"RS256", "ES256"} })
	for algorithm, good := range map[string]bool{"RS256": true, "ES256": true, "PS256": false, "EdDSA": false} {
		for _, opts := range []options{{bearergatetest.SignedWith(algorithm)}, {bearergatetest.SignedWith(algorithm), bearergatetest.WithoutHeader("kid")}} {
			if token := issuer.AccessToken(opts...); good {
				accepts(t, v, token)
			} else {
				refuses(t, v, token)
			}
		}
	}
	secret := bytes.Repeat([]byte("k"), 64)
	keys, err := jwtverifier.SharedSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	v = newVerifier(t, func(c *config) { c.Keys, c.Algorithms = keys, []string{"HS512"} })
	accepts(t, v, issuer.AccessToken(bearergatetest.SignedWithSecret("HS512", secret)))
	refuses(t, v, issuer.AccessToken(bearergatetest.SignedWithSecret("HS256", secret)))
}

// Rules: S3a.66.
func TestKeyOverMaxRSABitsIsNotUsed(t *testing.T) {
	keys := publicKeys(t, jwkSet(t, manyKeys(t)...))
	for limit, used := range map[int]string{
		0: "2048 2049 3072 4096 8192", 2048: "2048", 2049: "2048 2049", 3000: "2048 2049", 4096: "2048 2049 3072 4096", 8191: "2048 2049 3072 4096", 8192: "2048 2049 3072 4096 8192",
	} {
		v := newVerifier(t, func(c *config) { c.Keys, c.MaxRSABits = keys, limit })
		for _, kid := range []string{"2048", "2049", "3072", "4096", "8192"} {
			for _, algorithm := range []string{"RS256", "PS512"} {
				token := forgery(issuer, algorithm, kid)
				if slices.Contains(strings.Fields(used), kid) {
					wantReason(t, v, token, checked)
					continue
				}
				wantReason(t, v, token, "more bits than are accepted here")
				wantReason(t, v, token, "see jwtverifier's Config.MaxRSABits")
			}
		}
		for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
			accepts(t, v, issuer.AccessToken(bearergatetest.SignedWith(algorithm)))
		}
		wantReason(t, v, forgery(issuer, "ES512", "P-521"), checked)
	}
}

// TestExcludedKeysAreNotTriedForATokenWithoutAKeyID has five keys that fit: more than
// a token is checked with, unless four of them are excluded.
//
// Rules: S3a.66, S3c.24.
func TestExcludedKeysAreNotTriedForATokenWithoutAKeyID(t *testing.T) {
	keys := publicKeys(t, rsaKey(t, 2049), rsaKey(t, 3072), rsaKey(t, 4096), rsaKey(t, 8192), issuer.PublicKey("RS256"))
	token := issuer.AccessToken(bearergatetest.WithoutHeader("kid"))
	refuses(t, newVerifier(t, func(c *config) { c.Keys = keys }), token)
	accepts(t, newVerifier(t, func(c *config) { c.Keys, c.MaxRSABits = keys, 2048 }), token)
}

// Rules: S3a.66.
func TestFetchedKeysAreExcludedAfterARotationToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		c := s.Config()
		c.Keys, c.Algorithms, c.MaxRSABits = s.keys(t), []string{"RS256", "ES384"}, 4096
		v, err := jwtverifier.New(c)
		if err != nil {
			t.Fatal(err)
		}
		wantReason(t, v, s.AccessToken(bearergatetest.SignedWith("PS256")), "not accepted here")
		s.wantRequests(t, 0)
		good := longLived(s.Issuer)
		accepts(t, v, good)
		rotated := jwkSet(t, rsaJWK(t, "8192", 8192), rsaJWK(t, "4096", 4096), ecJWK(t, "P-384", elliptic.P384()), ecJWK(t, "P-521", elliptic.P521()))
		s.Break(func(w http.ResponseWriter, _ *http.Request) { w.Write(rotated) })
		time.Sleep(15 * time.Minute)
		accepts(t, v, good) // begins the fetch
		synctest.Wait()
		refuses(t, v, good)
		wantReason(t, v, forgery(s.Issuer, "RS256", "8192"), "more bits than are accepted here")
		wantReason(t, v, forgery(s.Issuer, "ES512", "P-521"), "not accepted here")
		wantReason(t, v, forgery(s.Issuer, "RS256", "4096"), checked)
		wantReason(t, v, forgery(s.Issuer, "ES384", "P-384"), checked)
	})
}

// Rules: S3a.66.
func TestKeysOfTenantsAndIssuersAreExcluded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		a := p.tenant("a")
		set := jwkSet(t, manyKeys(t)...)
		a.Break(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, ".well-known/o") {
				io.WriteString(w, `{"issuer":"`+a.URL+`","jwks_uri":"`+a.URL+`/jwks"}`)
				return
			}
			w.Write(set)
		})
		var buf bytes.Buffer
		limits := jwtverifier.Config{Audience: bearergatetest.DefaultAudience, Algorithms: []string{"RS256"}, MaxRSABits: 4096}
		limits.Logger = slog.New(slog.NewTextHandler(&buf, nil))
		tenants, err := jwtverifier.ByTenant(limits, everyone, jwtverifier.WithTransport(p))
		if err != nil {
			t.Fatal(err)
		}
		wantReason(t, tenants, forgery(a, "RS256", "8192"), "more bits than are accepted here")
		synctest.Wait()
		wantReports(t, buf.String(), "costly key")
		if !strings.Contains(buf.String(), `key \"8192\": the RSA key has 8192 bits; Config.MaxRSABits accepts 4096`) {
			t.Errorf("got %s, want the excluded key reported as skipped", &buf)
		}
		limits.Issuer, limits.Keys = a.URL, publicKeys(t, set)
		one, err := jwtverifier.New(limits)
		if err != nil {
			t.Fatal(err)
		}
		issuers, err := jwtverifier.ByIssuer(one)
		if err != nil {
			t.Fatal(err)
		}
		limits.Algorithms[0] = "ES384" // the caller's
		for _, v := range []bearergate.Verifier{tenants, issuers} {
			wantReason(t, v, forgery(a, "ES384", "P-384"), "not accepted here")
			wantReason(t, v, forgery(a, "RS256", "8192"), "more bits than are accepted here")
			wantReason(t, v, forgery(a, "RS256", "4096"), checked)
		}
	})
}

func TestExcludedAlgorithmsAndKeysAreExplained(t *testing.T) {
	keys := publicKeys(t, jwkSet(t, manyKeys(t)...))
	v := newVerifier(t, func(c *config) { c.Keys, c.Algorithms, c.MaxRSABits = keys, []string{"RS256", "ES256"}, 4096 })
	const wanted = `a signature by one of the 10 keys of "https://issuer.example", with alg "RS256" or "ES256", of at most 4096 bits if it is RSA`
	for _, c := range []struct{ algorithm, kid, found, setting string }{
		{"ES384", "P-384", `the algorithm is not accepted here: alg "ES384" with kid "P-384"`, "Algorithms"},
		{"RS256", "8192", `the RSA key has more bits than are accepted here: alg "RS256" with kid "8192"`, "MaxRSABits"},
		{"ES256", "ES256", `the signature is wrong: alg "ES256" with kid "ES256"`, "Keys"},
		{"none", "8192", `the algorithm is not accepted here: alg "none" with kid "8192"`, "Keys"}, // no setting accepts it
	} {
		checks := v.Explain(t.Context(), forgery(issuer, c.algorithm, c.kid))
		i := slices.IndexFunc(checks, func(c jwtverifier.Check) bool { return c.Name == "signature" })
		if got := checks[i]; got.Result != jwtverifier.Failed || got.Found != c.found || got.Wanted != wanted || got.Setting != c.setting {
			t.Errorf("got %+v, want it failed: %q, want %q, setting %s", got, c.found, wanted, c.setting)
		}
	}
}

func TestLimitsThatCannotWorkAreErrors(t *testing.T) {
	secret, err := jwtverifier.SharedSecret(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	remote, err := jwtverifier.RemoteKeys(jwksURL)
	if err != nil {
		t.Fatal(err)
	}
	big := publicKeys(t, rsaKey(t, 4096))
	for _, c := range []struct {
		want       string
		keys       jwtverifier.KeySource
		algorithms []string
		bits       int
	}{
		{`Config.Algorithms has "RS265"; supported are ES256, ES384, ES512, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512`, big, []string{"RS256", "RS265"}, 0},
		{`Config.Algorithms has "none"`, big, []string{"none"}, 0},
		{`Config.Algorithms has ""`, big, []string{""}, 0},
		{`Config.Algorithms has "rs256"`, big, []string{"rs256"}, 0},
		{"Config.MaxRSABits is 2047; use 2048 to 8192, or 0 for all of them", big, nil, 2047},
		{"Config.MaxRSABits is 8193", big, nil, 8193},
		{"Config.MaxRSABits is -1", big, nil, -1},
		{"Config.Algorithms has HS256, for a secret, beside RS256, for public keys; keep those of Config.Keys", big, []string{"RS256", "HS256"}, 0},
		{"Config.Algorithms has HS512, for a secret, beside EdDSA", secret, []string{"HS512", "EdDSA"}, 0},
		{"Config.Algorithms has HS256, for a secret, and keys that are fetched are public", remote, []string{"HS256"}, 0},
		{"Config.Keys has no key that Algorithms and MaxRSABits accept", big, []string{"HS256"}, 0},
		{"Config.Keys has no key that Algorithms and MaxRSABits accept", big, []string{"ES256"}, 0},
		{"Config.Keys has no key that Algorithms and MaxRSABits accept", big, nil, 2048},
		{"Config.Keys has no key that Algorithms and MaxRSABits accept", secret, []string{"RS256"}, 0},
		{"Config.Keys has no key that Algorithms and MaxRSABits accept", secret, []string{"HS512"}, 0}, // the secret is too short
	} {
		config := issuer.Config()
		config.Keys, config.Algorithms, config.MaxRSABits = c.keys, c.algorithms, c.bits
		if _, err := jwtverifier.New(config); err == nil || !strings.Contains(err.Error(), "jwtverifier: "+c.want) {
			t.Errorf("%q, %d: got %v, want %s", c.algorithms, c.bits, err, c.want)
		}
		config.Issuer, config.Keys = "", nil
		if _, err := jwtverifier.ByTenant(config, everyone); err == nil && !strings.Contains(c.want, "has no key") {
			t.Errorf("%q, %d: got no error of ByTenant, want one", c.algorithms, c.bits)
		}
	}
}
