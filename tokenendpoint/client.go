package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/internal/guess"
)

// Client is a registered app.
type Client struct {
	// ID is the client_id.
	ID string
	// Secrets are the SHA-256 sums of the client's secrets; see [SecretSum]. While
	// one secret replaces another, both are here. A client without secrets and
	// without Assertions is public (RFC 6749 section 2.1) and must use PKCE.
	Secrets []Sum
	// Assertions, if set, verifies the JWTs by which the client may authenticate
	// itself (private_key_jwt, RFC 7523 section 3), such as a jwtverifier.Verifier
	// with the client's keys, its ID as Issuer, and the name of this server as
	// Audience. A JWT can be used until it expires, in an hour at most.
	Assertions bearergate.Verifier
	// RedirectURIs are compared byte for byte.
	RedirectURIs []string
	// AnyLoopbackPort also accepts an http redirect URI on 127.0.0.1 or [::1] that
	// differs from a registered one only in its port (RFC 8252 section 7.3).
	AnyLoopbackPort bool
}

func (c Client) isPublic() bool { return len(c.Secrets) == 0 && c.Assertions == nil }

// ClientStore finds registered clients by id. If there is no client with the id,
// the error wraps [bearergate.ErrInvalidClient]. Any other error is answered 503.
// Client is called concurrently. Package clienttest tests implementations.
type ClientStore interface {
	Client(ctx context.Context, id string) (Client, error)
}

// ClientStoreFunc is a function that is a [ClientStore].
type ClientStoreFunc func(ctx context.Context, id string) (Client, error)

// Client implements [ClientStore].
func (f ClientStoreFunc) Client(ctx context.Context, id string) (Client, error) { return f(ctx, id) }

// SecretSum returns the SHA-256 of a secret, for [Client.Secrets].
func SecretSum(secret string) Sum { return sha256.Sum256([]byte(secret)) }

// credentials are the id and the secret or assertion that a client sent.
type credentials struct{ id, secret, assertion string }

var (
	errNoClient    = malformed("no client_id")
	errTwoWays     = malformed("the client authenticates in two ways")
	errMalformed   = malformed("malformed Authorization")
	errScheme      = refusal(bearergate.ErrInvalidClient, "the scheme is not Basic")
	errWrongSecret = refusal(bearergate.ErrInvalidClient, "the secret is not the client's")
	errNoSecret    = refusal(bearergate.ErrInvalidClient, "the client is not public and sent no secret")
	errOtherClient = errors.New("tokenendpoint: the client store returned a client with another id than requested")
)

// clientCredentials reads a client's credentials from Authorization or from the
// form (RFC 6749 section 2.3.1). Both may name the client, but only one may hold a
// secret. It returns every way to read them, the likeliest first.
func clientCredentials(h http.Header, f *form) ([]credentials, error) {
	lines := h.Values("Authorization")
	if len(lines) == 1 && lines[0] == "" { // counts as absent
		lines = nil
	}
	asserts := f.clientAssertion != "" || f.clientAssertionType != ""
	switch {
	case len(lines) > 1:
		return nil, errMalformed
	case len(lines) == 0 && asserts:
		return assertionCredentials(f)
	case len(lines) == 0 && f.clientID == "":
		return nil, errNoClient
	case len(lines) == 0:
		return []credentials{{id: f.clientID, secret: f.clientSecret}}, nil
	}
	readings, err := basicCredentials(lines[0])
	if err != nil {
		return nil, err
	}
	readings = slices.DeleteFunc(readings, func(c credentials) bool { return f.clientID != "" && f.clientID != c.id })
	if asserts || f.clientSecret != "" || len(readings) == 0 {
		return nil, errTwoWays
	}
	return readings, nil
}

// basicCredentials reads credentials that are form-encoded, as RFC 6749 section
// 2.3.1 says, or not, as curl and several libraries send them, or of which only the
// colons are encoded.
func basicCredentials(line string) ([]credentials, error) {
	scheme, encoded, _ := strings.Cut(line, " ")
	if len(scheme) != len("Basic") || !strings.EqualFold(scheme, "Basic") { // the length excludes letters that fold to ASCII
		return nil, errScheme
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimLeft(encoded, " "))
	id, secret, ok := strings.Cut(string(decoded), ":")
	if err != nil || !ok || id == "" || !isText(id) || !isText(secret) {
		return nil, errMalformed
	}
	raw := credentials{id: id, secret: secret}
	return slices.Compact([]credentials{formDecoded(raw), raw, {id: colons.Replace(id), secret: colons.Replace(secret)}}), nil
}

// colons decodes what a client encodes that is careful only of the colon between id
// and secret.
var colons = strings.NewReplacer("%3A", ":", "%3a", ":")

// formDecoded returns the credentials as they are if they are not form-encoded.
func formDecoded(raw credentials) credentials {
	id, idErr := url.QueryUnescape(raw.id)
	secret, secretErr := url.QueryUnescape(raw.secret)
	if idErr != nil || secretErr != nil || !isText(id) || !isText(secret) {
		return raw
	}
	return credentials{id: id, secret: secret}
}

// authenticate returns the client with the credentials of a reading.
func (e *Endpoint) authenticate(ctx context.Context, readings []credentials) (client Client, err error) {
	for _, c := range readings {
		if client, err = e.authenticateAs(ctx, c); !errors.Is(err, bearergate.ErrInvalidClient) {
			break
		}
	}
	return client, err
}

// authenticateAs hashes a secret even if the client is unknown, so that both take the
// same time.
func (e *Endpoint) authenticateAs(ctx context.Context, c credentials) (Client, error) {
	client, err := e.clients.Client(ctx, c.id)
	if err != nil {
		SecretSum(c.secret) // as long as for a client that is known
		return Client{}, err
	}
	if client.ID != c.id {
		return Client{}, errOtherClient
	}
	audit.From(ctx).ClientID = client.ID
	if err := guess.UsedUp(ctx, client.ID); err != nil {
		return Client{}, err
	}
	switch {
	case c.assertion != "":
		if err := client.verify(ctx, c.assertion); err != nil {
			return Client{}, err
		}
		return client, nil
	case c.secret == "" && client.isPublic():
		return client, nil
	case c.secret == "":
		return Client{}, errNoSecret
	}
	sum, known := SecretSum(c.secret), 0
	for _, secret := range client.Secrets {
		known |= subtle.ConstantTimeCompare(sum[:], secret[:])
	}
	if known == 0 {
		return Client{}, errWrongSecret
	}
	return client, nil
}
