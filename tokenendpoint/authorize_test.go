package tokenendpoint_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// Rules: S7.27, S7.31, S7.37.
func TestNewCodeRefusesWhatNoExchangeCouldUse(t *testing.T) {
	tr := newTrial(t)
	for name, c := range map[string]struct {
		change func(*tokenendpoint.CodeRequest)
		want   error
	}{
		"unknown client":            {func(r *tokenendpoint.CodeRequest) { r.ClientID = "nobody" }, bearergate.ErrInvalidClient},
		"client store down":         {func(r *tokenendpoint.CodeRequest) { r.ClientID = "down" }, errDown},
		"unregistered":              {func(r *tokenendpoint.CodeRequest) { r.RedirectURI += "x" }, bearergate.ErrInvalidRequest},
		"a part of registered":      {func(r *tokenendpoint.CodeRequest) { r.RedirectURI = strings.TrimSuffix(redirectURI, "?x=1") }, bearergate.ErrInvalidRequest},
		"another case":              {func(r *tokenendpoint.CodeRequest) { r.RedirectURI = strings.ToUpper(redirectURI) }, bearergate.ErrInvalidRequest},
		"plain":                     {func(r *tokenendpoint.CodeRequest) { r.CodeChallengeMethod = "plain" }, bearergate.ErrInvalidRequest},
		"no method, so plain":       {func(r *tokenendpoint.CodeRequest) { r.CodeChallengeMethod = "" }, bearergate.ErrInvalidRequest},
		"s256":                      {func(r *tokenendpoint.CodeRequest) { r.CodeChallengeMethod = "s256" }, bearergate.ErrInvalidRequest},
		"a method alone":            {func(r *tokenendpoint.CodeRequest) { r.CodeChallenge = "" }, bearergate.ErrInvalidRequest},
		"no S256 challenge":         {func(r *tokenendpoint.CodeRequest) { r.CodeChallenge = verifier[:40] }, bearergate.ErrInvalidRequest},
		"a padded challenge":        {func(r *tokenendpoint.CodeRequest) { r.CodeChallenge += "=" }, bearergate.ErrInvalidRequest},
		"a challenge spelled twice": {func(r *tokenendpoint.CodeRequest) { r.CodeChallenge = challenge[:42] + "N" }, bearergate.ErrInvalidRequest},
		"public without":            {func(r *tokenendpoint.CodeRequest) { ofPublic(r); withoutPKCE(r) }, bearergate.ErrInvalidRequest},
		"a scope of two":            {func(r *tokenendpoint.CodeRequest) { r.Scopes = []string{"read", "x admin"} }, bearergate.ErrInvalidRequest},
		"an empty scope":            {func(r *tokenendpoint.CodeRequest) { r.Scopes = []string{""} }, bearergate.ErrInvalidRequest},
		"a scope that controls":     {func(r *tokenendpoint.CodeRequest) { r.Scopes = []string{"a\n"} }, bearergate.ErrInvalidRequest},
		"another client":            {func(r *tokenendpoint.CodeRequest) { r.ClientID = "wrong" }, nil},
	} {
		request := tokenendpoint.CodeRequest{
			Authorization: tokenendpoint.Authorization{ClientID: "app", GrantID: "grant"},
			RedirectURI:   redirectURI, CodeChallenge: challenge, CodeChallengeMethod: "S256",
		}
		c.change(&request)
		code, err := tr.NewCode(context.Background(), request)
		if codes, _ := tr.memory.Len(); codes > 0 {
			t.Errorf("%s: got a code stored, want none", name)
		}
		if code != "" || err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %q, %v, want %v", name, code, err, c.want)
		}
	}
	tr.fails = "SaveCode"
	if code, err := tr.NewCode(context.Background(), tokenendpoint.CodeRequest{Authorization: tokenendpoint.Authorization{ClientID: "app"}}); code != "" || !errors.Is(err, errDown) {
		t.Errorf("got %q, %v, want %v", code, err, errDown)
	}
}

// Rules: S7.37.
func TestRedirectURIWithoutOneNeedsOneRegistered(t *testing.T) {
	two := client("two", "x")
	two.RedirectURIs = append(two.RedirectURIs, "https://app.example/other")
	tr := newTrial(t, func(c *tokenendpoint.Config) { c.Clients = clients{"two": two} })
	if code, err := tr.NewCode(context.Background(), tokenendpoint.CodeRequest{Authorization: tokenendpoint.Authorization{ClientID: "two"}}); err == nil {
		t.Errorf("got the code %s, want an error", code)
	}
}

// Rules: S7.37, S7.38.
func TestRedirectURIIsComparedByteForByte(t *testing.T) {
	c := tokenendpoint.Client{RedirectURIs: []string{"https://app.example/cb", "http://127.0.0.1:1234/cb?x=1", "http://[::1]/cb", "https://127.0.0.1/cb", "http://localhost:1/cb", "app:/cb",
		"http://127.0.0.1", "http://[::1]?x=1", "http://[::1]:65536"}}
	for _, loopback := range []bool{false, true} {
		c.AnyLoopbackPort = loopback
		for uri, want := range map[string]bool{
			"https://app.example/cb": true, "app:/cb": true, "http://localhost:1/cb": true, "http://127.0.0.1:1234/cb?x=1": true,
			"": false, "https://app.example/cb/": false, "https://app.example:443/cb": false, "https://app.example/cb?": false, "https://APP.example/cb": false,
			"https://app.example/cb#": false, "https://app.example/../cb": false, "https://app.example.evil/cb": false, "https://app.example@evil/cb": false,
			"http://127.0.0.1:9/cb?x=1": loopback, "http://127.0.0.1/cb?x=1": loopback, "http://[::1]:5/cb": loopback,
			"http://127.0.0.1:9/cb": false, "http://127.0.0.1:9/cb?x=2": false, "http://127.0.0.1:9/CB?x=1": false, "https://127.0.0.1:9/cb": false, "http://localhost:2/cb": false,
			"http://127.0.0.2:9/cb?x=1": false, "http://user@127.0.0.1:9/cb?x=1": false, "http://127.0.0.1:9@evil/cb?x=1": false, "http://[::ffff:127.0.0.1]:9/cb?x=1": false,
			"http://127.0.0.1:65535/cb?x=1": loopback, "http://127.0.0.1:65536/cb?x=1": false, "http://127.0.0.1:/cb?x=1": false, "http://127.0.0.1:9cb?x=1": false,
			"http://127.0.0.1:9": loopback, "http://[::1]:9?x=1": loopback, "http://127.0.0.1:65536": false, "http://[::1]:9": false, "http://[::1]:65536": true,
			"http://[0:0:0:0:0:0:0:1]:5/cb": false, "http://[::0001]:5/cb": false, "http://127.0.0.1:9/%63b?x=1": false, "http://127.0.0.1:9/./cb?x=1": false, "http://127.0.0.1:-9/cb?x=1": false, "http://127.0.0.1:9:9/cb?x=1": false,
			"http://127.0.0.1:9/cb?x=1#": false, "HTTP://127.0.0.1:9/cb?x=1": false, "http://[::1%25lo]:5/cb": false, "http://127.1:9/cb?x=1": false, "http://127.0.0.1:port/cb?x=1": false,
		} {
			if got := c.HasRedirectURI(uri); got != want {
				t.Errorf("%q, any loopback port %v: got %v, want %v", uri, loopback, got, want)
			}
		}
	}
}

func FuzzTokenRequest(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "", "", exchange("code").Encode())
	f.Add("application/x-www-form-urlencoded; charset=utf-8", "Basic YXBwOnMzY3JldA==", "tenant=1", refreshing("token", "scope", "read").Encode())
	f.Add("text/plain", "Bearer x", "code=c", "grant_type=refresh_token&refresh_token=%00&client_id=public")
	f.Add("application/x-www-form-urlencoded", "", "", "grant_type=authorization_code&code=c&client_id=public&code_verifier="+verifier)
	f.Add("application/x-www-form-urlencoded", "", "", asserting(exchange("code"), "e30.eyJzdWIiOiJzaWduaW5nIn0.x").Encode())
	f.Fuzz(func(t *testing.T, contentType, authorization, query, body string) {
		tr := newTrial(t)
		r := post(body)
		r.Header.Set("Content-Type", contentType)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		r.URL.RawQuery = query
		switch got := tr.ask(r); got.Status {
		case 400, 401, 503: // the client store fails for the client named down
			if !strings.HasPrefix(got.Body, `{"error":"`) || tr.issued.Load() > 0 {
				t.Errorf("got %d %s, want an error of the table and no token", got.Status, got.Body)
			}
		default:
			t.Errorf("got %d %s without a code, want 400, 401 or 503", got.Status, got.Body)
		}
	})
}
