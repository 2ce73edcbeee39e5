package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
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
	// one secret replaces another, both are here. A client without secrets is
	// public (RFC 6749 section 2.1) and must use PKCE.
	Secrets []Sum
	// RedirectURIs are compared byte for byte.
	RedirectURIs []string
	// AnyLoopbackPort also accepts an http redirect URI on 127.0.0.1 or [::1] that
	// differs from a registered one only in its port (RFC 8252 section 7.3).
	AnyLoopbackPort bool
}

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

// credentials are the id and the secret that a client sent.
type credentials struct {
	id, secret string
	// raw is how Basic credentials are read that the client did not form-encode, nil
	// for credentials from the form. Its own raw is the reading of those in which only
	// the colons are encoded.
	raw *credentials
}

var (
	errNoClient    = refusal(bearergate.ErrInvalidRequest, "no client_id")
	errTwoWays     = refusal(bearergate.ErrInvalidRequest, "the client authenticates in two ways")
	errMalformed   = refusal(bearergate.ErrInvalidRequest, "malformed Authorization")
	errScheme      = refusal(bearergate.ErrInvalidClient, "the scheme is not Basic")
	errWrongSecret = refusal(bearergate.ErrInvalidClient, "the secret is not the client's")
	errNoSecret    = refusal(bearergate.ErrInvalidClient, "the client has a secret and sent none")
	errOtherClient = errors.New("tokenendpoint: the client store returned a client with another id than requested")
)

// clientCredentials reads a client's credentials from Authorization or from the
// form (RFC 6749 section 2.3.1). Both may name the client, but only one may hold a
// secret.
func clientCredentials(h http.Header, f *form) (credentials, error) {
	inForm := credentials{id: f.clientID, secret: f.clientSecret}
	lines := h.Values("Authorization")
	if len(lines) == 1 && lines[0] == "" { // counts as absent
		lines = nil
	}
	switch {
	case len(lines) > 1:
		return credentials{}, errMalformed
	case len(lines) == 0 && inForm.id == "":
		return credentials{}, errNoClient
	case len(lines) == 0:
		return inForm, nil
	}
	basic, err := basicCredentials(lines[0])
	switch {
	case err != nil:
		return credentials{}, err
	case inForm.secret != "", inForm.id != "" && inForm.id != basic.id && inForm.id != basic.raw.id:
		return credentials{}, errTwoWays
	}
	return basic, nil
}

// basicCredentials reads credentials that are form-encoded, as RFC 6749 section
// 2.3.1 says, or not, as curl and several libraries send them.
func basicCredentials(line string) (credentials, error) {
	scheme, encoded, _ := strings.Cut(line, " ")
	if len(scheme) != len("Basic") || !strings.EqualFold(scheme, "Basic") { // the length excludes letters that fold to ASCII
		return credentials{}, errScheme
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimLeft(encoded, " "))
	id, secret, ok := strings.Cut(string(decoded), ":")
	if err != nil || !ok || id == "" || !isText(id) || !isText(secret) {
		return credentials{}, errMalformed
	}
	raw := credentials{id: id, secret: secret, raw: &credentials{id: colons.Replace(id), secret: colons.Replace(secret)}}
	c := formDecoded(raw)
	c.raw = &raw
	return c, nil
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

// authenticate returns the client with these credentials, or else with those of
// another reading.
func (e *Endpoint) authenticate(ctx context.Context, c credentials) (Client, error) {
	client, err := e.authenticateAs(ctx, c)
	for last, next := &c, c.raw; next != nil && errors.Is(err, bearergate.ErrInvalidClient); last, next = next, next.raw {
		if next.id != last.id || next.secret != last.secret {
			client, err = e.authenticateAs(ctx, *next)
		}
	}
	return client, err
}

// authenticateAs compares a secret even if the client is unknown, so that both take
// the same time.
func (e *Endpoint) authenticateAs(ctx context.Context, c credentials) (Client, error) {
	client, err := e.clients.Client(ctx, c.id)
	if err != nil {
		subtle.ConstantTimeCompare(hash(c.secret), make([]byte, sha256.Size))
		return Client{}, err
	}
	if client.ID != c.id {
		return Client{}, errOtherClient
	}
	audit.From(ctx).ClientID = client.ID
	if err := guess.UsedUp(ctx, client.ID); err != nil {
		return Client{}, err
	}
	public := len(client.Secrets) == 0
	switch {
	case public && c.secret == "":
		return client, nil
	case !public && c.secret == "":
		return Client{}, errNoSecret
	}
	sum, known := hash(c.secret), 0
	for _, secret := range client.Secrets {
		known |= subtle.ConstantTimeCompare(sum, secret[:])
	}
	if known == 0 {
		return Client{}, errWrongSecret
	}
	return client, nil
}

func hash(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}
