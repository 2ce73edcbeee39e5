// Package bearergate guards the routes of an OAuth 2.0 resource API: handlers
// to compose, which refuse a request with the documented error answer or let it
// through.
//
// # The guards, and their order
//
//	guarded := bearergate.Chain(
//		bearergate.RequireToken(verifier, bearergate.InstallationToken), // 400, 401
//		bearergate.RateLimit(budget),                                   // 429
//		bearergate.RequireGrant(grants),                                // 404, 410
//		bearergate.RequireOrg(bearergate.PathValue("org")),             // 403 wrong_organization
//		bearergate.RequireScope("projects:read"),                       // 403 missing_scope
//	)
//	mux.Handle("GET /orgs/{org}/projects", guarded(handler))
//
// The order decides what a client is told when there are two reasons to refuse
// it, and clients act on what they are told. RequireToken comes first, since all
// others ask about its token: an expired token without scope is 401, so that
// the client refreshes it, and not 403. RateLimit comes before what may ask a
// database. RequireGrant comes before RequireOrg and RequireScope: a revoked
// grant is 410 whatever else is wrong. Guards that stand outside of
// RequireToken answer 500 server_error.
//
// Guards that read a path parameter or the route, as [PathValue],
// [WithGrantInPath] and [RequireRouteScopes] do, stand inside of the mux; behind
// chi, echo or gin they need the adapter of that router. [Configure] stands
// outside of everything, once, and so does [LimitFailedAuthentication], directly
// inside of it.
//
// A preflight request carries no token: handle CORS outside of the guards, with
//
//	Access-Control-Expose-Headers: WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy
//
// so that scripts can read what they are told.
//
// # The answers
//
// Every refusal is one JSON object, {"error":"CODE"}, with a status, a challenge
// and a Retry-After as the code has them: see [Codes], [Code.Meaning] and
// [Code.Remedy]. Only missing_scope has a second member, "required". Handlers
// refuse in the same way with [Refuse], and own rules become guards with
// [Require].
//
// # When the server cannot tell
//
// What is plugged in, a [Verifier], an [OpaqueLookup], a [GrantStore], an
// [OrgFunc], a limiter store, a check, answers by its error: an [*Error] of this
// package, wrapped with %w or bare, sets what the client is told; any other
// error is answered 503 temporarily_unavailable with Retry-After and without a
// word of its text. Clients drop a connection at 401, 404 and 410, so a fault of
// the server is never one of these; and it never lets a request through, save by
// [WithFallback].
package bearergate
