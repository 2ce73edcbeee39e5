package migration

import (
	"net/http"

	"github.com/bearergate/bearergate"
	echogate "github.com/bearergate/bearergate/adapters/echo"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v5"
	"github.com/labstack/echo/v5"
)

func echojwtBefore(secret []byte) http.Handler {
	e := echo.New()
	api := e.Group("/projects", echojwt.WithConfig(echojwt.Config{SigningKey: secret}))
	api.GET("", func(c *echo.Context) error {
		token := c.Get("user").(*jwt.Token)
		subject, err := token.Claims.GetSubject()
		if err != nil {
			return err
		}
		projects(c.Response(), subject)
		return nil
	})
	return e
}

func echojwtAfter(secret []byte, issuer, audience string) (http.Handler, error) {
	keys, err := jwtverifier.SharedSecret(secret)
	if err != nil {
		return nil, err
	}
	verifier, err := jwtverifier.New(jwtverifier.Config{Issuer: issuer, Audience: audience, Keys: keys})
	if err != nil {
		return nil, err
	}
	e := echo.New()
	api := e.Group("/projects", echogate.Wrap(bearergate.RequireToken(verifier)))
	api.GET("", func(c *echo.Context) error {
		token, _ := echogate.TokenFrom(c)
		projects(c.Response(), token.Subject())
		return nil
	})
	return e, nil
}
