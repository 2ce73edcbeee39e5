package tokenendpoint

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// assertionType is the client_assertion_type of a JWT (RFC 7523 section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// maxAssertionLifetime bounds how long a client_assertion may still be valid: whoever
// finds one can use it until it expires.
const maxAssertionLifetime = time.Hour

var (
	errAssertionType = refusal(bearergate.ErrInvalidRequest, "client_assertion and client_assertion_type do not belong together")
	errAssertion     = refusal(bearergate.ErrInvalidClient, "the client_assertion is not the client's")
	errNoAssertions  = refusal(bearergate.ErrInvalidClient, "the client has no keys for a client_assertion")
	errLongAssertion = refusal(bearergate.ErrInvalidClient, "the client_assertion is valid for more than an hour")
)

// assertionCredentials reads the credentials of a form with a client_assertion. The
// client_id may be left out, since the assertion names the client as its subject (RFC
// 7521 section 4.2).
func assertionCredentials(f *form) ([]credentials, error) {
	c := credentials{id: f.clientID, assertion: f.clientAssertion}
	switch {
	case f.clientAssertionType != assertionType, c.assertion == "":
		return nil, errAssertionType
	case f.clientSecret != "":
		return nil, errTwoWays
	case c.id != "":
		return []credentials{c}, nil
	}
	var ok bool
	if c.id, ok = unverifiedSubject(c.assertion); !ok {
		return nil, errAssertion
	}
	return []credentials{c}, nil
}

// unverifiedSubject returns the "sub" of a JWT whose signature was not checked.
func unverifiedSubject(jwt string) (subject string, ok bool) {
	_, rest, _ := strings.Cut(jwt, ".")
	payload, _, _ := strings.Cut(rest, ".")
	claims, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return "", false
	}
	err = strictjson.Object(string(claims), func(name, value string) error {
		if name == "sub" {
			subject, ok = strictjson.String(value)
		}
		return nil
	})
	return subject, ok && err == nil && subject != "" && isText(subject)
}

// verify checks a client_assertion (RFC 7523 section 3): its issuer and its subject are
// the client.
func (c Client) verify(ctx context.Context, assertion string) error {
	if c.Assertions == nil {
		return errNoAssertions
	}
	token, err := c.Assertions.VerifyToken(ctx, assertion)
	switch {
	case err != nil:
		return refusedAssertion(err)
	case token == nil:
		return errNoVerdict
	case token.Issuer() != c.ID || token.Subject() != c.ID:
		return errAssertion
	case time.Until(token.ExpiresAt()) > maxAssertionLifetime:
		return errLongAssertion
	}
	return nil
}

// refusedAssertion makes every answer that blames the client invalid_client, with the
// reason for the log.
func refusedAssertion(err error) error {
	var code bearergate.Code
	if errors.As(err, &code) && code.Status() < 500 {
		return refusal(bearergate.ErrInvalidClient, "the client_assertion: "+err.Error())
	}
	return err
}

var errNoVerdict = errors.New("tokenendpoint: the verifier of client assertions returned neither a token nor an error")
