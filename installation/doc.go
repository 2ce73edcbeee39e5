// Package installation has the routes by which apps use their installations. One
// gives an app short-lived installation tokens for its grant, the other ends the
// grant. Both belong to the resource server. [New] returns them with their guards,
// and with the verifier of both kinds of tokens:
//
//	installations, err := installation.New(installation.Config{
//		AccessTokens: jwts, // a jwtverifier.Verifier
//		Grants:       grants,
//		Tokens:       new(installation.MemoryTokens),
//		RevokeTokens: store.RevokeGrant, // of the token endpoint's store
//		RevokeGrant:  revokeGrant,
//	})
//	if err != nil {
//		return err
//	}
//	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint())
//	mux.Handle("DELETE /installations/{grantId}", installations.Revoke())
//	mux.Handle("GET /projects", bearergate.Chain(
//		bearergate.RequireToken(installations.Verifier(), bearergate.InstallationToken),
//		bearergate.RequireGrant(grants),
//	)(listProjects))
//
// Installation tokens are opaque. Their claims are saved by the SHA-256 of the
// token. [MemoryTokens] saves them in memory; package opaquetest tests any other
// store. For installation tokens that are JWTs, use [MintHandler] with a
// [TokenIssuer] of your own. It, and [RevokeHandler], go behind two guards:
//
//	guards := bearergate.Chain(
//		bearergate.RequireToken(verifier, bearergate.AccessToken),
//		bearergate.RequireGrant(grants, bearergate.WithGrantInPath("grantId")),
//	)
package installation
