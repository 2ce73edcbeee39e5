package code_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

var auth0 = jwtverifier.Config{
	Issuer:      "https://acme.eu.auth0.com/", // with its slash; or your custom domain
	Audience:    "https://api.example.com/",   // "Identifier" of the API
	ScopeClaims: []jwtverifier.ClaimPath{{"permissions"}},
}

var keycloak = jwtverifier.Config{
	Issuer:   "https://sso.example.com/realms/acme",
	Audience: "inventory-api",
	ScopeClaims: []jwtverifier.ClaimPath{
		{"realm_access", "roles"},
		{"resource_access", "inventory-api", "roles"}, // the roles of the client inventory-api
	},
	RequiredClaims: map[string]string{"typ": "Bearer"}, // keeps out ID and logout tokens
}

var keycloakWithoutSubject = jwtverifier.Config{
	Issuer:          "https://sso.example.com/realms/acme",
	Audience:        "inventory-api",
	RequiredClaims:  map[string]string{"typ": "Bearer"},
	SubjectOptional: true,
}

var entraV2 = jwtverifier.Config{
	Issuer:      "https://login.microsoftonline.com/9e8e4e5b-1dc2-5f56-8e55-4847ce9ef1b4/v2.0", // your tenant's id
	Audience:    "60e8910d-d943-5c3e-a7c8-22a588941cca",                                        // "Application (client) ID" of the API
	ScopeClaims: []jwtverifier.ClaimPath{{"roles"}},                                            // beside scp
}

var entraV1 = jwtverifier.Config{
	Issuer:      "https://sts.windows.net/9e8e4e5b-1dc2-5f56-8e55-4847ce9ef1b4/", // with its slash
	Audience:    "api://60e8910d-d943-5c3e-a7c8-22a588941cca",                    // "Application ID URI"
	ScopeClaims: []jwtverifier.ClaimPath{{"roles"}},
}

var entraWithGroups = bearergate.Config{
	MaxTokenLength: 16 << 10, // 200 groups are some 11 KB
}

var oktaCustom = jwtverifier.Config{
	Issuer:   "https://acme.okta.com/oauth2/default",
	Audience: "api://default",
}

var oktaOrg = jwtverifier.Config{
	Issuer:      "https://acme.okta.com",
	Audience:    "https://acme.okta.com",
	HeaderTypes: []string{"application/okta-internal-at+jwt"},
}

var cognito = jwtverifier.Config{
	Issuer:              "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123",
	Audience:            "57cbishk4j24pabc1234567890",           // the id of an app client
	AdditionalAudiences: []string{"3n5p8abcdefghijklmnopqrstu"}, // of another one
	AudienceClaim:       jwtverifier.ClaimPath{"client_id"},
	RequiredClaims:      map[string]string{"token_use": "access"},
}

var google = jwtverifier.Config{
	Issuer:   "https://accounts.google.com",
	Audience: "https://orders-abc123-ew.a.run.app", // the URL of the service, or the client id of the web page
}

var githubActions = jwtverifier.Config{
	Issuer:   "https://token.actions.githubusercontent.com",
	Audience: "https://api.example.com", // the one that the workflow asks for
}

var onlyDeployments = bearergate.Require(func(r *http.Request) error {
	token, _ := bearergate.TokenFrom(r.Context())
	if token == nil || token.Subject() != "repo:octo-org/octo-repo:environment:production" {
		return bearergate.ErrForbidden
	}
	return nil
})

var duende = jwtverifier.Config{
	Issuer:          "https://ids.example.com",
	Audience:        "invoice", // the name of the ApiResource
	SubjectOptional: true,      // tokens of client credentials have no sub
}

var hydra = jwtverifier.Config{
	Issuer:   "https://hydra.example.com",
	Audience: "https://api.my-cloud.example/user",
}

var zitadel = jwtverifier.Config{
	Issuer:     "https://acme-x1y2z3.zitadel.cloud",
	Audience:   "358982239599491392", // the id of the project
	ClaimNames: jwtverifier.ClaimNames{OrganizationID: jwtverifier.ClaimPath{"urn:zitadel:iam:user:resourceowner:id"}},
}

var kubernetes = jwtverifier.Config{
	Issuer:   "https://kubernetes.default.svc.cluster.local",
	Audience: "https://api.example.com", // of the projected volume
}

var plain = jwtverifier.Config{
	Issuer:   "https://authorization-server.example.com/",
	Audience: "https://rs.example.com/",
}

func entraTenants(tenants *sync.Map) (*jwtverifier.Tenants, error) {
	c := entraV2
	c.Issuer = "" // that of each tenant
	return jwtverifier.ByTenant(c, func(issuer string) (bool, error) {
		_, known := tenants.Load(issuer) // https://login.microsoftonline.com/TENANT/v2.0
		return known, nil
	})
}

func explain(ctx context.Context, verifier *jwtverifier.Verifier, token string) {
	for _, check := range verifier.Explain(ctx, token) {
		fmt.Println(check.Result, check.Name, check.Found, check.Wanted, check.Setting)
	}
}

// recipes are the recipe of docs/providers.md for each token of the documented
// shapes in jwtverifier/testdata/providers.json.
var recipes = map[string]jwtverifier.Config{
	"auth0-": auth0, "keycloak-": keycloak, "keycloak-without-sub": keycloakWithoutSubject,
	"entra-v2-": entraV2, "entra-groups-": entraV2, "entra-v1-": entraV1, "entra-for-graph": entraV1,
	"okta-custom-": oktaCustom, "okta-org-as": oktaOrg, "cognito-": cognito, "google-": google,
	"github-actions": githubActions, "rfc9068-": plain, "duende-": duende, "hydra-": hydra, "zitadel-": zitadel, "kubernetes-": kubernetes,
}

func recipeOf(id string) (c jwtverifier.Config, found bool) {
	longest := ""
	for prefix, recipe := range recipes {
		if strings.HasPrefix(id, prefix) && len(prefix) > len(longest) {
			longest, c, found = prefix, recipe, true
		}
	}
	return c, found
}

type shape struct {
	ID              string
	Header, Payload json.RawMessage
	Config          struct{ Issuer, Audience string }
	Expect          struct {
		Scopes  []string
		Verdict string `json:"configured_verdict"`
	}
}

func shapes(t *testing.T) []shape {
	t.Helper()
	data, err := os.ReadFile("../../jwtverifier/testdata/providers.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct{ Tokens []shape }
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors.Tokens
}

// The issuer and the audience are those of the token's own service; everything
// else is as the recipe says.
func TestRecipesOfProvidersPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	configure, err := bearergate.Configure(entraWithGroups)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shapes(t) {
		t.Run(s.ID, func(t *testing.T) {
			c, found := recipeOf(s.ID)
			if !found {
				t.Fatal("there is no recipe")
			}
			c.Issuer, c.Audience, c.Keys = s.Config.Issuer, s.Config.Audience, issuer.Config().Keys
			verifier, err := jwtverifier.New(c)
			if err != nil {
				t.Fatal(err)
			}
			var token *bearergate.Token
			api := bearergate.Chain(configure, bearergate.RequireToken(verifier))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				token, _ = bearergate.TokenFrom(r.Context())
			}))
			want := http.StatusOK
			if s.Expect.Verdict != "pass" {
				want = http.StatusUnauthorized
			}
			if got := status(api, "GET", "/", issuer.Play(string(s.Header), string(s.Payload))); got != want {
				t.Fatalf("got %d, want %d", got, want)
			}
			if token == nil {
				return
			}
			for _, scope := range s.Expect.Scopes {
				if !slices.Contains(token.Scopes(), scope) {
					t.Errorf("got the scopes %q, want %q among them", token.Scopes(), scope)
				}
			}
		})
	}
}

func TestRecipesAreComplete(t *testing.T) {
	for prefix, c := range recipes {
		verifier, err := jwtverifier.New(c)
		if err != nil {
			t.Errorf("%s: %v", prefix, err)
			continue
		}
		verifier.Keys().Close()
	}
}

func TestTokenOfAnUnknownTenantIsRefused(t *testing.T) {
	tenants := new(sync.Map)
	tenants.Store("https://login.microsoftonline.com/ours/v2.0", true)
	verifier, err := entraTenants(tenants)
	if err != nil {
		t.Fatal(err)
	}
	issuer := bearergatetest.NewIssuer()
	if got := status(bearergate.RequireToken(verifier)(ok), "GET", "/", issuer.Token()); got != 401 {
		t.Errorf("got %d, want 401", got)
	}
}

func TestKeycloaksOtherTokensAreRefused(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	c := keycloak
	c.Keys = issuer.Config().Keys
	verifier, err := jwtverifier.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for typ, want := range map[string]int{"Bearer": 200, "ID": 401, "Logout": 401, "Refresh": 401} {
		token := issuer.Play(`{"alg":"RS256","typ":"JWT","kid":"k"}`, `{"iat":0,"exp":300,"iss":"https://sso.example.com/realms/acme","aud":"inventory-api",
			"sub":"f2c5","typ":"`+typ+`","azp":"inventory-api","realm_access":{"roles":["admin"]}}`)
		if got := status(bearergate.RequireToken(verifier)(ok), "GET", "/", token); got != want {
			t.Errorf("%s: got %d, want %d", typ, got, want)
		}
	}
}

func TestDeploymentsOfOneRepositoryPass(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	api := bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), onlyDeployments)(ok)
	for subject, want := range map[string]int{
		"repo:octo-org/octo-repo:environment:production": 200, "repo:other/octo-repo:environment:production": 403,
		"repo:octo-org/octo-repo:pull_request": 403, "repo:octo-org/octo-repo:ref:refs/heads/main": 403,
	} {
		if got := status(api, "GET", "/", issuer.AccessToken(bearergatetest.WithClaim("sub", subject))); got != want {
			t.Errorf("%s: got %d, want %d", subject, got, want)
		}
	}
}

func TestExplanationOfProvidersPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	explain(t.Context(), issuer.Verifier(), issuer.AccessToken(bearergatetest.WithClaim("aud", "account")))
}
