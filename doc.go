// Package bearergate provides composable net/http middleware that authenticates
// and authorizes requests with OAuth 2.0 tokens. Each guard lets a request pass or
// refuses it with the documented error answer.
//
// # The guards, and their order
//
//	guarded := bearergate.Chain(
//		bearergate.RequireToken(verifier),                                            // 400, 401
//		bearergate.RateLimit(budget, bearergate.WithKey("user", bearergate.UserKey)), // 429
//		bearergate.RequireScope("projects:read"),                                     // 403
//	)
//	mux.Handle("GET /projects", guarded(handler))
//
// A route leaves out the guards that it does not need. All of them, from the outermost
// to the innermost:
//
//   - [LimitFailedAuthentication] limits how often the authentication of an address may
//     fail: 429.
//   - [RequireToken] verifies the token: 400, 401. [OptionalToken] stands in its place
//     on routes that serve anonymous callers too.
//   - [RateLimit] takes the request from a budget: 429. [WithKey] names its key, such as
//     [UserKey]. By default the key is the token's installation, else its grant, else
//     its subject and client. [WithPlan] makes the size depend on the caller.
//   - [RequireGrant] needs the token's grant to be active: 404, 410. It is for APIs
//     whose tokens are issued for an installation that can be revoked.
//   - [RequireOrg] compares the organization of the token with that of the resource: 403
//     wrong_organization. [RequireMembership] stands in its place if users belong to
//     several organizations.
//   - [RequireScope] needs all of its scopes: 403 missing_scope. [RequireAnyScope] needs
//     one of them. [RequireRouteScopes] reads the scopes of all routes from a table.
//   - [Require] makes a guard of a rule of the application's own.
//
// If there are two reasons to refuse a request, the order decides which of them
// the client sees, and clients act on it. RequireToken comes first, since the
// others check its token: an expired token without scope is 401, so that the client
// refreshes it, and not 403. RateLimit comes before guards that may query a
// database. RequireGrant comes before RequireOrg and RequireScope: a revoked grant
// is 410 even if the organization or the scope is wrong as well. If a guard that
// needs the token stands outside of RequireToken, it answers 500 server_error. Inside
// of OptionalToken, it answers an anonymous caller 401 invalid_token.
//
// Guards that read a path parameter or the route, as [PathValue],
// [WithGrantInPath] and [RequireRouteScopes] do, stand inside of the mux. Behind
// chi, echo or gin they need the adapter of that router. [Configure] stands
// outermost, once. [LimitFailedAuthentication] stands directly inside of it.
//
// A preflight request carries no token: handle CORS outside of the guards, with
//
//	Access-Control-Expose-Headers: WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy
//
// so that scripts can read the headers.
//
// # The answers
//
// Every refusal is one JSON object, {"error":"CODE"}, with the status, challenge
// and Retry-After of the code: see [Codes], [Code.Meaning], [Code.Remedy] and
// [Code.Action]. Only missing_scope has a second member, "required". Handlers
// refuse in the same way with [Refuse], and rules of an application become guards
// with [Require].
//
// # When the server cannot decide
//
// A [Verifier], an [OpaqueLookup], a [GrantStore], an [OrgFunc], a [MembershipFunc], a
// [KeyFunc], a [PlanFunc] and a check report by their error what they refuse and what
// they cannot decide. A [Code] or an [*Error], possibly wrapped, sets the answer. Any
// other error, and every error of a [Limiter], is answered 503
// temporarily_unavailable with Retry-After. The answer holds nothing of the error's
// text. A client may give up a working connection at a 401, 404 or 410,
// so a fault of the server is never answered with one of them. A fault lets no
// request through, except by [WithFallback].
//
// # The log
//
// [LogDecisions] logs each decision with its reason, which names what the guard
// required and what it found. No client sees the reason. Without [Config.Observer],
// only faults of the server are logged, to slog.Default.
//
// Constructors panic at mistakes that only the program's source can contain, such
// as a nil verifier or an empty scope. The message says what to write instead.
// [Configure], [PerMinute] and [PerWindow], whose arguments may come from a
// configuration, return errors.
//
// The rules of docs/semantics.md in the repository are what this package promises.
package bearergate
