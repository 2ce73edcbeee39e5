package bearergate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/tokenendpoint"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestReadmeHasTheTableAsItIs(t *testing.T) {
	readme := readFile(t, "README.md")
	var rows strings.Builder
	for _, c := range bearergate.Codes() {
		fmt.Fprintf(&rows, "| %d | `%s` | %s | %s |\n", c.Status(), c, c.Meaning(), c.Remedy())
	}
	if !strings.Contains(readme, rows.String()) {
		t.Errorf("README.md does not have the table; it is:\n%s", &rows)
	}
}

func TestReadmesProgramCompiles(t *testing.T) {
	_, program, _ := strings.Cut(readFile(t, "examples/minimal/main.go"), "package main\n")
	if !strings.Contains(readFile(t, "README.md"), "```go\npackage main\n"+program+"```\n") {
		t.Error("the program in README.md is not examples/minimal, which is compiled")
	}
}

func TestReadmesWiringCompiles(t *testing.T) {
	for _, function := range []string{"wiring", "tokenEndpoint"} {
		_, body, _ := strings.Cut(readFile(t, "readme_test.go"), "\nfunc "+function+"(")
		_, body, _ = strings.Cut(body, "{ // in README.md\n")
		body, _, _ = strings.Cut(body, "\n\treturn ")
		body = strings.ReplaceAll("\n"+body, "\n\t", "\n") + "\n"
		if body == "\n\n" || !strings.Contains(readFile(t, "README.md"), "```go"+body+"```\n") {
			t.Errorf("the wiring in README.md is not what is compiled here:%s", body)
		}
	}
}

var _, _ = wiring, tokenEndpoint // compiled, for what README.md says

func wiring(mux *http.ServeMux, verifier bearergate.Verifier, grants bearergate.GrantStore, listProjects, mintToken http.Handler, budget, failures bearergate.Limiter) (http.Handler, error) { // in README.md
	guarded := bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.InstallationToken),
		bearergate.RateLimit(budget),
		bearergate.RequireGrant(grants), // a GrantStore: one method, or new(bearergate.MemoryGrants)
		bearergate.RequireOrg(bearergate.PathValue("org")),
	)
	mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(guarded, bearergate.RequireScope("projects:read"))(listProjects))
	mux.Handle("POST /installations/{grantId}/tokens", bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.AccessToken),
		bearergate.RequireGrant(grants, bearergate.WithGrantInPath("grantId")),
	)(mintToken))
	configure, err := bearergate.Configure(bearergate.Config{Realm: "translations", ReferenceURL: "https://docs.example/errors"})
	if err != nil {
		return nil, err
	}
	api := bearergate.Chain(
		configure,
		bearergate.LimitFailedAuthentication(failures, bearergate.WithTrustedProxies(netip.MustParsePrefix("10.0.0.0/8"))),
	)(mux)
	return api, nil
}

func tokenEndpoint(mux *http.ServeMux, clients tokenendpoint.ClientStore, store tokenendpoint.Store, grants *bearergate.MemoryGrants, signer signer, jwts bearergate.Verifier) error { // in README.md
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: clients, // one method; secrets as SHA-256
		Store:   store,   // new(tokenendpoint.MemoryStore), or your database
		Grants:  grants,  // codes and refresh tokens of a grant that is gone are invalid_grant
		Issue: func(ctx context.Context, a tokenendpoint.Authorization) (tokenendpoint.Issued, error) {
			token, err := signer.Sign(a.ClientID, a.Subject, a.GrantID, a.Scopes) // a JWT of your authorization server
			return tokenendpoint.Issued{Token: token, ExpiresIn: time.Hour}, err
		},
	})
	if err != nil {
		return err
	}
	installations, err := installation.New(installation.Config{
		AccessTokens: jwts,
		Grants:       grants,
		Tokens:       new(installation.MemoryTokens), // or your database
		RevokeTokens: store.RevokeGrant,
		RevokeGrant:  func(ctx context.Context, id string) error { return grants.Revoke(id, time.Now()) },
	})
	if err != nil {
		return err
	}
	mux.Handle("/oauth/token", endpoint)
	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint())
	mux.Handle("DELETE /installations/{grantId}", installations.Revoke())
	return nil
}

type signer interface {
	Sign(clientID, subject, grantID string, scopes []string) (string, error)
}
