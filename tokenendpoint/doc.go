// Package tokenendpoint provides the token endpoint of an authorization server (RFC
// 6749 section 3.2). It supports the grant types authorization_code, with PKCE (RFC
// 7636), and refresh_token, with rotation, as RFC 9700 recommends.
//
//	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
//		Clients: clients,
//		Store:   new(tokenendpoint.MemoryStore),
//		Issue:   issueAccessToken,
//	})
//	mux.Handle("/oauth/token", endpoint)
//
// The application's authorization page authenticates the user, asks for consent,
// and redirects with the code of [Endpoint.NewCode]. The endpoint does the rest: it
// reads the form, authenticates the client, and checks the code, its lifetime,
// redirect_uri and PKCE. A code can be used once, and a refresh token can be
// rotated once. If either is used again, the family of refresh tokens that were
// issued for the code is revoked. [Config] says when a repeated refresh is answered.
//
// Every refusal is an error of bearergate's table, written by the error writer that
// [bearergate.Configure] sets around the endpoint. If a store or Issue fails, the
// answer is 503 temporarily_unavailable, and nothing is consumed.
//
// Codes, refresh tokens and client secrets are stored as SHA-256 sums. The successor of
// a retired refresh token is stored too, encrypted under the retired token.
//
// Package installation has the handlers that mint installation tokens and revoke
// grants.
package tokenendpoint
