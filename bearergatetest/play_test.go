package bearergatetest_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// In a bubble of synctest it is 946684800, the first second of 2000.
const thousands = "9466"

// documented are token shapes as identity providers document them. The texts to be
// signed have $, and not 9466, in front of their times.
var documented = []struct{ name, header, payload, wantHeader, wantPayload string }{
	{"of an Auth0 user",
		`{"alg": "RS256", "typ": "JWT", "kid": "NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4"}`,
		`{"iss": "https://acme.eu.auth0.com/", "sub": "auth0|6553da60a54af58e29493993",
		  "aud": ["https://api.example.com/", "https://acme.eu.auth0.com/userinfo"], "iat": 0, "exp": 3600,
		  "scope": "openid profile", "azp": "K1AUPhZq8mRi0Q0p", "permissions": ["read:patients", "write:patients"]}`,
		`{"alg":"RS256","typ":"JWT","kid":"RS256"}`,
		`{"iss":"https://acme.eu.auth0.com/","sub":"auth0|6553da60a54af58e29493993",` +
			`"aud":["https://api.example.com/","https://acme.eu.auth0.com/userinfo"],"iat":$84800,"exp":$88400,` +
			`"scope":"openid profile","azp":"K1AUPhZq8mRi0Q0p","permissions":["read:patients","write:patients"]}`},
	{"of Keycloak, with nested roles",
		`{"alg": "RS256", "typ": "JWT", "kid": "nnniBrxL0qhG79pkF3ccQj_l0jDmxKrYYy2YLlEe1s"}`,
		`{"exp": 300, "iat": 0, "auth_time": -120, "iss": "https://sso.example.com/realms/acme", "aud": "inventory-api", "sub": "4d33f0aa",
		  "typ": "Bearer", "realm_access": {"roles": ["offline_access", "Report Viewer"], "exp": 300}, "resource_access": {"inventory-api": {"roles": ["inventory:read"]}}}`,
		`{"alg":"RS256","typ":"JWT","kid":"RS256"}`,
		`{"exp":$85100,"iat":$84800,"auth_time":$84680,"iss":"https://sso.example.com/realms/acme","aud":"inventory-api","sub":"4d33f0aa",` +
			`"typ":"Bearer","realm_access":{"roles":["offline_access","Report Viewer"],"exp":300},"resource_access":{"inventory-api":{"roles":["inventory:read"]}}}`},
	{"of Entra v2, with characters that encoding/json escapes",
		`{"typ": "JWT", "alg": "RS256", "kid": "i6lGk3FZzxRcUb2C3nEQ7syHJlY"}`,
		`{"aud": "60e8910d", "iss": "https://login.microsoftonline.com/9e8e4e5b/v2.0", "iat": 0, "nbf": 0, "exp": 4500,
		  "aio": "AXQAi/8IAAAA<&>\u003c", "azpacr": "0", "roles": ["Task.Approver"], "scp": "Tasks.Read access_as_user", "sub": "HKZpf", "ver": "2.0"}`,
		`{"typ":"JWT","alg":"RS256","kid":"RS256"}`,
		`{"aud":"60e8910d","iss":"https://login.microsoftonline.com/9e8e4e5b/v2.0","iat":$84800,"nbf":$84800,"exp":$89300,` +
			`"aio":"AXQAi/8IAAAA<&>\u003c","azpacr":"0","roles":["Task.Approver"],"scp":"Tasks.Read access_as_user","sub":"HKZpf","ver":"2.0"}`},
	{"of Okta, without typ",
		`{"kid": "ZkvelLN_seik7w4pc_prCcfUf-h2hFfiwkDeCrs0iUc", "alg": "RS256"}`,
		`{"ver": 1, "iss": "https://acme.okta.com/oauth2/default", "aud": "api://default", "iat": 0, "exp": 3600, "cid": "0oabskvc6442nkvQO0h7",
		  "scp": ["openid", "orders:read"], "auth_time": -30, "sub": "ana@example.com"}`,
		`{"kid":"RS256","alg":"RS256"}`,
		`{"ver":1,"iss":"https://acme.okta.com/oauth2/default","aud":"api://default","iat":$84800,"exp":$88400,"cid":"0oabskvc6442nkvQO0h7",` +
			`"scp":["openid","orders:read"],"auth_time":$84770,"sub":"ana@example.com"}`},
	{"of Cognito, without aud",
		`{"kid": "KO4yc3h1ZXh0cmE9PS9leGFtcGxlKw==", "alg": "RS256"}`,
		`{"sub": "3n5p8abc", "token_use": "access", "scope": "https://api.example.com/asset.read", "auth_time": 0,
		  "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123", "exp": 3600, "iat": 0, "version": 2, "client_id": "3n5p8abc"}`,
		`{"kid":"RS256","alg":"RS256"}`,
		`{"sub":"3n5p8abc","token_use":"access","scope":"https://api.example.com/asset.read","auth_time":$84800,` +
			`"iss":"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123","exp":$88400,"iat":$84800,"version":2,"client_id":"3n5p8abc"}`},
}

func TestPlayedTokenIsSignedAsDocumented(t *testing.T) {
	for _, c := range documented {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := bearergatetest.NewIssuer()
				token := issuer.Play(c.header, c.payload)
				if got := part(t, token, 0); got != c.wantHeader {
					t.Errorf("got the header\n%s, want\n%s", got, c.wantHeader)
				}
				if got, want := part(t, token, 1), strings.ReplaceAll(c.wantPayload, "$", thousands); got != want {
					t.Errorf("got the payload\n%s, want\n%s", got, want)
				}
				wantSignedByRSA(t, issuer, token)
			})
		})
	}
}

func wantSignedByRSA(t *testing.T, issuer *bearergatetest.Issuer, token string) {
	t.Helper()
	end := strings.LastIndex(token, ".")
	signature, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(token[:end]))
	if err := rsa.VerifyPKCS1v15(issuer.PublicKey(bearergatetest.RS256).(*rsa.PublicKey), crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
}

func TestTimesOfAPlayedTokenAreSecondsFromNow(t *testing.T) {
	for _, c := range []struct{ name, payload, want string }{
		{"none", `{"sub":"a"}`, `{"sub":"a"}`},
		{"before and after", `{"iat":-600,"nbf":-1,"exp":3000}`, `{"iat":$84200,"nbf":$84799,"exp":$87800}`},
		{"fractions", `{"iat":0.5,"exp":60.123456789012345678}`, `{"iat":$84800.5,"exp":$84860.123456789012345678}`},
		{"exponents", `{"iat":0e0,"exp":6e1}`, `{"iat":$84800,"exp":$84860}`},
		{"strings are literal", `{"iat":"0","exp":"60"}`, `{"iat":"0","exp":"60"}`},
		{"null is literal", `{"iat":null,"exp":60}`, `{"iat":null,"exp":$84860}`},
		{"other members are literal", `{"iat":0,"updated_at":0,"n":12345678901234567890123,"x":1.10}`, `{"iat":$84800,"updated_at":0,"n":12345678901234567890123,"x":1.10}`},
		{"members of objects are literal", `{"iat":0,"kubernetes.io":{"exp":0,"warnafter":{"iat":1}}}`, `{"iat":$84800,"kubernetes.io":{"exp":0,"warnafter":{"iat":1}}}`},
		{"dates keep their distance from iat", `{"auth_time":1516239000,"iat":1516239022,"nbf":1516239021.5,"exp":1516242622}`, `{"auth_time":$84778,"iat":$84800,"nbf":$84799.5,"exp":$88400}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				token := bearergatetest.NewIssuer().Play(`{"alg":"RS256"}`, c.payload)
				if got, want := part(t, token, 1), strings.ReplaceAll(c.want, "$", thousands); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		})
	}
}

func TestPlayedTokenIsSignedByTheKeyOfItsAlgorithm(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	issuer.Rotate()
	const payload = `{"iss":"https://issuer.example","aud":"https://api.example","sub":"user-1","iat":0,"exp":60}`
	for _, c := range []struct{ header, want string }{
		{`{"kid":"a","alg":"RS256","x5t":"a"}`, `{"kid":"RS256-2","alg":"RS256","x5t":"a"}`},
		{`{"alg":"PS256","kid":"a"}`, `{"alg":"PS256","kid":"RS256-2"}`},
		{`{"alg":"ES256","kid":"a"}`, `{"alg":"ES256","kid":"ES256-2"}`},
		{`{"alg":"EdDSA","kid":"a"}`, `{"alg":"EdDSA","kid":"EdDSA-2"}`},
		{`{"alg":"RS256","typ":"at+jwt"}`, `{"alg":"RS256","typ":"at+jwt"}`},
	} {
		token := issuer.Play(c.header, payload)
		if got := part(t, token, 0); got != c.want {
			t.Errorf("got the header %s, want %s", got, c.want)
		}
		if _, err := issuer.Verifier().VerifyToken(t.Context(), token); err != nil {
			t.Errorf("%s: got %v, want a good token", c.header, err)
		}
	}
}

func TestOptionsApplyToAPlayedToken(t *testing.T) {
	issuer, secret := bearergatetest.NewIssuer(), []byte("a secret of 32 bytes at the least")
	const header, payload = `{"alg":"HS256"}`, `{"iss":"https://issuer.example","aud":"https://api.example","sub":"user-1","iat":0,"exp":60}`
	symmetric := issuer.Config()
	keys, err := jwtverifier.SharedSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	symmetric.Keys = keys
	v, err := jwtverifier.New(symmetric)
	if err != nil {
		t.Fatal(err)
	}
	signed := bearergatetest.SignedWithSecret("HS256", secret)
	token, err := v.VerifyToken(context.Background(), issuer.Play(header, payload, signed, bearergatetest.WithScopes("a"), bearergatetest.WithClaim("sub", "user-2")))
	if err != nil || !token.HasScope("a") || token.Subject() != "user-2" {
		t.Errorf("got %v, %v, want a token of user-2 with the scope a", token, err)
	}
	for name, spoil := range map[string]bearergatetest.TokenOption{"expired": bearergatetest.Expired(), "tampered": bearergatetest.Tampered("a")} {
		if _, err := v.VerifyToken(context.Background(), issuer.Play(header, payload, signed, spoil)); !errors.Is(err, bearergate.ErrInvalidToken) {
			t.Errorf("%s: got %v, want %v", name, err, bearergate.ErrInvalidToken)
		}
	}
}

func TestShapeThatCannotBePlayedPanics(t *testing.T) {
	for _, c := range []struct{ header, payload, want string }{
		{`{"alg":"RS256"`, `{}`, "bearergatetest: the header is no JSON object: malformed JSON: "},
		{`{"alg":"RS256"}`, `[]`, "bearergatetest: the payload is no JSON object: malformed JSON: "},
		{`{"alg":"RS256"}`, ``, "bearergatetest: the payload is no JSON object: malformed JSON: "},
		{`{"alg":"RS256"}`, `{"a":1,"a":2}`, "bearergatetest: the payload is no JSON object: malformed JSON: "},
		{`{"typ":"JWT"}`, `{}`, `bearergatetest: the header has no "alg"; `},
		{`{"alg":1}`, `{}`, `bearergatetest: the header has no "alg"; `},
		{`{"alg":"RS256"}`, `{"exp":1516239022}`, `bearergatetest: the payload has a date and no date in "iat"; `},
		{`{"alg":"RS256"}`, `{"iat":0,"exp":1516239022}`, `bearergatetest: the payload has a date and no date in "iat"; `},
		{`{"alg":"RS512"}`, `{}`, `bearergatetest: no key for the algorithm "RS512"; `},
		{`{"alg":"HS256"}`, `{}`, `bearergatetest: no key for the algorithm "HS256"; `},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, c.want) {
					t.Errorf("%s.%s: got the panic %s, want %s…", c.header, c.payload, got, c.want)
				}
			}()
			bearergatetest.NewIssuer().Play(c.header, c.payload)
		}()
	}
}

func ExampleIssuer_Play() {
	issuer := bearergatetest.NewIssuer()
	issuer.URL, issuer.Audience = "https://acme.okta.com/oauth2/default", "api://default"
	token := issuer.Play(
		`{"kid": "ZkvelLN_seik7w4pc_prCcfUf-h2hFfiwkDeCrs0iUc", "alg": "RS256"}`,
		`{"ver": 1, "iss": "https://acme.okta.com/oauth2/default", "aud": "api://default", "iat": 1449624026, "exp": 1449627626,
		  "cid": "0oabskvc6442nkvQO0h7", "scp": ["openid", "orders:read"], "sub": "ana@example.com"}`,
	)
	verified, err := issuer.Verifier().VerifyToken(context.Background(), token)
	fmt.Println(verified.Subject(), verified.Scopes(), err)
	// Output:
	// ana@example.com [openid orders:read] <nil>
}
