package jwtverifier

import (
	"errors"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/strictjson"
)

var (
	errNotConfirmation = errors.New("not an object")
	errNotThumbprint   = errors.New("a thumbprint that is no string, or empty")
)

// takeConfirmation reads "cnf" (RFC 7800 section 3.1). A member that is not known
// binds the token to something all the same.
func (r *reading) takeConfirmation(value string) error {
	if value[0] != '{' {
		return errNotConfirmation
	}
	c := new(bearergate.Confirmation)
	r.Confirmation = c
	return strictjson.Object(value, func(name, value string) error {
		switch name {
		case "jkt":
			return takeThumbprint(&c.JWKThumbprint, value)
		case "x5t#S256":
			return takeThumbprint(&c.CertificateThumbprint, value)
		}
		return nil
	})
}

func takeThumbprint(into *string, value string) error {
	thumbprint, ok := strictjson.String(value)
	if !ok || thumbprint == "" {
		return errNotThumbprint
	}
	*into = thumbprint
	return nil
}
