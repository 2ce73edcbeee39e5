package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/modelcontextprotocol/go-sdk/auth"
)

// mcpSDK is set up as docs/protocol.md of the SDK says, "Authorization", and as
// examples/auth/server does: a TokenVerifier, the scopes and the address of the
// metadata. The verifier is golang-jwt with every check that a resource server needs,
// and keyfunc.
var mcpSDK = peer{
	name:    "mcp-sdk",
	modules: []string{"github.com/modelcontextprotocol/go-sdk", "github.com/golang-jwt/jwt/v5", keyfuncModule},
	setUp:   "docs/protocol.md, \"Authorization\", and `examples/auth/server`: `RequireBearerToken` with scopes and the metadata's address, and 30 s of `ClockSkew`; the `TokenVerifier` is golang-jwt with RS256, issuer, audience, required expiration and 30 s of leeway, and MicahParks/keyfunc.",
	lacks: map[need]string{
		organizations: "knows no organizations",
		grants:        "knows no grants",
		aLimit:        "has no limits",
		aStore:        "has no limits",
	},
	protects: func(s setting) (http.Handler, error) {
		verify, err := mcpVerifier(s)
		if err != nil {
			return nil, err
		}
		opts := &auth.RequireBearerTokenOptions{ResourceMetadataURL: audience + "/.well-known/oauth-protected-resource", ClockSkew: 30 * time.Second}
		if s.scope != "" {
			opts.Scopes = []string{s.scope}
		}
		middleware := auth.RequireBearerToken(verify, opts)
		if s.router == inGin {
			return wrapH(s, middleware), nil
		}
		mux := http.NewServeMux()
		mux.Handle(route, middleware(s.next))
		return mux, nil
	},
}

func mcpVerifier(s setting) (auth.TokenVerifier, error) {
	if s.check != nil { // as examples/auth/server does if the introspection fails
		return func(context.Context, string, *http.Request) (*auth.TokenInfo, error) { return nil, s.check() }, nil
	}
	keys, err := golangKeys(s)
	if err != nil {
		return nil, err
	}
	parser := jwt.NewParser(append(strictParsing(s), jwt.WithLeeway(30*time.Second))...)
	type scoped struct {
		jwt.RegisteredClaims
		Scope string `json:"scope"`
	}
	return func(_ context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
		var c scoped
		if _, err := parser.ParseWithClaims(token, &c, keys); err != nil {
			return nil, errors.Join(auth.ErrInvalidToken, err)
		}
		return &auth.TokenInfo{Scopes: strings.Fields(c.Scope), Expiration: c.ExpiresAt.Time, UserID: c.Subject}, nil
	}, nil
}
