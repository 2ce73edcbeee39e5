package bearergate_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// Rules: S4.12, S4.13.
func TestPathValueIsOneSegment(t *testing.T) {
	orgOf := bearergate.RequireOrg(bearergate.PathValue("org"))
	claims := bearergatetest.InstallationClaims()
	mux := http.NewServeMux()
	for _, pattern := range []string{"/orgs/{org}", "/orgs/{org}/{path...}", "/rest/{org...}", "/none/{orgs}/{o}"} {
		mux.Handle(pattern, orgOf(listProjects))
	}
	for _, c := range []struct {
		path, organization string
		want               bearergate.Code
	}{
		{"/orgs/acme", "acme", ""},
		{"/orgs/%61cme", "acme", ""},
		{"/orgs/a%00", "a\x00", ""},
		{"/orgs/acme/a%2Fb/..%2F", "acme", ""},
		{"/rest/acme", "acme", ""},
		{"/orgs/%2561cme", "acme", bearergate.ErrWrongOrganization},
		{"/orgs/a%2Fb", "a/b", bearergate.ErrInvalidRequest},
		{"/orgs/%2e%2e", "..", bearergate.ErrInvalidRequest},
		{"/orgs/%2E", ".", bearergate.ErrInvalidRequest},
		{"/rest/a/b", "a/b", bearergate.ErrInvalidRequest},
		{"/rest/", "", bearergate.ErrInvalidRequest},
		{"/none/acme/acme", "acme", bearergate.ErrServerError},
	} {
		claims.OrganizationID = c.organization
		r := as(claims)
		r.URL, _ = url.ParseRequestURI(c.path)
		got := httptest.NewRecorder()
		mux.ServeHTTP(got, r)
		if want := max(c.want.Status(), 200); c.want == "" && got.Code != 200 || c.want != "" && got.Code != want {
			t.Errorf("%s: got %d %s, want %q", c.path, got.Code, got.Body, c.want)
		}
	}
}
