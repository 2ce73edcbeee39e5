package bearergatetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"sync"

	"github.com/bearergate/bearergate/jwtverifier"
)

// The claims of an [Issuer]'s tokens by default.
const (
	DefaultIssuer         = "https://issuer.example"
	DefaultAudience       = "https://api.example"
	DefaultSubject        = "user-1"
	DefaultClientID       = "app-1"
	DefaultGrantID        = "grant-1"
	DefaultOrganizationID = "acme"
	DefaultInstallationID = "installation-1"
)

// Issuer signs tokens with keys of its own. It has one for each algorithm, whose id
// is the algorithm's name. As an [http.Handler] it serves its metadata and keys. It
// is safe for concurrent use once URL and Audience are set.
type Issuer struct {
	// URL is "iss". NewIssuer sets it to [DefaultIssuer]. It may have a path, and
	// may end in a slash.
	URL string
	// Audience is "aud". NewIssuer sets it to [DefaultAudience].
	Audience string

	mu        sync.Mutex
	keys      signingKeys
	published []signingKeys
	rotations int
	broken    http.HandlerFunc
}

type signingKeys struct {
	rsa     *rsa.PrivateKey
	ecdsa   *ecdsa.PrivateKey
	ed25519 ed25519.PrivateKey
	suffix  string // of the key ids
}

// NewIssuer returns an issuer whose keys all issuers of the process share,
// since RSA keys take long to make. [NewStranger] has others.
func NewIssuer() *Issuer { return newIssuer(issuerKeys()) }

// NewStranger returns an issuer with the URL, audience and key ids of [NewIssuer],
// and with other keys: its tokens are forgeries.
func NewStranger() *Issuer { return newIssuer(strangerKeys()) }

func newIssuer(k signingKeys) *Issuer {
	return &Issuer{URL: DefaultIssuer, Audience: DefaultAudience, keys: k, published: []signingKeys{k}}
}

var (
	issuerKeys   = sync.OnceValue(generateKeys)
	strangerKeys = sync.OnceValue(generateKeys)
)

func generateKeys() signingKeys {
	return signingKeys{
		rsa:     must(rsa.GenerateKey(rand.Reader, 2048)),
		ecdsa:   must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		ed25519: ed25519.NewKeyFromSeed(randomSeed()),
	}
}

func randomSeed() []byte {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	return seed
}

// Verifier returns a verifier of the issuer's tokens, with the default policy.
func (i *Issuer) Verifier() *jwtverifier.Verifier {
	return must(jwtverifier.New(i.Config()))
}

// Config returns the configuration of [Issuer.Verifier], for a test that changes it
// and passes it to [jwtverifier.New].
func (i *Issuer) Config() jwtverifier.Config {
	return jwtverifier.Config{
		Issuer:   i.URL,
		Audience: i.Audience,
		Keys:     must(jwtverifier.StaticKeys(i.JWKSet())),
	}
}

// JWKSet returns the public keys that the issuer publishes, as a JWK Set (RFC
// 7517).
func (i *Issuer) JWKSet() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	var keys []any
	for _, k := range i.published {
		keys = append(keys, k.jwks()...)
	}
	return mustJSON(map[string]any{"keys": keys})
}

func (k signingKeys) jwks() []any {
	r, e := k.rsa, must(k.ecdsa.PublicKey.Bytes())
	x, y := e[1:33], e[33:] // an uncompressed point is 4, X, Y
	return []any{
		map[string]any{
			"kty": "RSA", "kid": RS256 + k.suffix, "use": "sig", // no alg, so that it serves PS256 too
			"n": base64url(r.N.Bytes()), "e": base64url(big.NewInt(int64(r.E)).Bytes()),
		},
		map[string]any{
			"kty": "EC", "kid": ES256 + k.suffix, "use": "sig", "alg": ES256, "crv": "P-256",
			"x": base64url(x), "y": base64url(y),
		},
		map[string]any{
			"kty": "OKP", "kid": EdDSA + k.suffix, "use": "sig", "alg": EdDSA, "crv": "Ed25519",
			"x": base64url(k.ed25519.Public().(ed25519.PublicKey)),
		},
	}
}

// PublicKey returns the public key for the algorithm. It panics if there is none.
func (i *Issuer) PublicKey(algorithm string) crypto.PublicKey {
	keys := i.signing()
	switch algorithm {
	case RS256, PS256:
		return keys.rsa.Public()
	case ES256:
		return keys.ecdsa.Public()
	case EdDSA:
		return keys.ed25519.Public()
	}
	panic(fmt.Sprintf("bearergatetest: no key for the algorithm %q", algorithm))
}

func (i *Issuer) signing() signingKeys {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys
}

// Rotate makes the issuer sign with new keys, which have new ids. The old keys stay
// published until [Issuer.Retire].
func (i *Issuer) Rotate() {
	keys := generateKeys()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rotations++
	keys.suffix = fmt.Sprintf("-%d", i.rotations+1)
	i.keys = keys
	i.published = append(i.published, keys)
}

// Retire makes the issuer publish only the keys that it signs with.
func (i *Issuer) Retire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.published = []signingKeys{i.keys}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("bearergatetest: %v", err))
	}
	return value
}

func mustJSON(value any) []byte { return must(json.Marshal(value)) }

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
