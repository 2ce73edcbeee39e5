package differential_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// The policy that every library is configured with. All also need an exp.
const (
	issuer   = "https://issuer.example"
	audience = "https://api.example"
	leeway   = 30 * time.Second
)

// facts are the claims that each library decodes in its own way.
type facts struct {
	Subject  string // empty if it is no string
	Audience []string
	Expiry   int64
}

// checker is a library that was given keys.
type checker interface {
	// payload checks the signature, and returns what was signed.
	payload(token string) ([]byte, error)
	// claims checks the signature and the policy.
	claims(token string) (facts, error)
}

// library opens keys. If secret is not nil it is the key, and set is empty.
type library struct {
	name string
	open func(set string, secret []byte) (checker, error)
}

const (
	nameJWX       = "jwx"
	nameGoJOSE    = "go-jose"
	nameGolangJWT = "golang-jwt"
)

var ours = library{"bearergate", openOurs}

// peers are in the order of their columns in the table.
var peers = []library{{nameJWX, openJWX}, {nameGoJOSE, openGoJOSE}, {nameGolangJWT, openGolangJWT}}

// ourChecker is the path of package jwtverifier.
type ourChecker struct {
	parser   jose.Parser
	keys     *jose.KeySet
	verifier *jwtverifier.Verifier
}

func openOurs(set string, secret []byte) (checker, error) {
	keys, err := ourKeys(set, secret)
	if err != nil {
		return nil, err
	}
	source, err := ourSource(set, secret)
	if err != nil {
		return nil, err
	}
	v, err := jwtverifier.New(jwtverifier.Config{Issuer: issuer, Audience: audience, Keys: source, Leeway: leeway, CacheSize: -1, Logger: slog.New(slog.DiscardHandler)})
	return &ourChecker{keys: keys, verifier: v}, err
}

func ourKeys(set string, secret []byte) (*jose.KeySet, error) {
	keys, skipped, err := jose.ParseKeys(set)
	if secret != nil {
		keys = make([]jose.Key, 1)
		keys[0], err = jose.NewSecret(secret)
	}
	if err != nil {
		return nil, err
	}
	s, _, err := jose.NewKeySet(keys, skipped)
	return s, err
}

func ourSource(set string, secret []byte) (jwtverifier.KeySource, error) {
	if secret != nil {
		return jwtverifier.SharedSecret(secret)
	}
	return jwtverifier.StaticKeys(set)
}

func (c *ourChecker) payload(token string) ([]byte, error) {
	s, _, err := c.parser.Parse([]byte(token), nil)
	if err != nil {
		return nil, err
	}
	return s.Payload, c.keys.Verify(&s)
}

func (c *ourChecker) claims(token string) (facts, error) {
	t, err := c.verifier.VerifyToken(context.Background(), token)
	if err != nil {
		return facts{}, err
	}
	f := facts{Subject: t.Subject(), Audience: t.Audience(), Expiry: t.ExpiresAt().Unix()}
	if _, isString := read(token).payload.text("sub"); !isString {
		f.Subject = "" // an integer, which the others do not read
	}
	return f, nil
}

// refusing is a library that cannot use any of the keys.
type refusing struct{ err error }

func (r refusing) payload(string) ([]byte, error) { return nil, r.err }
func (r refusing) claims(string) (facts, error)   { return facts{}, r.err }

func (l library) with(set string, secret []byte) checker {
	c, err := l.open(set, secret)
	if err != nil {
		return refusing{err}
	}
	return c
}

var errNoExpiry = errors.New("no exp")

// keyID returns the kid of a token, for libraries that let the caller choose a key.
func keyID(token string) string {
	segment, _, _ := strings.Cut(token, ".")
	text, _ := base64.RawURLEncoding.DecodeString(segment)
	id, _ := readObject(text).text("kid")
	return id
}
