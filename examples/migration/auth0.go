package migration

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v3"
	"github.com/auth0/go-jwt-middleware/v3/jwks"
	"github.com/auth0/go-jwt-middleware/v3/validator"
	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

// ScopeClaims is what auth0/go-jwt-middleware decodes of a token.
type ScopeClaims struct {
	Scope string `json:"scope"`
}

func (c *ScopeClaims) Validate(context.Context) error { return nil }

func auth0Before(issuer, audience string) (http.Handler, error) {
	issuerURL, err := url.Parse(issuer)
	if err != nil {
		return nil, err
	}
	provider, err := jwks.NewCachingProvider(jwks.WithIssuerURL(issuerURL))
	if err != nil {
		return nil, err
	}
	v, err := validator.New(
		validator.WithKeyFunc(provider.KeyFunc),
		validator.WithAlgorithm(validator.RS256),
		validator.WithIssuer(issuer),
		validator.WithAudience(audience),
		validator.WithCustomClaims(func() *ScopeClaims { return new(ScopeClaims) }),
	)
	if err != nil {
		return nil, err
	}
	middleware, err := jwtmiddleware.New(jwtmiddleware.WithValidator(v))
	if err != nil {
		return nil, err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, err := jwtmiddleware.GetClaims[*validator.ValidatedClaims](r.Context())
		if err != nil {
			http.Error(w, "no claims", http.StatusInternalServerError)
			return
		}
		scopes := strings.Fields(claims.CustomClaims.(*ScopeClaims).Scope)
		if !slices.Contains(scopes, "projects:read") {
			http.Error(w, "insufficient scope", http.StatusForbidden)
			return
		}
		projects(w, claims.RegisteredClaims.Subject)
	})
	return middleware.CheckJWT(handler), nil
}

func auth0After(issuer, audience string) (http.Handler, error) {
	verifier, err := jwtverifier.New(jwtverifier.Config{Issuer: issuer, Audience: audience})
	if err != nil {
		return nil, err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := bearergate.TokenFrom(r.Context())
		projects(w, token.Subject())
	})
	return bearergate.Chain(
		bearergate.RequireToken(verifier),
		bearergate.RequireScope("projects:read"),
	)(handler), nil
}
