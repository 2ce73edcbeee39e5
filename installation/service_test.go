package installation_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/jwtverifier"
)

func newInstallations(t *testing.T, c installation.Config) *installation.Service {
	t.Helper()
	installations, err := installation.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return installations
}

// Rules: S3.2, S3.3, S4.25, S4.27.
func TestRoutesOfTheServiceAreGuarded(t *testing.T) {
	active := bearergate.Grant{}
	revoked := bearergate.Grant{RevokedAt: time.Now()}
	for _, c := range []struct {
		name  string
		grant bearergate.Grant
		token func(*service) string
		want  string
	}{
		{"an empty token", active, func(*service) string { return "" }, `400 {"error":"invalid_request"}`},
		{"an installation token", active, func(s *service) string { token, _ := s.mint(s.issuer.AccessToken(), ""); return token }, `401 {"error":"invalid_token"}`},
		{"an installation token that is a JWT", active, func(s *service) string { return s.issuer.InstallationToken() }, `401 {"error":"invalid_token"}`},
		{"a token of nobody's", active, func(*service) string { return "bi_oat_guessed" }, `401 {"error":"invalid_token"}`},
		{"a forged token", active, func(*service) string { return bearergatetest.NewStranger().AccessToken() }, `401 {"error":"invalid_token"}`},
		{"a token of another grant", active, func(s *service) string { return s.issuer.AccessToken(bearergatetest.WithGrant("other")) }, `404 {"error":"grant_not_found"}`},
		{"a token of no grant", active, func(s *service) string { return s.issuer.Token() }, `404 {"error":"grant_not_found"}`},
		{"a token of another grant than the revoked one", revoked, func(s *service) string { return s.issuer.AccessToken(bearergatetest.WithGrant("other")) }, `404 {"error":"grant_not_found"}`},
		{"a token of a revoked grant", revoked, func(s *service) string { return s.issuer.AccessToken() }, `410 {"error":"grant_revoked"}`},
	} {
		s := newService(t, c.grant)
		token := c.token(s)
		_, minted := s.mint(token, "")
		for route, got := range map[string]answer{"mint": minted, "revoke": s.delete(token)} {
			if text := fmt.Sprint(got.Status, " ", strings.TrimSpace(got.Body)); text != c.want {
				t.Errorf("%s with %s: got %s, want %s", route, c.name, text, c.want)
			}
		}
		if len(s.revoked) > 0 {
			t.Errorf("with %s: got %q revoked, want nothing", c.name, s.revoked)
		}
	}
}

// TestGuardsOfARouteStandBetweenTokenAndGrant has one that needs the token, and
// that a foreign grant does not spare.
func TestGuardsOfARouteStandBetweenTokenAndGrant(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	installations := newInstallations(t, s.config())
	var order []string
	guard := func(name string) bearergate.Middleware {
		return bearergate.Require(func(r *http.Request) error {
			_, hasToken := bearergate.TokenFrom(r.Context())
			_, hasGrant := bearergate.GrantFrom(r.Context())
			order = append(order, fmt.Sprint(name, hasToken, hasGrant))
			return nil
		})
	}
	mux := http.NewServeMux()
	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint(guard("a "), guard("b ")))
	mux.Handle("DELETE /installations/{grantId}", installations.Revoke(guard("c ")))
	foreign := s.issuer.AccessToken(bearergatetest.WithGrant("other"))
	for _, c := range []struct {
		method, path, token string
		status              int
		want                string
	}{
		{"POST", installationPath + "/tokens", s.issuer.AccessToken(), 201, "[a true false b true false]"},
		{"POST", installationPath + "/tokens", foreign, 404, "[a true false b true false]"},
		{"POST", installationPath + "/tokens", "no token", 400, "[]"},
		{"DELETE", installationPath, foreign, 404, "[c true false]"},
		{"DELETE", installationPath, s.issuer.AccessToken(), 204, "[c true false]"},
	} {
		order = nil
		got := serve(mux, s.request(c.method, c.path, c.token, ""))
		if got.Status != c.status || fmt.Sprint(order) != c.want {
			t.Errorf("%s %s: got %d and the guards %v, want %d and %s", c.method, c.path, got.Status, order, c.status, c.want)
		}
	}
}

func TestServiceHasThePrefixLifetimeAndParameterOfItsConfig(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	config := s.config()
	config.Prefix, config.Lifetime, config.GrantParameter = "acme_", time.Minute, "grant"
	mux := http.NewServeMux()
	mux.Handle("POST /grants/{grant}", newInstallations(t, config).Mint())
	got := serve(mux, s.request("POST", "/grants/"+bearergatetest.DefaultGrantID, s.issuer.AccessToken(), ""))
	if got.Status != 201 || !strings.Contains(got.Body, `"token":"acme_`) || !strings.Contains(got.Body, `"expires_in":60,`) {
		t.Errorf("got %d %s, want a token that begins with acme_ and lasts 60 seconds", got.Status, got.Body)
	}
}

func TestVerifierOfTheServiceAcceptsBothKinds(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	installations := newInstallations(t, s.config())
	access := s.issuer.AccessToken()
	minted, _ := s.mint(access, "")
	for token, want := range map[string]bearergate.TokenType{access: bearergate.AccessToken, minted: bearergate.InstallationToken} {
		got, err := installations.Verifier().VerifyToken(t.Context(), token)
		if err != nil || got.Type() != want {
			t.Errorf("got %v, %v, want a token of the type %v", got, err, want)
		}
	}
}

func TestServiceWithoutRevocationOnlyMints(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	config := s.config()
	config.RevokeTokens, config.RevokeGrant = nil, nil
	installations := newInstallations(t, config)
	installations.Mint()
	defer func() {
		const want = "installation: Revoke needs Config.RevokeTokens and Config.RevokeGrant; set them, or leave the route out"
		if got := recover(); got != want {
			t.Errorf("got the panic %v, want %s", got, want)
		}
	}()
	installations.Revoke()
}

func TestNewNamesEveryFaultOfItsConfig(t *testing.T) {
	const (
		noVerifier = "installation: Config.AccessTokens is nil; use a verifier of access tokens, such as jwtverifier.New returns"
		noGrants   = "installation: Config.Grants is nil; use a GrantStore in your database, or new(bearergate.MemoryGrants)"
		noTokens   = "installation: Config.Tokens is nil; use a TokenStore in your database, or new(installation.MemoryTokens)"
		badPrefix  = `installation: Config.Prefix is "a b"; use letters, digits and -._~+/, or nothing for "bi_oat_"`
		tooShort   = "installation: Config.Lifetime is -1s; use a second at least, or 0 for 1h0m0s"
		oneRevokes = "installation: Config.RevokeTokens or Config.RevokeGrant is nil; set both, or neither if nothing is revoked here"
	)
	revoke := func(context.Context, string) error { return nil }
	for _, c := range []struct {
		name   string
		change func(*installation.Config)
		want   string
	}{
		{"a verifier that New did not return", func(c *installation.Config) { c.AccessTokens = (*jwtverifier.Verifier)(nil) }, noVerifier},
		{"a nil VerifierFunc", func(c *installation.Config) { c.AccessTokens = bearergate.VerifierFunc(nil) }, noVerifier},
		{"a nil *MemoryGrants", func(c *installation.Config) { c.Grants = (*bearergate.MemoryGrants)(nil) }, noGrants},
		{"a nil GrantStoreFunc", func(c *installation.Config) { c.Grants = bearergate.GrantStoreFunc(nil) }, noGrants},
		{"a nil *MemoryTokens", func(c *installation.Config) { c.Tokens = (*installation.MemoryTokens)(nil) }, noTokens},
		{"a prefix that no token can begin with", func(c *installation.Config) { c.Prefix = "a b" }, badPrefix},
		{"only codes and refresh tokens are revoked", func(c *installation.Config) { c.RevokeGrant = nil }, oneRevokes},
		{"only the grant is revoked", func(c *installation.Config) { c.RevokeTokens = nil }, oneRevokes},
		{"all faults", func(c *installation.Config) {
			*c = installation.Config{Prefix: "a b", Lifetime: -time.Second, RevokeGrant: revoke}
		}, strings.Join([]string{noVerifier, noGrants, noTokens, badPrefix, tooShort, oneRevokes}, "\n")},
	} {
		config := newService(t, bearergate.Grant{}).config()
		c.change(&config)
		installations, err := installation.New(config)
		if got := fmt.Sprint(err); got != c.want || installations != nil {
			t.Errorf("%s: got %v, %s, want %s", c.name, installations, got, c.want)
		}
	}
}

// TestPrefixThatJWTsBeginWithIsAFault: every access token that is a JWT would be
// looked up as an opaque one.
func TestPrefixThatJWTsBeginWithIsAFault(t *testing.T) {
	for prefix, fault := range map[string]bool{
		"e": true, "ey": true, "eyJ": true, "eyJh": true, "eyJhbGciOiJSUzI1NiJ9.": true,
		"": false, "E": false, "EYJ": false, "eyJ"[1:]: false, "e_": false, "ey_": false, "bi_oat_eyJ": false,
	} {
		config := newService(t, bearergate.Grant{}).config()
		config.Prefix = prefix
		_, err := installation.New(config)
		if got := err != nil && strings.Contains(err.Error(), "access tokens that are JWTs begin with"); got != fault || !fault && err != nil {
			t.Errorf("%q: got %v, want a fault: %v", prefix, err, fault)
		}
	}
}
