package tokenendpoint_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/google/go-cmp/cmp"
)

const installationPath = "/installations/" + bearergatetest.DefaultGrantID

// service is a small one: it mints, revokes, and has a resource.
type service struct {
	http.Handler
	endpoint *trial
	issuer   *bearergatetest.Issuer
	grants   bearergate.MemoryGrants
	tokens   tokenendpoint.MemoryTokens
}

func newService(t *testing.T, grant bearergate.Grant) *service {
	s := &service{endpoint: newTrial(t), issuer: bearergatetest.NewIssuer()}
	grant.ID, grant.OrganizationID = bearergatetest.DefaultGrantID, bearergatetest.DefaultOrganizationID
	s.grants.Put(grant)
	verifier := bearergate.ByPrefix("bi_oat_", bearergate.NewOpaqueVerifier("bi_oat_", s.tokens.Lookup), s.issuer.Verifier())
	installation := bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.AccessToken),
		bearergate.RequireGrant(&s.grants, bearergate.WithGrantInPath("grantId")),
	)
	mux := http.NewServeMux()
	mux.Handle("POST /installations/{grantId}/tokens", installation(tokenendpoint.MintInstallationTokens(tokenendpoint.IssueOpaque("bi_oat_", s.tokens.Save), 0)))
	mux.Handle("DELETE /installations/{grantId}", installation(tokenendpoint.RevokeGrant(s.endpoint, s.revoke)))
	mux.Handle("GET /resource", bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.InstallationToken), bearergate.RequireGrant(&s.grants),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := bearergate.TokenFrom(r.Context())
		json.NewEncoder(w).Encode([]any{token.Scopes(), token.ProjectIDs(), token.ExpiresAt().Sub(token.IssuedAt()).String(), token.GrantID(), token.OrganizationID(), token.InstallationID(), token.Subject(), token.ClientID()})
	})))
	s.Handler = mux
	return s
}

func (s *service) revoke(_ context.Context, id string) error { return s.grants.Revoke(id, time.Now()) }

func (s *service) ask(method, path, token, body string) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Result().Header, rec.Body.String()}
}

func (s *service) mint(token, body string) (minted string, got answer) {
	got = s.ask("POST", installationPath+"/tokens", token, body)
	var fields struct{ Token string }
	json.Unmarshal([]byte(got.Body), &fields)
	return fields.Token, got
}

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
		{"no project of both", bearergate.Grant{ProjectIDs: []string{"p3"}}, ofProjects, "", `403 {"error":"wrong_organization"}`},
		{"one project", bearergate.Grant{}, access, `{"projectIds":["p9"]}`, `[["a","b","c"],["p9"],`},
		{"one of them", bearergate.Grant{}, ofProjects, `{"projectIds":["p1"]}`, `[["a","b","c"],["p1"],`},
		{"another project", bearergate.Grant{}, ofProjects, `{"projectIds":["p1","p3"]}`, `400 {"error":"invalid_request"}`},
		{"none, which would be all", bearergate.Grant{}, ofProjects, `{"projectIds":[]}`, `400 {"error":"invalid_request"}`},
		{"an unknown member", bearergate.Grant{}, access, `{"scope":"a"}`, `[["a","b","c"],[],`},
		{"scopes twice", bearergate.Grant{}, access, `{"scopes":["a"],"scopes":["a","b"]}`, `400 {"error":"invalid_request"}`},
		{"scopes in a string", bearergate.Grant{}, access, `{"scopes":"a b"}`, `400 {"error":"invalid_request"}`},
		{"a scope with a space", bearergate.Grant{}, access, `{"scopes":["a b"]}`, `400 {"error":"invalid_request"}`},
		{"null", bearergate.Grant{}, access, `{"scopes":null}`, `400 {"error":"invalid_request"}`},
		{"no object", bearergate.Grant{}, access, `["a"]`, `400 {"error":"invalid_request"}`},
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
			got = s.ask("GET", "/resource", token, "")
			want := c.want + `"1h0m0s","grant-1","acme","grant-1","user-1","app-1"]`
			if body := strings.TrimSpace(strings.ReplaceAll(got.Body, "null", "[]")); body != want {
				t.Errorf("got %s, want %s", body, want)
			}
		})
	}
}

func TestMintedTokenIsToldOnce(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	token, got := s.mint(s.issuer.AccessToken(bearergatetest.WithScopes("a", "b")), "")
	want := answer{201, http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}},
		`{"token":"` + token + `","token_type":"Bearer","expires_in":3600,"scope":"a b"}` + "\n"}
	if diff := cmp.Diff(want, got); diff != "" || !strings.HasPrefix(token, "bi_oat_") {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOnlyAnAccessTokenOfTheGrantMints(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	installation, _ := s.mint(s.issuer.AccessToken(), "")
	for token, want := range map[string]int{
		installation:                 401,
		s.issuer.InstallationToken(): 401,
		s.issuer.AccessToken(bearergatetest.WithGrant("other")): 404,
		"": 400,
	} {
		if _, got := s.mint(token, ""); got.Status != want {
			t.Errorf("got %d %s, want %d", got.Status, got.Body, want)
		}
	}
	if got := s.ask("GET", "/resource", s.issuer.AccessToken(), ""); got.Status != 401 {
		t.Errorf("an access token reads a resource: %d", got.Status)
	}
}

func TestUnguardedMintingIsServerError(t *testing.T) {
	mint := tokenendpoint.MintInstallationTokens(tokenendpoint.IssueOpaque("x", new(tokenendpoint.MemoryTokens).Save), 0)
	revoke := tokenendpoint.RevokeGrant(new(tokenendpoint.MemoryStore), func(context.Context, string) error { return nil })
	claims := bearergatetest.Claims()
	for _, h := range []http.Handler{mint, revoke, bearergate.RequireGrant(grantOf(claims))(mint)} {
		for _, r := range []*http.Request{httptest.NewRequest("POST", "/", nil), httptest.NewRequest("POST", "/", nil).WithContext(bearergatetest.ContextWithToken(t.Context(), claims))} {
			rec := httptest.NewRecorder()
			if h.ServeHTTP(rec, r); rec.Code != 500 {
				t.Errorf("got %d %s", rec.Code, rec.Body)
			}
		}
	}
}

func grantOf(c bearergate.Claims) bearergate.GrantStore {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: c.GrantID, OrganizationID: c.OrganizationID})
	return grants
}

func TestIssuerOfInstallationTokensThatFailsIs503(t *testing.T) {
	claims := bearergatetest.Claims()
	claims.Type = bearergate.AccessToken
	for _, issue := range []tokenendpoint.TokenIssuer{
		func(context.Context, bearergate.Claims) (string, error) { return "", nil },
		tokenendpoint.IssueOpaque("x", func(context.Context, tokenendpoint.Sum, bearergate.Claims) error { return errDown }),
	} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/", nil).WithContext(bearergatetest.ContextWithToken(t.Context(), claims))
		bearergate.RequireGrant(grantOf(claims))(tokenendpoint.MintInstallationTokens(issue, time.Minute)).ServeHTTP(rec, r)
		if rec.Code != 503 {
			t.Errorf("got %d %s", rec.Code, rec.Body)
		}
	}
}

func TestRevocationTakesAllWithIt(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	s.endpoint.grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID})
	ofGrant := func(r *tokenendpoint.CodeRequest) { r.GrantID = bearergatetest.DefaultGrantID }
	connected, waiting := s.endpoint.succeeds(asApp(exchange(s.endpoint.code(ofGrant)))), s.endpoint.code(ofGrant)
	access := s.issuer.AccessToken()
	token, _ := s.mint(access, "")
	if got := s.ask("GET", "/resource", token, ""); got.Status != 200 {
		t.Fatalf("got %d %s", got.Status, got.Body)
	}
	s.endpoint.fails = "RevokeGrant"
	if got := s.ask("DELETE", installationPath, access, ""); got.Status != 503 {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
	s.endpoint.fails = ""
	if got := s.ask("GET", "/resource", token, ""); got.Status != 200 {
		t.Errorf("after a revocation that failed: got %d %s", got.Status, got.Body)
	}
	if got := s.ask("DELETE", installationPath, access, ""); got.Status != 204 || got.Body != "" {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
	for _, got := range []answer{s.ask("GET", "/resource", token, ""), s.ask("DELETE", installationPath, access, ""), s.ask("POST", installationPath+"/tokens", access, "")} {
		if got.Status != 410 {
			t.Errorf("got %d %s, want 410", got.Status, got.Body)
		}
	}
	s.endpoint.refuses(asApp(refreshing(connected.RefreshToken)), bearergate.ErrInvalidGrant)
	s.endpoint.refuses(asApp(exchange(waiting)), bearergate.ErrInvalidGrant)
}

func TestOpaqueTokensExpireAndAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := new(tokenendpoint.MemoryTokens)
		issue := tokenendpoint.IssueOpaque("bi_oat_", tokens.Save)
		verifier := bearergate.NewOpaqueVerifier("bi_oat_", tokens.Lookup)
		claims := bearergatetest.Claims("a")
		token, err := issue(t.Context(), claims)
		if err != nil {
			t.Fatal(err)
		}
		claims.Scopes[0] = "changed"
		got, err := verifier.VerifyToken(t.Context(), token)
		if err != nil || !got.HasScope("a") {
			t.Errorf("got %v, %v", got, err)
		}
		time.Sleep(time.Hour + bearergate.DefaultLeeway)
		if _, err := verifier.VerifyToken(t.Context(), token); !errors.Is(err, bearergate.ErrInvalidToken) {
			t.Errorf("got %v", err)
		}
		for range 5000 {
			issue(t.Context(), bearergatetest.Claims())
		}
		time.Sleep(2 * time.Hour)
		for range 5000 {
			issue(t.Context(), bearergatetest.Claims())
		}
		if kept := tokens.Len(); kept > 7000 {
			t.Errorf("%d tokens are kept, of which 5,000 live", kept)
		}
	})
}

func TestMiswiringPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"no issuer": func() { tokenendpoint.MintInstallationTokens(nil, 0) },
		"short lifetime": func() {
			tokenendpoint.MintInstallationTokens(tokenendpoint.IssueOpaque("x", new(tokenendpoint.MemoryTokens).Save), 1)
		},
		"nothing to save":   func() { tokenendpoint.IssueOpaque("x", nil) },
		"no store":          func() { tokenendpoint.RevokeGrant(nil, func(context.Context, string) error { return nil }) },
		"nothing to revoke": func() { tokenendpoint.RevokeGrant(new(tokenendpoint.MemoryStore), nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: did not panic", name)
				}
			}()
			f()
		}()
	}
}
