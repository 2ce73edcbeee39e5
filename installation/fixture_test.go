package installation_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
)

const installationPath = "/installations/" + bearergatetest.DefaultGrantID

var errDown = errors.New("dial tcp 10.0.0.7:5432: connection refused")

// service mints, revokes, and has a resource.
type service struct {
	http.Handler
	issuer *bearergatetest.Issuer
	grants bearergate.MemoryGrants
	tokens installation.MemoryTokens
	// fails is the part of the revocation that fails.
	fails string
	// revoked are the parts that were revoked, in order.
	revoked []string
}

func newService(t *testing.T, grant bearergate.Grant) *service {
	s := &service{issuer: bearergatetest.NewIssuer()}
	grant.ID, grant.OrganizationID = bearergatetest.DefaultGrantID, bearergatetest.DefaultOrganizationID
	s.grants.Put(grant)
	s.grants.Put(bearergate.Grant{ID: "other", OrganizationID: "globex"})
	installations, err := installation.New(s.config())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint())
	mux.Handle("DELETE /installations/{grantId}", installations.Revoke())
	mux.Handle("GET /resource", bearergate.Chain(
		bearergate.RequireToken(installations.Verifier(), bearergate.InstallationToken), bearergate.RequireGrant(&s.grants),
	)(http.HandlerFunc(writeToken)))
	s.Handler = mux
	return s
}

func (s *service) config() installation.Config {
	return installation.Config{
		AccessTokens: s.issuer.Verifier(), Grants: &s.grants, Tokens: &s.tokens,
		RevokeTokens: s.revokes("tokens"), RevokeGrant: s.revokes("grant"),
	}
}

func writeToken(w http.ResponseWriter, r *http.Request) {
	t, _ := bearergate.TokenFrom(r.Context())
	lifetime := t.ExpiresAt().Sub(t.IssuedAt()).String()
	json.NewEncoder(w).Encode([]any{t.Scopes(), t.ProjectIDs(), lifetime, t.GrantID(), t.OrganizationID(), t.InstallationID(), t.Subject(), t.ClientID()})
}

// revokes is the part of a revocation that has this name.
func (s *service) revokes(name string) installation.RevokeFunc {
	return func(_ context.Context, id string) error {
		if s.fails == name {
			return errDown
		}
		s.revoked = append(s.revoked, name+" of "+id)
		if name == "grant" {
			return s.grants.Revoke(id, time.Now())
		}
		return nil
	}
}

type answer struct {
	Status int
	Header http.Header
	Body   string
}

func serve(h http.Handler, r *http.Request) answer {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Result().Header, rec.Body.String()}
}

func (s *service) request(method, path, token, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (s *service) ask(r *http.Request) answer { return serve(s, r) }

func (s *service) get(token string) answer { return s.ask(s.request("GET", "/resource", token, "")) }

func (s *service) delete(token string) answer {
	return s.ask(s.request("DELETE", installationPath, token, ""))
}

func (s *service) mint(token, body string) (minted string, got answer) {
	got = s.ask(s.request("POST", installationPath+"/tokens", token, body))
	var fields struct{ Token string }
	json.Unmarshal([]byte(got.Body), &fields)
	return fields.Token, got
}

// mintHandler returns a handler for the grant of behindGuards.
func mintHandler(issue installation.TokenIssuer, lifetime time.Duration) (http.Handler, error) {
	return installation.MintHandler(installation.MintConfig{Issue: issue, Grants: grantOf(bearergatetest.InstallationClaims()), Lifetime: lifetime})
}

// behindGuards asks a handler as the guards in front of it would.
func behindGuards(t *testing.T, h http.Handler) answer {
	claims := bearergatetest.InstallationClaims("a")
	claims.Type = bearergate.AccessToken
	r := httptest.NewRequest("POST", "/", nil).WithContext(bearergatetest.ContextWithToken(t.Context(), claims))
	return serve(bearergate.RequireGrant(grantOf(claims))(h), r)
}

func grantOf(c bearergate.Claims) bearergate.GrantStore {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: c.GrantID, OrganizationID: c.OrganizationID})
	return grants
}
