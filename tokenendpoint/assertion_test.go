package tokenendpoint_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/bearergate/bearergate/tokenendpoint"
)

const (
	jwtBearer     = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	serverAddress = "https://id.example"
)

// signing is a client that authenticates itself by JWTs.
type signing struct {
	*bearergatetest.Issuer // the client's keys
	tokenendpoint.Client
}

func newSigning(t *testing.T) *signing {
	s := &signing{Issuer: bearergatetest.NewIssuer(), Client: client("signing")}
	s.URL, s.Audience = "signing", serverAddress
	keys, err := jwtverifier.StaticKeys(s.PublicKey("ES256"))
	if err != nil {
		t.Fatal(err)
	}
	s.Assertions, err = jwtverifier.New(jwtverifier.Config{Issuer: "signing", Audience: serverAddress, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// assertion returns a good client_assertion, with changes.
func (s *signing) assertion(change ...bearergatetest.TokenOption) string {
	options := []bearergatetest.TokenOption{
		bearergatetest.SignedWith("ES256"), bearergatetest.WithClaim("sub", "signing"), bearergatetest.ExpiresIn(time.Minute),
	}
	return s.Token(append(options, change...)...)
}

func (s *signing) configure(c *tokenendpoint.Config) {
	others := c.Clients
	c.Clients = tokenendpoint.ClientStoreFunc(func(ctx context.Context, id string) (tokenendpoint.Client, error) {
		if id == s.ID {
			return s.Client, nil
		}
		return others.Client(ctx, id)
	})
}

func asserting(form url.Values, assertion string) url.Values {
	return with(form, "client_assertion_type", jwtBearer, "client_assertion", assertion)
}

func ofSigning(r *tokenendpoint.CodeRequest) { r.ClientID = "signing" }

// Rules: S7.16.
func TestClientAuthenticatesByAssertion(t *testing.T) {
	s := newSigning(t)
	tr := newTrial(t, s.configure)
	for name, form := range map[string]func(url.Values) url.Values{
		"named by client_id":     func(f url.Values) url.Values { return asserting(with(f, "client_id", "signing"), s.assertion()) },
		"named by the assertion": func(f url.Values) url.Values { return asserting(f, s.assertion()) },
		"typed": func(f url.Values) url.Values {
			return asserting(f, s.assertion(bearergatetest.WithHeader("typ", "JWT")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := tr.succeeds(post(form(exchange(tr.code(ofSigning))).Encode()))
			tr.succeeds(post(form(refreshing(first.RefreshToken)).Encode()))
		})
	}
	s.Secrets = []tokenendpoint.Sum{tokenendpoint.SecretSum("secret")}
	tr.succeeds(as(post(exchange(tr.code(ofSigning)).Encode()), "signing", "secret"))
}

// Rules: S7.16, S7.19.
func TestWrongAssertionIsInvalidClient(t *testing.T) {
	s := newSigning(t)
	stranger := signing{Issuer: bearergatetest.NewStranger()}
	stranger.URL, stranger.Audience = s.URL, s.Audience
	tr := newTrial(t, s.configure)
	code := tr.code(ofSigning)
	send := func(assertion string, more ...string) *http.Request {
		return post(asserting(exchange(code, more...), assertion).Encode())
	}
	payload := base64.RawURLEncoding.EncodeToString
	got := tr.refusesAlike(bearergate.ErrInvalidClient, map[string]*http.Request{
		"signed by another key":   send(stranger.assertion()),
		"for another server":      send(s.assertion(bearergatetest.WithClaim("aud", "https://api.example"))),
		"expired":                 send(s.assertion(bearergatetest.ExpiresIn(-time.Hour))),
		"valid too long":          send(s.assertion(bearergatetest.ExpiresIn(2 * time.Hour))),
		"of another issuer":       send(s.assertion(bearergatetest.WithClaim("iss", "other"))),
		"about another client":    send(s.assertion(bearergatetest.WithClaim("sub", "app")), "client_id", "signing"),
		"for another client_id":   send(s.assertion(), "client_id", "app"),
		"for a public client":     send(s.assertion(), "client_id", "public"),
		"of an unknown client":    send(s.assertion(bearergatetest.WithClaim("sub", "nobody"))),
		"unsigned":                send(payload([]byte(`{"alg":"none"}`)) + "." + payload([]byte(`{"iss":"signing","sub":"signing"}`)) + "."),
		"no JWT":                  send("x"),
		"no JWT, with client_id":  send("x", "client_id", "signing"),
		"no object":               send("e30." + payload([]byte(`[]`)) + ".x"),
		"no subject":              send("e30." + payload([]byte(`{}`)) + ".x"),
		"an empty subject":        send("e30." + payload([]byte(`{"sub":""}`)) + ".x"),
		"a subject that is none":  send("e30." + payload([]byte(`{"sub":1}`)) + ".x"),
		"two subjects":            send("e30." + payload([]byte(`{"sub":"app","sub":"signing"}`)) + ".x"),
		"no assertion, no secret": post(exchange(code, "client_id", "signing").Encode()),
	})
	tr.hasChallenge(got, "")
	tr.succeeds(send(s.assertion()))
}

// Rules: S7.16.
func TestAssertionWithoutOneSubjectAsksForNoClient(t *testing.T) {
	tr := newTrial(t, func(c *tokenendpoint.Config) {
		c.Clients = tokenendpoint.ClientStoreFunc(func(_ context.Context, id string) (tokenendpoint.Client, error) {
			t.Errorf("got the client %q looked up, want none", id)
			return tokenendpoint.Client{ID: id}, nil
		})
	})
	for name, payload := range map[string]string{
		"no payload":                "",
		"no base64":                 base64url([]byte(`{"sub":"signing" }`)) + "!",
		"no object":                 base64url([]byte(`[]`)),
		"no end":                    base64url([]byte(`{"sub":"signing"`)),
		"no subject":                base64url([]byte(`{}`)),
		"an empty subject":          base64url([]byte(`{"sub":""}`)),
		"a subject that is none":    base64url([]byte(`{"sub":1}`)),
		"a subject that is no text": base64url([]byte(`{"sub":"signing\u0000"}`)),
		"two subjects":              base64url([]byte(`{"sub":"signing","sub":"app"}`)),
	} {
		t.Run(name, func(t *testing.T) {
			tr.refuses(post(asserting(exchange("c"), "e30."+payload+".x").Encode()), bearergate.ErrInvalidClient)
		})
	}
}

// Rules: S7.17.
func TestAssertionBesideOtherCredentialsIsInvalidRequest(t *testing.T) {
	s := newSigning(t)
	tr := newTrial(t, s.configure)
	code := tr.code(ofSigning)
	form := func(more ...string) url.Values { return with(asserting(exchange(code), s.assertion()), more...) }
	for name, r := range map[string]*http.Request{
		"and a secret":             post(form("client_id", "signing", "client_secret", "x").Encode()),
		"and Basic":                as(post(form().Encode()), "signing", "x"),
		"of another type":          post(form("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer").Encode()),
		"without its type":         post(form("client_assertion_type", "").Encode()),
		"without its type, named":  post(form("client_assertion_type", "", "client_id", "public").Encode()),
		"without it, and Basic":    as(post(form("client_assertion_type", "").Encode()), "app", "the next secret"),
		"a type without it":        post(form("client_assertion", "").Encode()),
		"a type without it, alone": post(form("client_assertion", "", "client_id", "public").Encode()),
	} {
		t.Run(name, func(t *testing.T) { tr.refuses(r, bearergate.ErrInvalidRequest) })
	}
}

// Rules: S7.64.
func TestVerifierOfAssertionsThatFailsBlamesNoClient(t *testing.T) {
	s := newSigning(t)
	tr := newTrial(t, s.configure)
	for name, verdict := range map[string]struct {
		token *bearergate.Token
		err   error
		want  bearergate.Code
	}{
		"an error":      {nil, errDown, bearergate.ErrTemporarilyUnavailable},
		"no token":      {nil, nil, bearergate.ErrTemporarilyUnavailable},
		"both are none": {bearergate.NewToken(bearergate.Claims{}), errDown, bearergate.ErrTemporarilyUnavailable},
		"a 503":         {nil, bearergate.ErrTemporarilyUnavailable, bearergate.ErrTemporarilyUnavailable},
		"a 500":         {nil, bearergate.ErrServerError, bearergate.ErrServerError},
	} {
		s.Assertions = bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) { return verdict.token, verdict.err })
		t.Run(name, func(t *testing.T) {
			tr.refuses(post(asserting(exchange(tr.code(ofSigning)), s.assertion()).Encode()), verdict.want)
		})
	}
}

// Rules: S7.31.
func TestSigningClientIsNotPublic(t *testing.T) {
	s := newSigning(t)
	tr := newTrial(t, s.configure)
	code := tr.code(ofSigning, withoutPKCE)
	tr.succeeds(post(asserting(exchange(code, "code_verifier", ""), s.assertion()).Encode()))
}
