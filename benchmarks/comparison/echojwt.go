package main

import (
	"log/slog"
	"net/http"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v5"
	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
)

const keyfuncModule = "github.com/MicahParks/keyfunc/v3"

// echoJWT is set up as its README says, "Full example", with Recover. Config.KeyFunc is
// its documented way to tokens of an external party. The key set is that of keyfunc,
// which the README of golang-jwt names for JWK Sets.
var echoJWT = peer{
	name:    "echo-jwt",
	modules: []string{"github.com/labstack/echo-jwt/v5", keyfuncModule},
	setUp:   "README, \"Full example\", with `Recover`; `Config.KeyFunc`, which its comment offers for tokens of an external party, is that of MicahParks/keyfunc, which golang-jwt's README names for key sets. With `ParseTokenFunc`, which takes the parser's place, a user can add checks of their own.",
	lacks: map[need]string{
		scopes:        "leaves scopes to the handler",
		organizations: "knows no organizations",
		grants:        "knows no grants",
		aLimit:        "has no limits",
		aStore:        "has no limits",
		inGin:         "works with echo alone",
	},
	protects: func(s setting) (http.Handler, error) {
		keys, err := golangKeys(s)
		if err != nil {
			return nil, err
		}
		e := echo.New()
		e.Logger = slog.New(slog.DiscardHandler)
		e.Use(middleware.Recover())
		e.Use(echojwt.WithConfig(echojwt.Config{KeyFunc: keys}))
		e.Any("/orgs/:org/projects", echo.WrapHandler(s.next))
		return e, nil
	},
}

// golangKeys are the issuer's keys for golang-jwt, as keyfunc's README says, "Step 1".
func golangKeys(s setting) (jwt.Keyfunc, error) {
	if s.check != nil {
		return func(*jwt.Token) (any, error) { return nil, s.check() }, nil
	}
	k, err := keyfunc.NewDefaultCtx(s.ctx, []string{s.issuer.keysURL()})
	if err != nil {
		return nil, err
	}
	return k.Keyfunc, nil
}
