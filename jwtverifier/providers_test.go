package jwtverifier_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

//go:embed testdata/providers.json
var providersJSON []byte

// providerToken is a token of an identity provider, and what a resource server
// must be configured with to accept it. The notes of providers.json say more.
type providerToken struct {
	ID      string
	Header  json.RawMessage
	Payload json.RawMessage
	Config  providerConfig
	Expect  struct {
		Scopes         []string
		ClientID       string `json:"client_id"`
		Subject        string
		OrganizationID string `json:"organization_id"`
		Strict         string `json:"strict_verdict"`
		Configured     string `json:"configured_verdict"`
	}
}

type providerConfig struct {
	Issuer             string
	Audience           string
	AudienceClaim      string                  `json:"audience_claim"`
	ScopeClaims        []jwtverifier.ClaimPath `json:"scope_claims"`
	OrganizationClaims []jwtverifier.ClaimPath `json:"organization_claims"`
	RequiredClaims     map[string]string       `json:"required_claims"`
	SubjectOptional    bool                    `json:"subject_optional"`
	Types              []string                `json:"typ"`
	MaxTokenBytes      int                     `json:"max_token_bytes"`
}

func providerTokens(t *testing.T) []providerToken {
	t.Helper()
	var vectors struct{ Tokens []providerToken }
	if err := json.Unmarshal(providersJSON, &vectors); err != nil {
		t.Fatal(err)
	}
	if got, want := len(vectors.Tokens), 44; got != want {
		t.Fatalf("got %d tokens, want %d", got, want)
	}
	return vectors.Tokens
}

// strict is the configuration of the README's first program.
func (c providerConfig) strict() jwtverifier.Config {
	return jwtverifier.Config{Issuer: c.Issuer, Audience: c.Audience, Keys: issuer.Config().Keys}
}

func (c providerConfig) recipe() jwtverifier.Config {
	config := c.strict()
	config.ScopeClaims, config.RequiredClaims, config.SubjectOptional, config.HeaderTypes = c.ScopeClaims, c.RequiredClaims, c.SubjectOptional, c.Types
	if c.AudienceClaim != "" {
		config.AudienceClaim = jwtverifier.ClaimPath{c.AudienceClaim}
	}
	if len(c.OrganizationClaims) > 0 {
		config.ClaimNames.OrganizationID = c.OrganizationClaims[0]
	}
	return config
}

// answer sends the token through the guards of the README's first program.
func (p providerToken) answer(t *testing.T, c jwtverifier.Config, maxTokenLength int) (status int, token *bearergate.Token, reason string) {
	t.Helper()
	v, err := jwtverifier.New(c)
	if err != nil {
		t.Fatal(err)
	}
	configure, err := bearergate.Configure(bearergate.Config{
		MaxTokenLength: maxTokenLength,
		Observer: func(_ context.Context, d bearergate.Decision) {
			if d.Reason != nil {
				reason = d.Reason.Error()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { token, _ = bearergate.TokenFrom(r.Context()) })
	rec := httptest.NewRecorder()
	bearergate.Chain(configure, bearergate.RequireToken(v))(handler).ServeHTTP(rec, bearergatetest.NewRequest("GET", "/", issuer.Play(string(p.Header), string(p.Payload))))
	return rec.Code, token, reason
}

func wantStatus(verdict string) int {
	if verdict == "pass" {
		return http.StatusOK
	}
	return http.StatusUnauthorized
}

// TestProvidersTokensWithIssuerAndAudience holds that two settings are enough for
// most providers.
//
// Rules: S3a.17, S3a.26, S3a.27, S3a.30, S3a.32, S3a.57.
func TestProvidersTokensWithIssuerAndAudience(t *testing.T) {
	for _, p := range providerTokens(t) {
		t.Run(p.ID, func(t *testing.T) {
			status, _, reason := p.answer(t, p.Config.strict(), 0)
			if want := wantStatus(p.Expect.Strict); status != want {
				t.Errorf("got %d (%s), want %d", status, reason, want)
			}
		})
	}
}

// reasons are why tokens stay refused with the recipe of their provider.
var reasons = map[string]string{
	"keycloak-dpop-bound":           "sender-constrained",
	"entra-for-graph":               `audience: got aud "00000003-0000-0000-c000-000000000000", want aud "60e8910d-d943-5c3e-a7c8-22a588941cca"`,
	"cognito-id-token":              `required claims: got token_use "id", want token_use "access"`,
	"google-self-signed-jwt-scoped": "audience: got no aud",
	"duende-no-audience":            "audience: got no aud",
	"hydra-empty-audience":          "audience: got an empty aud",
	"kubernetes-legacy-secret":      "audience: got no aud",
}

// TestProvidersTokensWithTheirRecipe holds that every token that is meant for an API
// is accepted with the facts that it has, and every other refused with a reason.
//
// Rules: S3a.21, S3a.24, S3a.25, S3a.29, S3a.31, S3a.40, S3a.41, S3a.45, S3a.50, S3a.51, S3a.57.
func TestProvidersTokensWithTheirRecipe(t *testing.T) {
	type facts struct {
		Scopes                            []string
		ClientID, Subject, OrganizationID string
	}
	for _, p := range providerTokens(t) {
		t.Run(p.ID, func(t *testing.T) {
			status, token, reason := p.answer(t, p.Config.recipe(), p.Config.MaxTokenBytes)
			if want := wantStatus(p.Expect.Configured); status != want {
				t.Fatalf("got %d (%s), want %d", status, reason, want)
			}
			if token == nil {
				if want := reasons[p.ID]; want == "" || !strings.Contains(reason, want) {
					t.Errorf("got the reason %q, want %q in it", reason, want)
				}
				return
			}
			want := facts{p.Expect.Scopes, p.Expect.ClientID, p.Expect.Subject, p.Expect.OrganizationID}
			got := facts{token.Scopes(), token.ClientID(), token.Subject(), token.OrganizationID()}
			slices.Sort(want.Scopes)
			slices.Sort(got.Scopes)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
