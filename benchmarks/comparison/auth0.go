package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v3"
	"github.com/auth0/go-jwt-middleware/v3/jwks"
	"github.com/auth0/go-jwt-middleware/v3/validator"
	"github.com/gin-gonic/gin"
)

// auth0 is set up as its README says: "Production Example with JWKS and Auth0", and
// "Clock Skew Tolerance". The comment of WithValidateOnOptions says how preflights get
// through. Behind gin it stands as in examples/gin-example of its repository.
var auth0 = peer{
	name:    "auth0",
	modules: []string{"github.com/auth0/go-jwt-middleware/v3"},
	setUp:   "README, \"Production Example with JWKS and Auth0\": `jwks.NewCachingProvider`, RS256, issuer and audience; \"Clock Skew Tolerance\": 30 s; for CORS behind it, `WithValidateOnOptions(false)`. Behind gin as in its `examples/gin-example`.",
	lacks: map[need]string{
		scopes:        "leaves scopes to the handler",
		organizations: "knows no organizations",
		grants:        "knows no grants",
		aLimit:        "has no limits",
		aStore:        "has no limits",
	},
	protects: func(s setting) (http.Handler, error) {
		if s.router == inGin {
			return auth0InGin(s)
		}
		middleware, err := auth0Middleware(s)
		if err != nil {
			return nil, err
		}
		mux := http.NewServeMux()
		mux.Handle(route, middleware.CheckJWT(s.next))
		return mux, nil
	},
}

func auth0Middleware(s setting, opts ...jwtmiddleware.Option) (*jwtmiddleware.JWTMiddleware, error) {
	keys, err := auth0Keys(s)
	if err != nil {
		return nil, err
	}
	v, err := validator.New(
		validator.WithKeyFunc(keys),
		validator.WithAlgorithm(validator.RS256),
		validator.WithIssuer(s.issuer.url()),
		validator.WithAudience(audience),
		validator.WithAllowedClockSkew(30*time.Second),
	)
	if err != nil {
		return nil, err
	}
	return jwtmiddleware.New(append(opts, jwtmiddleware.WithValidator(v), jwtmiddleware.WithValidateOnOptions(!s.preflights))...)
}

func auth0Keys(s setting) (func(context.Context) (any, error), error) {
	if s.check != nil {
		return func(context.Context) (any, error) { return nil, s.check() }, nil
	}
	issuerURL, err := url.Parse(s.issuer.url())
	if err != nil {
		return nil, err
	}
	provider, err := jwks.NewCachingProvider(jwks.WithIssuerURL(issuerURL))
	if err != nil {
		return nil, err
	}
	return provider.KeyFunc, nil
}

func auth0InGin(s setting) (http.Handler, error) {
	middleware, err := auth0Middleware(s, jwtmiddleware.WithErrorHandler(func(http.ResponseWriter, *http.Request, error) {}))
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	engine.Any("/orgs/:org/projects", func(c *gin.Context) {
		passed := false
		middleware.CheckJWT(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed, c.Request = true, r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"message": "JWT is invalid."})
		}
	}, gin.WrapH(s.next))
	return engine, nil
}
