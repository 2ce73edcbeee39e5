package bearergatetest_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// part returns the text of a part of a token: 0 is the header, 1 the payload.
func part(t *testing.T, token string, n int) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[n])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func claimsOf(t *testing.T, token string) []string {
	t.Helper()
	var claims map[string]any
	if err := json.Unmarshal([]byte(part(t, token, 1)), &claims); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(claims))
}

func TestTokensHaveTheClaimsOfTheirKind(t *testing.T) {
	issuer, scopes := bearergatetest.NewIssuer(), bearergatetest.WithScopes("a")
	for _, c := range []struct{ kind, token, want string }{
		{"of a provider", issuer.Token(scopes), "aud client_id exp iat iss jti scope sub"},
		{"of a provider, without scopes", issuer.Token(), "aud client_id exp iat iss jti sub"},
		{"access token", issuer.AccessToken(scopes), "aud client_id exp grantId iat iss organizationId scope sub"},
		{"installation token", issuer.InstallationToken(scopes), "aud client_id exp grantId iat installationId iss organizationId scope sub type"},
	} {
		if got := strings.Join(claimsOf(t, c.token), " "); got != c.want {
			t.Errorf("%s: got the claims %s, want %s", c.kind, got, c.want)
		}
	}
}

func TestPlainTokenPassesOnlyGuardsThatNeedNoGrant(t *testing.T) {
	issuer, grants := bearergatetest.NewIssuer(), new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: bearergatetest.DefaultOrganizationID})
	acme := func(*http.Request) (string, error) { return bearergatetest.DefaultOrganizationID, nil }
	for _, c := range []struct {
		name  string
		guard bearergate.Middleware
		want  int
	}{
		{"RequireScope", bearergate.RequireScope("projects:read"), 200},
		{"RequireScope of another", bearergate.RequireScope("projects:write"), 403},
		{"RequireGrant", bearergate.RequireGrant(grants), 404},
		{"RequireOrg", bearergate.RequireOrg(acme), 403},
	} {
		api := bearergate.Chain(bearergate.RequireToken(issuer.Verifier(), bearergate.AccessToken), c.guard)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		rec := httptest.NewRecorder()
		api.ServeHTTP(rec, bearergatetest.NewRequest("GET", "/", issuer.Token(bearergatetest.WithScopes("projects:read"))))
		if rec.Code != c.want {
			t.Errorf("%s: got %d, want %d", c.name, rec.Code, c.want)
		}
	}
}

func TestEachPlainTokenHasAnIDOfItsOwn(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	if one, other := part(t, issuer.Token(), 1), part(t, issuer.Token(), 1); one == other {
		t.Errorf("got the claims %s twice, want another jti", one)
	}
}
