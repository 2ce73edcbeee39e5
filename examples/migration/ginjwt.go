package migration

import (
	"net/http"

	ginjwt "github.com/appleboy/gin-jwt/v3"
	"github.com/bearergate/bearergate"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/gin-gonic/gin"
)

func ginjwtBefore(secret []byte) (http.Handler, error) {
	middleware, err := ginjwt.New(&ginjwt.GinJWTMiddleware{
		Realm:       "projects",
		Key:         secret,
		IdentityKey: "sub",
	})
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	api := engine.Group("/projects", middleware.MiddlewareFunc())
	api.GET("", func(c *gin.Context) {
		claims := ginjwt.ExtractClaims(c)
		projects(c.Writer, claims["sub"].(string))
	})
	return engine, nil
}

func ginjwtAfter(secret []byte, issuer, audience string) (http.Handler, error) {
	keys, err := jwtverifier.SharedSecret(secret)
	if err != nil {
		return nil, err
	}
	verifier, err := jwtverifier.New(jwtverifier.Config{Issuer: issuer, Audience: audience, Keys: keys})
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	api := engine.Group("/projects", gingate.Wrap(bearergate.RequireToken(verifier)))
	api.GET("", func(c *gin.Context) {
		token, _ := gingate.TokenFrom(c)
		projects(c.Writer, token.Subject())
	})
	return engine, nil
}
