package installation_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
	"github.com/google/go-cmp/cmp"
)

// Rules: S7.54, S7.57, S7.58.
func TestInstallationTokenIsNoWiderThanTokenAndGrant(t *testing.T) {
	access := []bearergatetest.TokenOption{bearergatetest.WithScopes("a", "b", "c")}
	ofProjects := append(access, bearergatetest.WithClaim("projectIds", []string{"p1", "p2"}))
	for _, c := range []struct {
		name   string
		grant  bearergate.Grant
		access []bearergatetest.TokenOption
		body   string
		want   string // scopes and projects, or an answer
	}{
		{"all of the access token", bearergate.Grant{}, access, "", `[["a","b","c"],[],`},
		{"all of both", bearergate.Grant{Scopes: []string{"c", "a", "x"}}, access, "", `[["a","c"],[],`},
		{"a grant without scopes", bearergate.Grant{Scopes: []string{}}, access, "", `[[],[],`},
		{"less", bearergate.Grant{}, access, `{"scopes":["b"]}`, `[["b"],[],`},
		{"none", bearergate.Grant{}, access, `{"scopes":[]}`, `[[],[],`},
		{"an empty object", bearergate.Grant{}, access, `{}`, `[["a","b","c"],[],`},
		{"more than the token", bearergate.Grant{}, access, `{"scopes":["a","x","y"]}`, `403 {"error":"missing_scope","required":"x y"}`},
		{"more than the grant", bearergate.Grant{Scopes: []string{"a"}}, access, `{"scopes":["a","b"]}`, `403 {"error":"missing_scope","required":"b"}`},
		{"the token's projects", bearergate.Grant{}, ofProjects, "", `[["a","b","c"],["p1","p2"],`},
		{"the grant's projects", bearergate.Grant{ProjectIDs: []string{"p2"}}, access, "", `[["a","b","c"],["p2"],`},
		{"projects of both", bearergate.Grant{ProjectIDs: []string{"p2", "p3"}}, ofProjects, "", `[["a","b","c"],["p2"],`},
		{"no project of both", bearergate.Grant{ProjectIDs: []string{"p3"}}, ofProjects, "", `403 {"error":"forbidden"}`},
		{"one project", bearergate.Grant{}, access, `{"projectIds":["p9"]}`, `[["a","b","c"],["p9"],`},
		{"one of them", bearergate.Grant{}, ofProjects, `{"projectIds":["p1"]}`, `[["a","b","c"],["p1"],`},
		{"another project", bearergate.Grant{}, ofProjects, `{"projectIds":["p1","p3"]}`, `400 {"error":"invalid_request"}`},
		{"none, which would be all", bearergate.Grant{}, ofProjects, `{"projectIds":[]}`, `400 {"error":"invalid_request"}`},
		{"an unknown member", bearergate.Grant{}, access, `{"scope":"a"}`, `400 {"error":"invalid_request"}`},
		{"another spelling", bearergate.Grant{}, access, `{"scopes":["a"],"project_ids":["p1"]}`, `400 {"error":"invalid_request"}`},
		{"another case", bearergate.Grant{}, access, `{"Scopes":["a"]}`, `400 {"error":"invalid_request"}`},
		{"scopes twice", bearergate.Grant{}, access, `{"scopes":["a"],"scopes":["a","b"]}`, `400 {"error":"invalid_request"}`},
		{"scopes in a string", bearergate.Grant{}, access, `{"scopes":"a b"}`, `400 {"error":"invalid_request"}`},
		{"a scope with a space", bearergate.Grant{}, access, `{"scopes":["a b"]}`, `400 {"error":"invalid_request"}`},
		{"null", bearergate.Grant{}, access, `{"scopes":null}`, `400 {"error":"invalid_request"}`},
		{"no object", bearergate.Grant{}, access, `["a"]`, `400 {"error":"invalid_request"}`},
		{"an empty project", bearergate.Grant{}, access, `{"projectIds":[""]}`, `400 {"error":"invalid_request"}`},
		{"64 KiB", bearergate.Grant{}, access, `{"scopes":["b"]}` + strings.Repeat(" ", 64<<10-len(`{"scopes":["b"]}`)), `[["b"],[],`},
		{"a byte more", bearergate.Grant{}, access, `{"scopes":["b"]}` + strings.Repeat(" ", 64<<10+1-len(`{"scopes":["b"]}`)), `400 {"error":"invalid_request"}`},
		{"too long", bearergate.Grant{}, access, `{"scopes":[]}` + strings.Repeat(" ", 64<<10), `400 {"error":"invalid_request"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t, c.grant)
			token, got := s.mint(s.issuer.AccessToken(c.access...), c.body)
			if got.Status != 201 {
				if text := fmt.Sprint(got.Status, " ", strings.TrimSpace(got.Body)); text != c.want {
					t.Errorf("got %s, want %s", text, c.want)
				}
				return
			}
			got = s.get(token)
			want := c.want + `"1h0m0s","grant-1","acme","grant-1","user-1","app-1"]`
			if body := strings.TrimSpace(strings.ReplaceAll(got.Body, "null", "[]")); body != want {
				t.Errorf("got %s, want %s", body, want)
			}
		})
	}
}

// Rules: S7.55, S7.56.
func TestMintedTokenIsInTheAnswer(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	token, got := s.mint(s.issuer.AccessToken(bearergatetest.WithScopes("a", "b")), "")
	want := answer{201, http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}},
		`{"token":"` + token + `","token_type":"Bearer","expires_in":3600,"scope":"a b","projectIds":[]}` + "\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(token, "bi_oat_") {
		t.Errorf("got the token %q, want the prefix bi_oat_", token)
	}
}

// Rules: S3.2.
func TestAccessTokenReadsNoResource(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	if got := s.get(s.issuer.AccessToken()); got.Status != 401 {
		t.Errorf("got %d %s, want 401", got.Status, got.Body)
	}
}

func TestBodyOfMintRequestIsJSON(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json; charset"} {
		r := s.request("POST", installationPath+"/tokens", s.issuer.AccessToken(), "{}")
		r.Header.Set("Content-Type", contentType)
		if got := s.ask(r); got.Status != 400 {
			t.Errorf("%q: got %d %s, want 400", contentType, got.Status, got.Body)
		}
	}
}

func TestMintedTokenLivesAsLongAsConfigured(t *testing.T) {
	for lifetime, want := range map[time.Duration]string{0: `"expires_in":3600,`, time.Second: `"expires_in":1,`, 90*time.Second + 1: `"expires_in":90,`} {
		var claims bearergate.Claims
		mint, err := mintHandler(func(_ context.Context, c bearergate.Claims) (string, error) { claims = c; return "token", nil }, lifetime)
		if err != nil {
			t.Fatal(err)
		}
		if got := behindGuards(t, mint); !strings.Contains(got.Body, want) {
			t.Errorf("%v: got %d %s, want %s in it", lifetime, got.Status, got.Body, want)
		}
		if lifetime == 0 {
			lifetime = installation.DefaultTokenLifetime
		}
		if got := claims.ExpiresAt.Sub(claims.IssuedAt); got != lifetime {
			t.Errorf("got a token of %v, want %v", got, lifetime)
		}
	}
}

// Rules: S7.64.
func TestTokenIssuerThatFailsIs503(t *testing.T) {
	for name, issue := range map[string]installation.TokenIssuer{
		"no token": func(context.Context, bearergate.Claims) (string, error) { return "", nil },
		"an error": installation.IssueOpaque("x", func(context.Context, [32]byte, bearergate.Claims) error { return errDown }),
	} {
		mint, err := mintHandler(issue, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if got := behindGuards(t, mint); got.Status != 503 {
			t.Errorf("%s: got %d %s, want 503", name, got.Status, got.Body)
		}
	}
}

func TestCodeOfTheTokenIssuerIsTheAnswer(t *testing.T) {
	mint, err := mintHandler(func(context.Context, bearergate.Claims) (string, error) { return "", bearergate.ErrForbidden }, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got := behindGuards(t, mint); got.Status != 403 {
		t.Errorf("got %d %s, want 403", got.Status, got.Body)
	}
}

func TestMintHandlerRefusesWhatNoTokenCouldBeMintedWith(t *testing.T) {
	issue := installation.IssueOpaque("x", new(installation.MemoryTokens).Save)
	short := func(lifetime string) string {
		return "installation: MintConfig.Lifetime is " + lifetime + "; use a second at least, or 0 for 1h0m0s"
	}
	const noIssuer = "installation: MintConfig.Issue is nil; use a TokenIssuer, such as IssueOpaque(prefix, tokens.Save)"
	for _, c := range []struct {
		issue    installation.TokenIssuer
		lifetime time.Duration
		want     string
	}{
		{nil, 0, noIssuer},
		{issue, time.Second - 1, short("999.999999ms")},
		{issue, -time.Hour, short("-1h0m0s")},
		{nil, 1, noIssuer + "\n" + short("1ns")},
	} {
		h, err := mintHandler(c.issue, c.lifetime)
		if got := fmt.Sprint(err); got != c.want || h != nil {
			t.Errorf("got %v, %s, want %s", h, got, c.want)
		}
	}
}

// Rules: S7.55, S7.56.
func TestRepetitionsAreNotMinted(t *testing.T) {
	for _, c := range []struct {
		name, body string
		grant      bearergate.Grant
		access     []string // scopes
		want       string
	}{
		{"of the request", `{"scopes":["b","a","b"],"projectIds":["p","q","p"]}`, bearergate.Grant{}, []string{"a", "b"}, `"scope":"b a","projectIds":["p","q"]}`},
		{"of the request beyond the token", `{"scopes":["x","x"]}`, bearergate.Grant{}, []string{"a"}, `"required":"x"}`},
		{"of the token", ``, bearergate.Grant{}, []string{"a", "b", "a"}, `"scope":"a b","projectIds":[]}`},
		{"of the grant", ``, bearergate.Grant{ProjectIDs: []string{"p", "q", "p"}, Scopes: []string{"a", "a"}}, []string{"a"}, `"scope":"a","projectIds":["p","q"]}`},
	} {
		s := newService(t, c.grant)
		if _, got := s.mint(s.issuer.AccessToken(bearergatetest.WithScopes(c.access...)), c.body); !strings.Contains(got.Body, c.want) {
			t.Errorf("%s: got %d %s, want %s in it", c.name, got.Status, got.Body, c.want)
		}
	}
}

// TestMintedTokenKeepsNothingOfTheRequest mints with bodies of 60 KiB.
func TestMintedTokenKeepsNothingOfTheRequest(t *testing.T) {
	const tokens, body = 200, 60 << 10
	s := newService(t, bearergate.Grant{})
	access := s.issuer.AccessToken(bearergatetest.WithScopes("a"))
	padding := strings.Repeat(" ", body)
	mint := func() {
		if _, got := s.mint(access, `{"scopes":["a"],"projectIds":["p"]`+padding+`}`); got.Status != 201 {
			t.Fatalf("got %d %s, want 201", got.Status, got.Body)
		}
	}
	mint()
	before := heap()
	for range tokens {
		mint()
	}
	if kept := heap() - before; kept > tokens*body/10 {
		t.Errorf("got %d bytes kept for %d tokens, want a tenth of their bodies at most", kept, tokens)
	}
	runtime.KeepAlive(s)
}

// heap returns how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestTokenOfABoundAccessTokenIsBoundToo has a RequestVerifier in front, which checked the
// proof of an access token that is bound to a key. The installation token is to be bound
// to the same key, or refused: else a thief of it needs no key.
func TestTokenOfABoundAccessTokenIsBoundToo(t *testing.T) {
	claims := bearergatetest.InstallationClaims("a")
	claims.Type, claims.Confirmation = bearergate.AccessToken, &bearergate.Confirmation{JWKThumbprint: "thumbprint"}
	var issued bearergate.Claims
	h, err := installation.MintHandler(installation.MintConfig{Grants: grantOf(claims), Issue: func(_ context.Context, c bearergate.Claims) (string, error) {
		issued = c
		return "token", nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", nil).WithContext(bearergatetest.ContextWithToken(t.Context(), claims))
	got := serve(bearergate.RequireGrant(grantOf(claims))(h), r)
	if got.Status == http.StatusCreated && (issued.Confirmation == nil || *issued.Confirmation != *claims.Confirmation) {
		t.Errorf("got %d with the confirmation %v, want a refusal or %v", got.Status, issued.Confirmation, *claims.Confirmation)
	}
}

func TestBodyOfMintRequestThatBreaksIsInvalidRequest(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	r := s.request("POST", installationPath+"/tokens", s.issuer.AccessToken(), "{}")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{}"), iotest.ErrReader(errDown)))
	if got := s.ask(r); got.Status != 400 || s.tokens.Len() > 0 {
		t.Errorf("got %d %s and %d tokens, want 400 and none", got.Status, got.Body, s.tokens.Len())
	}
}
