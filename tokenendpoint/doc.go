// Package tokenendpoint is the token endpoint of RFC 6749 section 3.2 for the
// grant types authorization_code, with PKCE (RFC 7636), and refresh_token, with
// rotation, as RFC 9700 has them. Package installation has the handlers that mint
// installation tokens and revoke grants.
//
//	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
//		Clients: clients,
//		Store:   new(tokenendpoint.MemoryStore),
//		Issue:   issueAccessToken,
//	})
//	mux.Handle("/oauth/token", endpoint)
//
// The application's authorization page authenticates the user, asks for
// consent, and redirects with the code of [Endpoint.NewCode]. The endpoint does
// the rest: it reads the form, authenticates the client, checks code, lifetime,
// redirect_uri and PKCE, lets a code be used once and a refresh token be rotated
// once, and revokes what was issued when either is used again.
//
// Each refusal is a row of bearergate's error table. The writer that
// [bearergate.Configure] sets around the endpoint writes it. If a store or Issue
// fails, the answer is 503 temporarily_unavailable, and nothing is consumed.
//
// Codes, refresh tokens and client secrets are kept as SHA-256 alone.
package tokenendpoint
