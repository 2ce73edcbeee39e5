package main

import (
	"net/http"
	"slices"
	"strings"
	"time"

	ginjwt "github.com/appleboy/gin-jwt/v3"
	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
)

// ginJWT is set up as its README says: "Quick Start Example" with its TokenLookup,
// "Supporting Multiple JWT Providers" with KeyFunc, "JWT Parsing Options" with leeway
// and required expiration, and "Understanding the Authorizer". Issuer and audience,
// which the README's example compares in a helper, are parsing options too. The key
// set is that of keyfunc, which asks for new keys sooner than the hourly fetch of the
// README's own.
var ginJWT = peer{
	name:    "gin-jwt",
	modules: []string{"github.com/appleboy/gin-jwt/v3", keyfuncModule},
	setUp:   "README, \"Quick Start Example\" with its `TokenLookup`, \"Supporting Multiple JWT Providers\" with `KeyFunc` (of MicahParks/keyfunc), \"JWT Parsing Options\" with leeway, required expiration, issuer, audience and RS256, and \"Understanding the Authorizer\".",
	lacks: map[need]string{
		grants: "knows no grants",
		aLimit: "has no limits",
		aStore: "has no limits",
		inEcho: "works with gin alone",
	},
	protects: func(s setting) (http.Handler, error) {
		keys, err := golangKeys(s)
		if err != nil {
			return nil, err
		}
		mw, err := ginjwt.New(&ginjwt.GinJWTMiddleware{
			Realm:        "api",
			IdentityKey:  "sub",
			KeyFunc:      keys,
			ParseOptions: append(strictParsing(s), jwt.WithLeeway(60*time.Second)),
			Authorizer:   func(c *gin.Context, _ any) bool { return authorized(s, c) },
			TokenLookup:  "header: Authorization, query: token, cookie: jwt",
		})
		if err != nil {
			return nil, err
		}
		engine := gin.New()
		engine.Use(gin.Recovery())
		engine.Any("/orgs/:org/projects", mw.MiddlewareFunc(), gin.WrapH(s.next))
		return engine, nil
	},
}

// strictParsing has each option of golang-jwt that a resource server needs.
func strictParsing(s setting) []jwt.ParserOption {
	return []jwt.ParserOption{
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(s.issuer.url()), jwt.WithAudience(audience), jwt.WithExpirationRequired(),
	}
}

func authorized(s setting, c *gin.Context) bool {
	claims := ginjwt.ExtractClaims(c)
	if s.organization && claims["organizationId"] != c.Param("org") {
		return false
	}
	held, _ := claims["scope"].(string)
	return s.scope == "" || slices.Contains(strings.Fields(held), s.scope)
}
