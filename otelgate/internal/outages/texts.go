package outages

// Text is the prose of a section.
type Text struct {
	Metric            string // for the table at the top
	Alert             string // the rule of examples/otel/alerts.yml that fires
	See, Get, Do, Try string
}

const introduction = `# Outages and attacks

For the operator at three in the morning: each outage with a picture, the metric that moves, the log line, the
answer that clients get, and the thing to do. Log lines, answers and numbers are
those of recorded runs. A program runs an API with all guards, a token endpoint and apps through each outage, records metrics
([observability.md](observability.md)), log and answers, and makes this page. Its stores, its limiter and its network are in memory, and
fail on command. For an API to try by hand, with Prometheus and a dashboard, see [examples/otel](../examples/otel).

`

const howToRead = `
**How to read it.** The upper chart has all decisions by code, on top of each other. The shaded time is the
outage. Names with dots are those of OpenTelemetry, and those with ` + "`_`" + ` are Prometheus'. There are a few requests a second:
compare shapes, not numbers. In log lines, random ids are replaced by ` + "`…`" + `. Answers are shown without the headers that
every refusal has (` + "`Cache-Control: no-store`, `Content-Type`, `Content-Length`, `X-Content-Type-Options`, `Date`, and `Pragma` at the token endpoint" + `).

**The clock of the recordings** is that of Go's ` + "`testing/synctest`" + `, in which hours pass in milliseconds. Durations are
those of waiting. The time of computing is 0 in them, so that no picture shows the load of the CPU.

**To run it all again:** ` + "`go generate ./internal/outages`" + ` in the directory ` + "`otelgate`" + `. The tests run every outage again and
compare: if the library behaves differently, they fail.

**In no metric** are the address of a client, the app, the subject and the reason. The log has the last three. The
address is in the access log of your proxy alone.
`

// texts has the prose of each section by the name of the scenario.
var texts = map[string]Text{
	"keys-known": {
		Metric: "`bearergate_key_age_seconds`",
		Alert:  "BearergateKeysNotFetched",
		See: "`bearergate_key_age_seconds` grows beyond 15 minutes, or the `max-age` of your key server, and `bearergate_key_fetches_total` with `error_type` " +
			"grows. Decisions do not change for 24 hours. When the keys are too old, the series of the age **ends**, and `bearergate_key_count` is 0: " +
			"an alert on the age alone is resolved just then. Alert on both. The log has one line at the first failure, and none for each retry.",
		Get: "For 24 hours after the keys were due: their usual answers. After that 503 until the first fetch that succeeds.",
		Do:  "Get the key server up within the day. `jwtverifier.WithStaleIfError` changes the 24 hours, at the next start of the program.",
		Try: "Deny the API the way to the key server by a rule of the firewall, and wait 15 minutes.",
	},
	"keys-at-start": {
		Metric: "`bearergate_key_count`",
		Alert:  "BearergateNoKeys",
		See:    "`bearergate_key_count` is 0, failed fetches grow every 5 seconds, and every decision is `temporarily_unavailable`. `bearergate_key_age_seconds` is absent: there are no keys that have an age.",
		Get:    "503 with `Retry-After: 5`. No token that may be good is refused with 401.",
		Do:     "Nothing on the API: it tries again every 5 seconds while requests arrive. Keep the old release running until the new one is [ready](operations.md#readiness).",
		Try:    "Start the API with an issuer whose host does not resolve.",
	},
	"keys-garbage": {
		Metric: "`bearergate_key_fetches_total`",
		Alert:  "BearergateCannotDecide",
		See: "Failed fetches every 5 seconds. In this run the key server answered 503 with JSON for the first minute and 200 with a page of HTML for the second, while " +
			"half of the clients already had tokens with a new key. The log says what came in place of keys.",
		Get: "Clients with a known key: their usual answers. Clients with the new key: 503, since the API cannot know that their key is bad.",
		Do:  "Mend the key server, or the proxy in front of it that answers in its place. No restart: a restart would forget the known keys.",
		Try: "Have the key server, or a proxy in front, answer with a static page, and rotate a key.",
	},
	"key-rotation": {
		Metric: "`bearergate_key_fetches_total`",
		See:    "One fetch that succeeds. No decision changes, and nothing is logged.",
		Get:    "Their usual answers. The first request with the new key waits for the fetch.",
		Do:     "Nothing.",
		Try:    "Rotate a key at your identity provider.",
	},
	"key-removed": {
		Metric: "`bearergate_decisions_total`",
		See: "Between the removal and the next fetch **nothing**: tokens of the leaked key pass, here for 8 minutes. Then `invalid_token`, and a fetch every 10 " +
			"seconds at most as long as such tokens arrive, which keeps the age of the keys near 0. If a new key is used at once, as in most rotations, its first token causes the fetch.",
		Get: "Holders of good tokens: their usual answers. Holders of tokens of the leaked key: 401 after the fetch. Apps refresh their tokens then.",
		Do:  "Restart the servers, or use the new key once, if 15 minutes are too long. A fetch cannot be forced otherwise.",
		Try: "Rotate, and remove the old key from the key set.",
	},
	"clock-wrong": {
		Metric: "`bearergate_decisions_total`",
		Alert:  "BearergateRefusesMost",
		See: "`invalid_token` grows, and the reason in the log says by how much the time is wrong: an `exp` that is long ago, or an `nbf` in the future, of tokens that were just issued. " +
			"Tokens that live long hide a clock that is fast. No metric has the difference of the clocks.",
		Get: "401, up to the budget of failed authentication of their address, and 429 beyond. Apps refresh, get a token that is refused again, and back off.",
		Do:  "Set the clock right, of the API or of the issuer. Until then `jwtverifier.Config.Leeway`, at most 5 minutes.",
		Try: "Run the API in a container with `faketime -f +2m`.",
	},
	"grants-down": {
		Metric: "`bearergate_decisions_total`",
		Alert:  "BearergateCannotDecide",
		See:    "`temporarily_unavailable`. The reason in the log names the grant and has the error of your store.",
		Get:    "503, also for revoked grants. A 404 or 410 would end connections.",
		Do:     "Get the database up. `CachedGrants` in front of the store spares queries, and does not cover up an outage: after 5 seconds it needs the store again.",
		Try:    "Stop the database of the grants.",
	},
	"grants-hanging": {
		Metric: "`bearergate_decision_duration_seconds`",
		Alert:  "BearergateDecidesSlowly",
		See: "**No 503, and no line of level ERROR.** The store of this run has no deadline of its own. Requests wait until the client gives up, here after 10 seconds, and " +
			"are then counted as `client_gone`, which looks like the fault of the clients. Until then nothing is counted at all. The duration of the decisions shows it. Do not alert on `client_gone` alone: phones hang up too.",
		Get: "Nothing: they give up. If a proxy in front has a timeout, they get its 504.",
		Do:  "Give the store a deadline, such as `context.WithTimeout` of a second around the query, or put `CachedGrants` in front, whose queries end after 5 seconds. The answer is then 503, as if the store were down.",
		Try: "`SIGSTOP` the database.",
	},
	"limiter-fallback": {
		Metric: "`bearergate_limiter_degradations_total`",
		Alert:  "BearergateLimiterDegraded",
		See:    "Degradations, and a line of level WARN for each request that a fallback decided. No decision changes.",
		Get:    "Their usual answers. Each server has a budget of its own now, so that a client gets up to as many budgets as there are servers.",
		Do:     "Get the shared limiter up. There is no hurry.",
		Try:    "Stop Redis.",
	},
	"limiter-down": {
		Metric: "`bearergate_decisions_total`",
		Alert:  "BearergateCannotDecide",
		See:    "`temporarily_unavailable` for all requests behind the limit, and `bearergate_limiter_degradations_total` stays 0.",
		Get:    "503 without `RateLimit` fields.",
		Do:     "Get the limiter up, and give it a [fallback](operations.md#limiters) for the next time.",
		Try:    "Stop Redis.",
	},
	"limiter-hanging": {
		Metric: "`bearergate_decision_duration_seconds`",
		Alert:  "BearergateCannotDecide",
		See:    "`temporarily_unavailable` for all requests behind the limit, and the mean duration of decisions is the timeout of the limiter, 50 ms.",
		Get:    "503 after 50 ms. With a fallback: its answer after 50 ms.",
		Do:     "As above. A shorter `WithLimiterTimeout` lowers the price of a store that hangs.",
		Try:    "`SIGSTOP` Redis, or `redis-cli DEBUG SLEEP 60`.",
	},
	"codes-down": {
		Metric: "`bearergate_decisions_total{http_route=\"/oauth/token\"}`",
		Alert:  "BearergateCannotDecide",
		See:    "`temporarily_unavailable` at the route of the token endpoint alone. The API goes on as long as it does not ask the same store.",
		Get:    "Apps that renew get 503. Their codes and refresh tokens stay good, and package `client` tries again.",
		Do:     "Get the database up. Nobody has to connect again.",
		Try:    "Stop the database of the token endpoint.",
	},
	"forged": {
		Metric: "`bearergate_decisions_total`",
		See: "`invalid_token`, then `rate_limited` when the budget of `LimitFailedAuthentication` is used up, and again at the start of its next window. Each `invalid_token` is a check of a signature; " +
			"`rate_limited` costs none. `bearergate_token_verifications_total` does **not** move: it counts good tokens alone. No metric has the price of forgeries; look at the CPU.",
		Get: "The attacker: 401, then 429. Clients at other addresses notice nothing.",
		Do:  "Nothing, with `LimitFailedAuthentication`. Without: add it, or block the addresses at the proxy.",
		Try: "`bearergatetest.NewStranger().Token()` makes a forgery; send it with any load generator.",
	},
	"forged-by-many": {
		Metric: "`bearergate_decisions_total`",
		Alert:  "BearergateRefusesMost",
		See:    "`invalid_token` and no `rate_limited`: each address stays within its budget. Each costs the check of a signature: see [benchmarks.md](benchmarks.md). Memory does not grow.",
		Get:    "The attackers: 401. Other clients notice nothing, as long as there is CPU.",
		Do:     "This is the work of what stands in front: block networks at the proxy, or answer requests without a plausible token there. The log has no address.",
		Try:    "Send forgeries through a proxy of `WithTrustedProxies`, with another address in `X-Forwarded-For` each time.",
	},
	"one-time": {
		Metric: "`bearergate_token_verifications_total{bearergate_cache_hit=\"false\"}`",
		See:    "Tokens that were not in the cache. The line of the cache hits of others does not fall: tokens that are used again stay. Nothing is logged, and no request is refused.",
		Get:    "Their usual answers, up to the budget of the installation.",
		Do:     "Ask the owner of the app to keep its token until it expires. The log at level DEBUG has the client. Size the cache by [its rule](operations.md#size-the-cache), not by this flood.",
		Try:    "Have an app get a new token for each request.",
	},
	"unknown-kids": {
		Metric: "`bearergate_key_fetches_total`",
		Alert:  "BearergateRefusesMost",
		See:    "One fetch of keys in 10 seconds, however many ids arrive, and `invalid_token`. The id is in the reason of the log.",
		Get:    "The attacker: 401, and 429 beyond its budget. Other clients do not wait for the fetches.",
		Do:     "Nothing. The key server sees 6 requests a minute from each of your servers.",
		Try:    "Send forgeries with random `kid`s.",
	},
	"guessing": {
		Metric: "`bearergate_decisions_total{bearergate_code=\"invalid_client\"}`",
		See: "`invalid_client`, or `invalid_grant` for codes and refresh tokens, then `rate_limited`. The log has the client whose secret is guessed while there is a budget, " +
			"and neither the guess nor the address. After that the request is refused before it is read, and the line has no client.",
		Get: "The attacker: 401, then 429 until the window ends. The app whose secret is guessed goes on at its own addresses.",
		Do:  "Look at the rate: 60 guesses a minute and address do not find a random secret. If the secret is one that a person made up, replace it today.",
		Try: "`curl -u app-1:guess -d grant_type=refresh_token -d refresh_token=x` in a loop.",
	},
	"stolen-refresh": {
		Metric: "`bearergate_thefts_total`",
		Alert:  "BearergateTheft",
		See:    "Between theft and use: **nothing**, a copy leaves no trace. At the use of a token that was rotated long ago: one theft and one line of level WARN, with the app, the user, the grant and the family. If the thief is the first to use it, the theft is found when the app renews.",
		Get:    "Thief and app alike: `invalid_grant`, and `invalid_token` at an API that reports uses. The app has to ask its user to connect again.",
		Do:     "Treat it as an incident of the app: its store, its logs and its backups had a refresh token. Search the log for the family.",
		Try:    "Renew twice, use the access token, wait for the grace of 30 s, and send the first refresh token again.",
	},
	"code-replay": {
		Metric: "`bearergate_thefts_total`",
		Alert:  "BearergateTheft",
		See:    "One theft, and one line of level WARN. The family of the first exchange is revoked at once.",
		Get:    "`invalid_grant` for the replay and for the app's next renewal, and `invalid_token` for its access tokens at an API that reports uses.",
		Do:     "Look whether the app itself sends codes twice, as a page that is reloaded does. Else find out who read the redirect: a log of URLs, an extension, a shared device.",
		Try:    "Exchange a code twice with `curl`.",
	},
	"noisy": {
		Metric: "`bearergate_decisions_total{bearergate_code=\"rate_limited\"}`",
		See:    "`rate_limited`, at the end of each window. The installation, its client and its budget are in the log, and in no metric.",
		Get:    "The installation: 429 with the seconds until the next window. Others notice nothing.",
		Do:     "Write to the owner of the app: it ignores `Retry-After`. Raise its plan if it is right.",
		Try:    "`curl` in a loop.",
	},
	"grant-revoked": {
		Metric: "`bearergate_decisions_total{bearergate_code=\"grant_revoked\"}`",
		See:    "`grant_revoked` as long as the app calls. A few are right: each app learns it by one. A plateau is an app that does not listen.",
		Get:    "410: the connection is gone, and asking again is of no use.",
		Do:     "Write to the owner of the app; the log has client and grant. Package `client` stops after the first 410.",
		Try:    "Revoke a grant, and go on with its token.",
	},
	"miswired": {
		Metric: "`bearergate_decisions_total{bearergate_code=\"server_error\"}`",
		Alert:  "BearergateMiswired",
		See:    "`server_error` at one route, from the minute of the release. The reason says which guard is missing, and where it belongs.",
		Get:    "500 for everybody, with a good token or none. The handler does not run.",
		Do:     "Roll back. `bearergatetest` finds it before the next release.",
		Try:    "Remove `RequireToken` from a route, and leave `RequireScope`.",
	},
	"app-renewals": {
		Metric: "`bearergate_client_renewal_duration_seconds`",
		Alert:  "BearergateRenewalsFail",
		See: "In the metrics of the app: renewals with an `error_type`. They begin only when the tokens come to their last minute, here 2 minutes after the server broke. " +
			"In those of the server: 503 at the token endpoint, and requests that stay away, which no counter has.",
		Get: "The app's own requests go on while its token lives, and fail with a `*client.Error` whose `Action` is to wait. The connection lives.",
		Do:  "Nothing on the app: renewals begin again by themselves, with pauses of 1 to 15 seconds. On the server: look at the log.",
		Try: "`bearergatetest.AppServer` has `Expire` and `Down`.",
	},
	"app-death": {
		Metric: "`bearergate_client_deaths_total`",
		Alert:  "BearergateConnectionsDie",
		See:    "In the metrics of the app: one death with its code. `grant_revoked` is a user who uninstalled it; `invalid_grant` is a refresh token that was revoked or came to its end. Many at once are a fault of the server, or a theft.",
		Get:    "One 410. After it the app sends no request of this connection.",
		Do:     "Show the user that the connection is gone: `client.Config.Dead`.",
		Try:    "`bearergatetest.AppServer` has `Revoke`.",
	},
}
