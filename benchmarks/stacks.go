package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	ginjwt "github.com/appleboy/gin-jwt/v3"
	jwtmiddleware "github.com/auth0/go-jwt-middleware/v3"
	"github.com/auth0/go-jwt-middleware/v3/validator"
	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/jwtauth/v5"
	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v5"
	"github.com/labstack/echo/v5"
	"github.com/modelcontextprotocol/go-sdk/auth"
)

// stack guards a route with one library, as its users would.
type stack struct {
	name  string
	guard func(s signer) http.Handler
}

const (
	ours      = "bearergate"
	tokenOnly = "bearergate-token-only"
)

// stacks are this library and its peers. Ours does more than each of them: it also
// limits, and compares organization and scope. One stack of ours does only their
// work.
var stacks = []stack{
	{ours, func(s signer) http.Handler { return chain(s, jwtverifier.DefaultCacheSize) }},
	{tokenOnly, func(s signer) http.Handler { return token(s, jwtverifier.DefaultCacheSize) }},
	{"echo-jwt", echoJWT},
	{"jwtauth", jwtAuth},
	{"auth0", auth0},
	{"gin-jwt", ginJWT},
	{"mcp-sdk", mcpSDK},
}

var handled = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

func chain(s signer, cacheSize int) http.Handler {
	return bearergate.Chain(guards(s, cacheSize)...)(handled)
}

// guards returns our guards: token, limit, organization, scope.
func guards(s signer, cacheSize int) []bearergate.Middleware {
	return []bearergate.Middleware{
		bearergate.RequireToken(verifier(s, cacheSize), bearergate.InstallationToken),
		bearergate.RateLimit(must(bearergate.PerMinute(1 << 40))),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("projects:read"),
	}
}

func token(s signer, cacheSize int) http.Handler {
	return bearergate.RequireToken(verifier(s, cacheSize), bearergate.InstallationToken)(handled)
}

func verifier(s signer, cacheSize int) *jwtverifier.Verifier {
	return must(jwtverifier.New(jwtverifier.Config{Issuer: issuerURL, Audience: audience, Keys: keySource(s), CacheSize: cacheSize}))
}

func keySource(s signer) jwtverifier.KeySource {
	if secret, ok := s.public.([]byte); ok {
		return must(jwtverifier.SharedSecret(secret))
	}
	return must(jwtverifier.StaticKeys(s.public))
}

func echoJWT(s signer) http.Handler {
	e := echo.New()
	e.Logger = slog.New(slog.DiscardHandler)
	e.Use(echojwt.WithConfig(echojwt.Config{SigningKey: s.public, SigningMethod: s.algorithm}))
	e.GET("/orgs/:org/projects", func(*echo.Context) error { return nil })
	return e
}

func jwtAuth(s signer) http.Handler {
	var ja *jwtauth.JWTAuth
	if secret, ok := s.public.([]byte); ok {
		ja = jwtauth.New(s.algorithm, secret, nil)
	} else {
		ja = jwtauth.New(s.algorithm, nil, s.public)
	}
	return jwtauth.Verifier(ja)(jwtauth.Authenticator(ja)(handled))
}

func auth0(s signer) http.Handler {
	v := must(validator.New(
		validator.WithKeyFunc(func(context.Context) (any, error) { return s.public, nil }),
		validator.WithAlgorithm(validator.SignatureAlgorithm(s.algorithm)),
		validator.WithIssuer(issuerURL),
		validator.WithAudience(audience),
	))
	return must(jwtmiddleware.New(jwtmiddleware.WithValidator(v))).CheckJWT(handled)
}

func ginJWT(s signer) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	mw := must(ginjwt.New(&ginjwt.GinJWTMiddleware{
		SigningAlgorithm: s.algorithm,
		KeyFunc:          func(*jwt.Token) (any, error) { return s.public, nil },
		ParseOptions:     []jwt.ParserOption{jwt.WithValidMethods([]string{s.algorithm})},
	}))
	engine := gin.New()
	engine.GET("/orgs/:org/projects", mw.MiddlewareFunc(), func(*gin.Context) {})
	return engine
}

func mcpSDK(s signer) http.Handler {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{s.algorithm}), jwt.WithIssuer(issuerURL), jwt.WithAudience(audience), jwt.WithExpirationRequired())
	key := func(*jwt.Token) (any, error) { return s.public, nil }
	type withScope struct {
		jwt.RegisteredClaims
		Scope string `json:"scope"`
	}
	verify := func(_ context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
		var c withScope
		if _, err := parser.ParseWithClaims(token, &c, key); err != nil {
			return nil, errors.Join(auth.ErrInvalidToken, err)
		}
		return &auth.TokenInfo{Scopes: strings.Fields(c.Scope), Expiration: c.ExpiresAt.Time, UserID: c.Subject}, nil
	}
	return auth.RequireBearerToken(verify, &auth.RequireBearerTokenOptions{Scopes: []string{"projects:read"}})(handled)
}
