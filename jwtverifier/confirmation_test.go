package jwtverifier_test

import (
	"encoding/json"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// TestConfirmationIsRead holds that a token is never taken for one of a bearer if
// it has a confirmation, whatever kind that is.
func TestConfirmationIsRead(t *testing.T) {
	v := issuer.Verifier()
	for cnf, want := range map[string]bearergate.Confirmation{
		`{"jkt":"a"}`:                        {JWKThumbprint: "a"},
		`{"x5t#S256":"b"}`:                   {CertificateThumbprint: "b"},
		`{"jkt":"a","x5t#S256":"b"}`:         {JWKThumbprint: "a", CertificateThumbprint: "b"},
		`{"jwk":{"kty":"EC"},"jkt":"a"}`:     {JWKThumbprint: "a"},
		`{"jwk":{"kty":"EC"}}`:               {},
		`{"kid":"k","JKT":"a","x5t#s256":1}`: {},
		`{}`:                                 {},
	} {
		token := issuer.AccessToken(bearergatetest.WithClaim("cnf", json.RawMessage(cnf)))
		for range 2 { // the second time from the cache
			if got, ok := accepts(t, v, token).Confirmation(); !ok || got != want {
				t.Errorf("cnf %s: got %+v, %v, want %+v", cnf, got, ok, want)
			}
		}
		if got, ok := accepts(t, v, issuer.AccessToken()).Confirmation(); ok { // whose memory was used before
			t.Errorf("without cnf: got %+v, want none", got)
		}
	}
}

func TestMalformedConfirmationIsRefused(t *testing.T) {
	v := issuer.Verifier()
	for _, cnf := range []string{
		`null`, `true`, `"a"`, `7`, `[]`, `[{"jkt":"a"}]`,
		`{"jkt":null}`, `{"jkt":7}`, `{"jkt":["a"]}`, `{"jkt":{}}`, `{"jkt":""}`, `{"jkt":false,"x5t#S256":"b"}`,
		`{"x5t#S256":null}`, `{"x5t#S256":7}`, `{"x5t#S256":""}`, `{"jkt":"a","x5t#S256":{}}`, `{"jkt":"a","jkt":"a"}`,
	} {
		refuses(t, v, issuer.AccessToken(bearergatetest.WithClaim("cnf", json.RawMessage(cnf))))
	}
}
