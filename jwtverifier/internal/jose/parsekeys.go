package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/bearergate/bearergate/internal/strictjson"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// ParseKeys reads a JWK, a JWK Set (RFC 7517) or PEM. Entries of a set that
// cannot be used are skipped and returned as errors; a single JWK or a PEM block
// that cannot be used is an error.
func ParseKeys(data []byte) (keys []Key, skipped []error, err error) {
	data = bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(data, []byte("{")):
		return parseJSONKeys(data)
	case bytes.HasPrefix(data, []byte("-----BEGIN ")):
		keys, err = parsePEM(data)
		return keys, nil, err
	}
	return nil, nil, errors.New("neither JSON nor PEM")
}

func parseJSONKeys(data []byte) (keys []Key, skipped []error, err error) {
	var set []byte
	if err := strictjson.Object(data, func(name, value []byte) error {
		if string(name) == "keys" {
			set = value
		}
		return nil
	}); err != nil {
		return nil, nil, err
	}
	if set == nil {
		k, err := parseJWK(data)
		return []Key{k}, nil, err
	}
	n := 0
	err = strictjson.Array(set, func(entry []byte) error {
		k, err := parseJWK(entry)
		if err != nil {
			skipped = append(skipped, fmt.Errorf("entry %d of the key set: %w", n, err))
		} else {
			keys = append(keys, k)
		}
		n++
		return nil
	})
	return keys, skipped, err
}

// jwkMembers are those members of a JWK that are looked at. The rest, such as
// certificates, is ignored and not handed on.
type jwkMembers struct {
	id, alg, use string
	operations   []string
	public       map[string]string
}

func parseJWK(data []byte) (Key, error) {
	m := jwkMembers{use: "sig", public: make(map[string]string)}
	if err := strictjson.Object(data, m.take); err != nil {
		return Key{}, err
	}
	if err := m.checkPurpose(); err != nil {
		return Key{}, err
	}
	public, err := m.parsePublic()
	if err != nil {
		return Key{}, err
	}
	return NewKey(public, m.id, m.alg)
}

func (m *jwkMembers) take(name, value []byte) error {
	ok := true
	switch string(name) {
	case "kid":
		m.id, ok = strictjson.String(value)
	case "alg":
		m.alg, ok = strictjson.String(value)
	case "use":
		m.use, ok = strictjson.String(value)
	case "key_ops":
		m.operations, ok = strictjson.Strings(value)
		if len(m.operations) == 0 {
			ok = false
		}
	case "kty", "crv", "n", "e", "x", "y":
		m.public[string(name)], ok = strictjson.String(value)
	case "d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv":
		return errors.New("a private or symmetric key; only public keys belong here")
	}
	if !ok {
		return fmt.Errorf("the member %q has a value that does not fit", name)
	}
	return nil
}

func (m *jwkMembers) checkPurpose() error {
	if m.use != "sig" {
		return fmt.Errorf("its use is %q, not sig", m.use)
	}
	if m.operations == nil {
		return nil
	}
	for _, op := range m.operations {
		if op == "verify" {
			return nil
		}
	}
	return errors.New("its key_ops do not name verify")
}

func (m *jwkMembers) parsePublic() (any, error) {
	switch m.public["kty"] {
	case "RSA", "EC", "OKP":
	default:
		return nil, fmt.Errorf("its kty is %q; RSA, EC and OKP are taken", m.public["kty"])
	}
	data, err := json.Marshal(m.public)
	if err != nil {
		return nil, err
	}
	key, err := jwk.ParseKey(data)
	if err != nil {
		return nil, errors.New("its numbers cannot be read")
	}
	var public any
	if err := key.Raw(&public); err != nil {
		return nil, errors.New("its numbers are no key")
	}
	return public, nil
}

func parsePEM(data []byte) ([]Key, error) {
	var keys []Key
	for len(data) > 0 {
		block, rest := pem.Decode(data)
		if block == nil {
			return nil, errors.New("malformed PEM")
		}
		data = bytes.TrimSpace(rest)
		public, err := parsePEMBlock(block)
		if err != nil {
			return nil, fmt.Errorf("PEM block %q: %w", block.Type, err)
		}
		k, err := NewKey(public, "", "")
		if err != nil {
			return nil, fmt.Errorf("PEM block %q: %w", block.Type, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func parsePEMBlock(block *pem.Block) (crypto.PublicKey, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return c.PublicKey, nil
	}
	return nil, errors.New("only public keys and certificates belong here")
}

// PublicKey returns a key for what crypto calls a public key.
func PublicKey(key any) (Key, error) {
	switch k := key.(type) {
	case rsa.PublicKey:
		return NewKey(&k, "", "")
	case ecdsa.PublicKey:
		return NewKey(&k, "", "")
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return NewKey(k, "", "")
	case crypto.Signer:
		return Key{}, fmt.Errorf("a private key (%T); give its Public()", key)
	}
	return Key{}, fmt.Errorf("a key of type %T is not taken", key)
}
