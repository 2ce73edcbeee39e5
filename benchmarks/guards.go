package main

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

const (
	sevenGuards = "all seven guards"
	grantID     = "grant_01HZX3T9K4"
	opaque      = "bi_oat_01HZX3T9K4QWERTY01HZX3T9K4QWERTY01HZX3T9K4QWERTY01HZ"
)

// eachGuards measures our guards with a repeated token: more of them, fewer, observed,
// and with an opaque token.
func eachGuards() []measurement { return guardsOf(newSigner("RS256")) }

func guardsOf(s signer) []measurement {
	var ms []measurement
	jwt := s.sign(granted())
	for _, g := range []struct {
		name  string
		h     http.Handler
		token string
	}{
		{ours, chain(s, jwtverifier.DefaultCacheSize), jwt},
		{tokenOnly, token(s, jwtverifier.DefaultCacheSize), jwt},
		{"observed", bearergate.Chain(append([]bearergate.Middleware{observed()}, guards(s, jwtverifier.DefaultCacheSize)...)...)(handled), jwt},
		{sevenGuards, seven(s, bearergate.Config{}), jwt},
		{sevenGuards + ", observed", seven(s, bearergate.Config{Observer: ignore}), jwt},
		{"opaque", behind(bearergate.NewOpaqueVerifier("bi_oat_", lookup)), opaque},
		{"opaque, token only", bearergate.RequireToken(bearergate.NewOpaqueVerifier("bi_oat_", lookup))(handled), opaque},
		{"opaque, cached", behind(bearergate.NewOpaqueVerifier("bi_oat_", cached().Lookup)), opaque},
		{"opaque, cached, token only", bearergate.RequireToken(bearergate.NewOpaqueVerifier("bi_oat_", cached().Lookup))(handled), opaque},
	} {
		ms = append(ms, measurement{"work=repeated/alg=" + s.algorithm + "/stack=" + g.name, requests(g.h, http.StatusOK, g.token)})
	}
	return append(ms, measurement{"work=repeated/alg=" + s.algorithm + "/stack=sha256", sumOf(jwt)})
}

func printGuards(w io.Writer, r *results) {
	printLists(w, r, base{"by SHA-256 of the JWT", "sha256"}, base{"by " + ours, ours})
}

func ignore(context.Context, bearergate.Decision) {}

func observed() bearergate.Middleware {
	return must(bearergate.Configure(bearergate.Config{Observer: ignore}))
}

// granted returns the claims of a token with a grant.
func granted() map[string]any {
	c := claims(0, time.Now().Add(24*time.Hour))
	c["grantId"] = grantID
	return c
}

// seven returns the four guards of [guards], with three around and between them.
func seven(s signer, c bearergate.Config) http.Handler {
	four := guards(s, jwtverifier.DefaultCacheSize)
	return bearergate.Chain(
		must(bearergate.Configure(c)),
		bearergate.LimitFailedAuthentication(must(bearergate.PerMinute(100))),
		four[0],
		bearergate.RequireGrant(grants()),
		four[1], four[2], four[3],
	)(handled)
}

func grants() *bearergate.MemoryGrants {
	var m bearergate.MemoryGrants
	if err := m.Put(bearergate.Grant{ID: grantID, OrganizationID: organization, Scopes: scopes}); err != nil {
		panic(err)
	}
	return &m
}

// behind returns the guards of [guards] with another verifier.
func behind(v bearergate.Verifier) http.Handler {
	return bearergate.Chain(
		bearergate.RequireToken(v, bearergate.InstallationToken),
		bearergate.RateLimit(must(bearergate.PerMinute(1<<40))),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("projects:read"),
	)(handled)
}

var opaqueTokens = map[[sha256.Size]byte]bearergate.Claims{
	sha256.Sum256([]byte(opaque)): {
		Type: bearergate.InstallationToken, Issuer: issuerURL, Subject: "user_01HZX3T9K4QWERTY", ClientID: "app_01HZX3T9K4QWERTY",
		GrantID: grantID, InstallationID: grantID, OrganizationID: organization, Scopes: scopes, ExpiresAt: time.Now().Add(24 * time.Hour),
	},
}

// lookup finds an opaque token in a map.
func lookup(_ context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
	c, ok := opaqueTokens[sum]
	if !ok {
		return c, bearergate.ErrInvalidToken
	}
	return c, nil
}

func cached() *bearergate.CachedLookup {
	return must(bearergate.NewCachedLookup(lookup, bearergate.CacheConfig{MaxAge: time.Hour}))
}
