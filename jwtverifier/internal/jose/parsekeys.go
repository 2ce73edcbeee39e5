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
	"strings"

	"github.com/bearergate/bearergate/internal/strictjson"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// ParseKeys parses a JWK, a JWK Set (RFC 7517) or PEM. Unusable entries of a set
// are skipped; skipped has an error for each. An unusable single JWK or PEM block
// is an error.
func ParseKeys(data string) (keys []Key, skipped []error, err error) {
	data = strings.TrimSpace(data)
	switch {
	case strings.HasPrefix(data, "{"):
		return parseJSONKeys(data)
	case strings.HasPrefix(data, "-----BEGIN "):
		keys, err = parsePEM([]byte(data))
		return keys, nil, err
	}
	return nil, nil, errors.New("neither JSON nor PEM")
}

func parseJSONKeys(data string) (keys []Key, skipped []error, err error) {
	set, err := keysOf(data)
	switch {
	case err != nil:
		return nil, nil, err
	case set == "":
		k, _, err := parseJWK(data)
		return []Key{k}, nil, err
	}
	return parseEntries(set)
}

// ParseSet parses a JWK Set as [ParseKeys] does, and accepts nothing else.
func ParseSet(data string) (keys []Key, skipped []error, err error) {
	set, err := keysOf(data)
	switch {
	case err != nil:
		return nil, nil, err
	case set == "":
		return nil, nil, errors.New("not a JWK Set: it has no member \"keys\"")
	}
	return parseEntries(set)
}

// keysOf returns the text of the member "keys", or "" if there is none.
func keysOf(data string) (set string, err error) {
	err = strictjson.Object(data, func(name, value string) error {
		if name == "keys" {
			set = value
		}
		return nil
	})
	return set, err
}

func parseEntries(set string) (keys []Key, skipped []error, err error) {
	n := 0
	err = strictjson.Array(set, func(entry string) error {
		k, id, err := parseJWK(entry)
		switch {
		case err == nil:
			keys = append(keys, k)
		case id != "":
			skipped = append(skipped, fmt.Errorf("key %q: %w", id, err))
		default:
			skipped = append(skipped, fmt.Errorf("entry %d of the key set: %w", n, err))
		}
		n++
		return nil
	})
	return keys, skipped, err
}

// jwkMembers are the members of a JWK that are used. All others, such as
// certificates, are ignored and not passed to jwx.
type jwkMembers struct {
	id, alg, use string
	operations   []string
	public       map[string]string
	fault        error // the first one
}

// parseJWK returns the key. It returns the id even if the key cannot be used.
func parseJWK(data string) (k Key, id string, err error) {
	m := jwkMembers{use: "sig", public: make(map[string]string)}
	k, err = m.parse(data)
	return k, m.id, err
}

func (m *jwkMembers) parse(data string) (Key, error) {
	if err := strictjson.Object(data, m.take); err != nil {
		return Key{}, err
	}
	if m.fault != nil {
		return Key{}, m.fault
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

// take stores a member. It always returns nil, so that the id is found after a
// fault too.
func (m *jwkMembers) take(name, value string) error {
	if err := m.read(name, value); err != nil && m.fault == nil {
		m.fault = err
	}
	return nil
}

func (m *jwkMembers) read(name, value string) error {
	ok := true
	switch name {
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
		m.public[name], ok = strictjson.String(value)
	case "d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv":
		return errors.New("the key is private or symmetric; only public keys are accepted")
	}
	if !ok {
		return fmt.Errorf("the member %q has an unusable value", name)
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
		return nil, fmt.Errorf("its kty is %q; RSA, EC and OKP are accepted", m.public["kty"])
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
		return nil, errors.New("its numbers are not a key")
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
	return nil, errors.New("only public keys and certificates are accepted")
}

// PublicKey returns a key for a [crypto.PublicKey].
func PublicKey(key any) (Key, error) {
	switch k := key.(type) {
	case rsa.PublicKey:
		return NewKey(&k, "", "")
	case ecdsa.PublicKey:
		return NewKey(&k, "", "")
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return NewKey(k, "", "")
	case crypto.Signer:
		return Key{}, fmt.Errorf("a private key (%T); use its Public()", key)
	}
	return Key{}, fmt.Errorf("a key of type %T is not accepted", key)
}
