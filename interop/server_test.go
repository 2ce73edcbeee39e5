package interop

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// The secrets of the confidential client.
const (
	secret        = "s3cret: +%&ü"
	asciiSecret   = "s3cret: +%&" // for clients that cannot send every character
	escapedSecret = "a+b%2Bc:d"   // changes if it is decoded once too often
)

const callback = "http://127.0.0.1/callback"

// signingKey is the key of the client that authenticates itself by JWTs.
var signingKey, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)

type clients struct{ assertions bearergate.Verifier }

func (c *clients) Client(_ context.Context, id string) (tokenendpoint.Client, error) {
	client := tokenendpoint.Client{ID: id, RedirectURIs: []string{callback}, AnyLoopbackPort: true}
	switch id {
	case "confidential":
		client.Secrets = []tokenendpoint.Sum{tokenendpoint.SecretSum(secret), tokenendpoint.SecretSum(asciiSecret), tokenendpoint.SecretSum(escapedSecret)}
	case "signing":
		client.Assertions = c.assertions
	case "public":
	default:
		return client, bearergate.ErrInvalidClient
	}
	return client, nil
}

// newServer is an authorization server whose users consent to everything, and
// whose access tokens tell how many there were before.
func newServer(t *testing.T) *httptest.Server {
	var issued atomic.Int64
	registered := new(clients)
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: registered, Store: new(tokenendpoint.MemoryStore), Grace: -1,
		Issue: func(context.Context, tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			return tokenendpoint.Issued{Token: fmt.Sprint("access-", issued.Add(1)), ExpiresIn: time.Hour}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/token", endpoint)
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		code, err := endpoint.NewCode(r.Context(), tokenendpoint.CodeRequest{
			Authorization: tokenendpoint.Authorization{ClientID: q.Get("client_id"), GrantID: "grant", Subject: "user", Scopes: strings.Fields(q.Get("scope"))},
			RedirectURI:   q.Get("redirect_uri"), CodeChallenge: q.Get("code_challenge"), CodeChallengeMethod: q.Get("code_challenge_method"),
		})
		if err != nil {
			bearergate.Refuse(w, r, err)
			return
		}
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	})
	server := httptest.NewUnstartedServer(mux)
	address := "http://" + server.Listener.Addr().String()
	keys, err := jwtverifier.StaticKeys(&signingKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	registered.assertions, err = jwtverifier.New(jwtverifier.Config{Issuer: "signing", Audience: address, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	server.Start()
	t.Cleanup(server.Close)
	return server
}
