package main

import (
	"context"
	"net/http"
	"time"

	"github.com/bearergate/bearergate"
	echogate "github.com/bearergate/bearergate/adapters/echo"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v5"
	"github.com/sethvargo/go-limiter"
)

// ours is set up as README.md and docs/guards.md say: the issuer's URL and the
// audience, and guards in their order.
var ours = peer{
	name:     "bearergate",
	setUp:    "`jwtverifier.New` with issuer and audience, and the guards in the order of [guards.md](guards.md); behind gin and echo its adapters.",
	protects: guardOurs,
}

func guardOurs(s setting) (http.Handler, error) {
	guards, err := ourGuards(s)
	if err != nil {
		return nil, err
	}
	switch s.router {
	case inGin:
		engine := gin.New()
		engine.Any("/orgs/:org/projects", gingate.Wrap(guards...), gin.WrapH(s.next))
		return engine, nil
	case inEcho:
		e := echo.New()
		e.Any("/orgs/:org/projects", echo.WrapHandler(s.next), echogate.Wrap(guards...))
		return e, nil
	}
	mux := http.NewServeMux()
	mux.Handle(route, bearergate.Chain(guards...)(s.next))
	return mux, nil
}

func ourGuards(s setting) ([]bearergate.Middleware, error) {
	verifier, err := ourVerifier(s)
	if err != nil {
		return nil, err
	}
	guards := []bearergate.Middleware{bearergate.RequireToken(verifier)}
	if s.requests > 0 {
		limiter, err := ourLimiter(s)
		if err != nil {
			return nil, err
		}
		if s.countFailed {
			guards = []bearergate.Middleware{bearergate.LimitFailedAuthentication(limiter), guards[0]}
		} else {
			guards = append(guards, bearergate.RateLimit(limiter, bearergate.WithKey("user", bearergate.UserKey)))
		}
	}
	if s.grants {
		guards = append(guards, bearergate.RequireGrant(bearergate.GrantStoreFunc(revokedGrant)))
	}
	if s.organization {
		guards = append(guards, bearergate.RequireOrg(bearergate.PathValue("org")))
	}
	if s.scope != "" {
		guards = append(guards, bearergate.RequireScope(s.scope))
	}
	return guards, nil
}

func ourVerifier(s setting) (bearergate.Verifier, error) {
	if s.check != nil {
		return bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) { return nil, s.check() }), nil
	}
	return jwtverifier.New(jwtverifier.Config{Issuer: s.issuer.url(), Audience: audience})
}

func revokedGrant(_ context.Context, id string) (bearergate.Grant, error) {
	return bearergate.Grant{ID: id, OrganizationID: organization, RevokedAt: time.Now().Add(-time.Hour)}, nil
}

func ourLimiter(s setting) (bearergate.Limiter, error) {
	if s.count != nil {
		return bearergate.NewStoreLimiter(troubledStore{count: s.count}, time.Minute), nil
	}
	return bearergate.PerWindow(uint64(s.requests), s.windowOr(time.Minute))
}

// troubledStore is a store of go-limiter that fails or hangs, as Redis may. It ignores
// its context.
type troubledStore struct {
	limiter.Store
	count func() error
}

func (s troubledStore) Take(context.Context, string) (tokens, remaining, reset uint64, ok bool, err error) {
	return 0, 0, 0, false, s.count()
}
