package main

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/jwtauth/v5"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

// jwtAuth is set up as its README says, "Usage": Verifier and Authenticator in a group
// of chi. New has one key, that of the issuer at the start. Its options, which the
// README does not mention, are used for issuer, audience, required expiration and
// clock skew.
var jwtAuth = peer{
	name:    "jwtauth",
	modules: []string{"github.com/go-chi/jwtauth/v5"},
	setUp:   "README, \"Usage\": `Verifier` and `Authenticator`, with the one key that the issuer had at the start; beyond the README, `New`'s options for issuer, audience, required `exp` and 30 s of clock skew.",
	lacks: map[need]string{
		aKeyServer:    "is given one key and fetches none",
		aCallback:     "calls nothing to verify a token",
		scopes:        "leaves scopes to the handler",
		organizations: "knows no organizations",
		grants:        "knows no grants",
		aLimit:        "has no limits",
		aStore:        "has no limits",
	},
	protects: func(s setting) (http.Handler, error) {
		ja := jwtauth.New("RS256", nil, s.issuer.key().private.Public(),
			jwt.WithIssuer(s.issuer.url()), jwt.WithAudience(audience), jwt.WithRequiredClaim("exp"), jwt.WithAcceptableSkew(30*time.Second))
		if s.router == inGin {
			return wrapH(s, func(next http.Handler) http.Handler { return jwtauth.Verifier(ja)(jwtauth.Authenticator(ja)(next)) }), nil
		}
		r := chi.NewRouter()
		r.Group(func(r chi.Router) {
			r.Use(jwtauth.Verifier(ja))
			r.Use(jwtauth.Authenticator(ja))
			r.Handle(route, s.next)
		})
		return r, nil
	},
}

// wrapH puts a middleware of net/http in front of a handler of gin by gin.WrapH, of
// which gin's documentation says that it wraps an http.Handler and returns a Gin
// middleware.
func wrapH(s setting, middleware func(http.Handler) http.Handler) http.Handler {
	engine := gin.New()
	engine.Use(gin.WrapH(middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))))
	engine.Any("/orgs/:org/projects", gin.WrapH(s.next))
	return engine
}
