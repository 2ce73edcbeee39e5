// Package installation has the routes by which apps use their installations:
// [MintHandler] gives an app short-lived installation tokens for its grant, and
// [RevokeHandler] ends the grant. Both belong to the resource server. They go
// behind two guards:
//
//	installation := bearergate.Chain(
//		bearergate.RequireToken(verifier, bearergate.AccessToken),
//		bearergate.RequireGrant(grants, bearergate.WithGrantInPath("grantId")),
//	)
//	mux.Handle("POST /installations/{grantId}/tokens", installation(mint))
//	mux.Handle("DELETE /installations/{grantId}", installation(revoke))
//
// [IssueOpaque] makes the installation tokens opaque. It saves their claims by
// the SHA-256 of the token, for [bearergate.NewOpaqueVerifier] to look up.
// [MemoryTokens] saves them in memory; opaquetest tests any other store.
package installation
