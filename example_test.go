package bearergate_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// show sends a request with the token and prints what a client acts on.
func show(handler http.Handler, target, token string) {
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, bearergatetest.NewRequest("GET", target, token))
	fmt.Print(rec.Code, " ")
	io.Copy(os.Stdout, rec.Body)
	for _, name := range []string{"WWW-Authenticate", "Retry-After", "Link"} {
		if value := rec.Header().Get(name); value != "" {
			fmt.Printf("    %s: %s\n", name, value)
		}
	}
}

var listProjects = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	token, _ := bearergate.TokenFrom(r.Context())
	fmt.Fprintln(w, "projects for", token.InstallationID())
})

func Example() {
	issuer := bearergatetest.NewIssuer() // yours is at its own URL
	budget, err := bearergate.PerMinute(bearergate.DefaultRequestsPerMinute)
	if err != nil {
		log.Fatal(err)
	}
	grants := new(bearergate.MemoryGrants) // yours is a table
	grants.Put(bearergate.Grant{ID: "grant-1", OrganizationID: "acme"})
	grants.Put(bearergate.Grant{ID: "grant-2", OrganizationID: "acme", RevokedAt: time.Now()})

	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier(), bearergate.InstallationToken),
		bearergate.RateLimit(budget),
		bearergate.RequireGrant(grants),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("projects:read"),
	)(listProjects))
	configure, err := bearergate.Configure(bearergate.Config{Realm: "translations"})
	if err != nil {
		log.Fatal(err)
	}
	api := configure(mux)

	read := bearergatetest.WithScopes("projects:read")
	show(api, "/orgs/acme/projects", issuer.InstallationToken(read))
	show(api, "/orgs/acme/projects", issuer.InstallationToken(read, bearergatetest.Expired()))
	show(api, "/orgs/acme/projects", issuer.InstallationToken(read, bearergatetest.WithGrant("grant-2")))
	show(api, "/orgs/umbrella/projects", issuer.InstallationToken(read))
	show(api, "/orgs/acme/projects", issuer.InstallationToken())
	// Output:
	// 200 projects for installation-1
	// 401 {"error":"invalid_token"}
	//     WWW-Authenticate: Bearer realm="translations", error="invalid_token"
	// 410 {"error":"grant_revoked"}
	// 403 {"error":"wrong_organization"}
	// 403 {"error":"missing_scope","required":"projects:read"}
	//     WWW-Authenticate: Bearer realm="translations", error="insufficient_scope", scope="projects:read"
}

// The scope guard stands outside of RequireToken, so there is no token to ask.
// That is no client's fault, and no client is let in.
func Example_incorrect() {
	issuer := bearergatetest.NewIssuer()
	wrong := bearergate.Chain(
		bearergate.RequireScope("projects:read"),
		bearergate.RequireToken(issuer.Verifier()),
	)(listProjects)
	show(wrong, "/projects", issuer.InstallationToken(bearergatetest.WithScopes("projects:read")))
	// Output:
	// 500 {"error":"server_error"}
}

func ExampleRequireToken() {
	issuer := bearergatetest.NewIssuer()
	api := bearergate.RequireToken(issuer.Verifier(), bearergate.InstallationToken)(listProjects)
	show(api, "/projects", issuer.InstallationToken())
	show(api, "/projects", issuer.AccessToken()) // mints tokens, reads nothing
	show(api, "/projects", "")
	show(api, "/projects", "two words")
	// Output:
	// 200 projects for installation-1
	// 401 {"error":"invalid_token"}
	//     WWW-Authenticate: Bearer realm="api", error="invalid_token"
	// 401 {"error":"invalid_token"}
	//     WWW-Authenticate: Bearer realm="api"
	// 400 {"error":"invalid_request"}
	//     WWW-Authenticate: Bearer realm="api", error="invalid_request"
}

// A route for everybody, that knows its callers if they say who they are.
func ExampleOptionalToken() {
	issuer := bearergatetest.NewIssuer()
	optional := bearergate.OptionalToken(issuer.Verifier())
	catalogue := optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, ok := bearergate.TokenFrom(r.Context()); ok {
			fmt.Fprintln(w, "prices of", token.Subject())
			return
		}
		fmt.Fprintln(w, "public prices")
	}))
	show(catalogue, "/catalogue", "")
	show(catalogue, "/catalogue", issuer.AccessToken())
	show(catalogue, "/catalogue", issuer.AccessToken(bearergatetest.Expired())) // never counts as none

	orders := bearergate.Chain(optional, bearergate.RequireScope("orders:read"))(listProjects)
	show(orders, "/orders", "")
	// Output:
	// 200 public prices
	// 200 prices of user-1
	// 401 {"error":"invalid_token"}
	//     WWW-Authenticate: Bearer realm="api", error="invalid_token"
	// 401 {"error":"invalid_token"}
	//     WWW-Authenticate: Bearer realm="api"
}

func ExampleNewOpaqueVerifier() {
	stored := map[[sha256.Size]byte]bearergate.Claims{
		sha256.Sum256([]byte("bi_oat_4711")): {
			Type: bearergate.InstallationToken, InstallationID: "installation-1", ExpiresAt: time.Now().Add(time.Hour),
		},
	}
	lookup := func(_ context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
		claims, ok := stored[sum]
		if !ok {
			return bearergate.Claims{}, bearergate.ErrInvalidToken
		}
		return claims, nil
	}
	jwts := bearergatetest.NewIssuer().Verifier()
	verifier := bearergate.ByPrefix("bi_oat_", bearergate.NewOpaqueVerifier("bi_oat_", lookup), jwts)
	api := bearergate.RequireToken(verifier, bearergate.InstallationToken)(listProjects)
	show(api, "/projects", "bi_oat_4711")
	show(api, "/projects", "bi_oat_4712")
	// Output:
	// 200 projects for installation-1
	// 401 {"error":"invalid_token"}
	//     WWW-Authenticate: Bearer realm="api", error="invalid_token"
}

func ExampleRateLimit() {
	issuer := bearergatetest.NewIssuer()
	budget, err := bearergate.PerMinute(1)
	if err != nil {
		log.Fatal(err)
	}
	api := bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RateLimit(budget),
	)(listProjects)
	show(api, "/projects", issuer.InstallationToken(bearergatetest.WithInstallation("a")))
	show(api, "/projects", issuer.InstallationToken(bearergatetest.WithInstallation("a")))
	show(api, "/projects", issuer.InstallationToken(bearergatetest.WithInstallation("b")))
	// Output:
	// 200 projects for a
	// 429 {"error":"rate_limited"}
	//     Retry-After: 60
	// 200 projects for b
}

// A budget for each user, and one for all anonymous callers together.
func ExampleWithKey() {
	issuer := bearergatetest.NewIssuer()
	budget, err := bearergate.PerMinute(1)
	if err != nil {
		log.Fatal(err)
	}
	caller := func(r *http.Request) (string, error) {
		if _, ok := bearergate.TokenFrom(r.Context()); !ok {
			return "anonymous", nil
		}
		return bearergate.UserKey(r)
	}
	api := bearergate.Chain(
		bearergate.OptionalToken(issuer.Verifier()),
		bearergate.RateLimit(budget, bearergate.WithKey("caller", caller)),
	)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, w.Header().Get("RateLimit-Policy"))
	}))
	show(api, "/", issuer.AccessToken())
	show(api, "/", issuer.AccessToken())
	show(api, "/", "")
	show(api, "/", "")
	// Output:
	// 200 "caller";q=1;w=60
	// 429 {"error":"rate_limited"}
	//     Retry-After: 60
	// 200 "caller";q=1;w=60
	// 429 {"error":"rate_limited"}
	//     Retry-After: 60
}

func ExampleWithPlan() {
	issuer := bearergatetest.NewIssuer()
	free, err := bearergate.PerMinute(60)
	if err != nil {
		log.Fatal(err)
	}
	defer free.Close()
	pro, err := bearergate.PerMinute(6000)
	if err != nil {
		log.Fatal(err)
	}
	defer pro.Close()

	byPlan := func(r *http.Request) (bearergate.Limiter, error) {
		token, _ := bearergate.TokenFrom(r.Context())
		var claims struct {
			Plan string `json:"plan"`
		}
		if err := token.Decode(&claims); err != nil {
			return nil, err
		}
		if claims.Plan == "pro" {
			return pro, nil
		}
		return nil, nil // the one given to RateLimit
	}
	api := bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RateLimit(free, bearergate.WithKey("user", bearergate.UserKey), bearergate.WithPlan(byPlan)),
	)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, w.Header().Get("RateLimit-Policy"))
	}))
	show(api, "/", issuer.AccessToken())
	show(api, "/", issuer.AccessToken(bearergatetest.WithClaim("plan", "pro")))
	// Output:
	// 200 "user";q=60;w=60
	// 200 "user";q=6000;w=60
}

func ExampleLimitFailedAuthentication() {
	issuer := bearergatetest.NewIssuer()
	failures, err := bearergate.PerMinute(1)
	if err != nil {
		log.Fatal(err)
	}
	api := bearergate.Chain(
		bearergate.LimitFailedAuthentication(failures),
		bearergate.RequireToken(issuer.Verifier()),
	)(listProjects)
	show(api, "/projects", issuer.InstallationToken()) // costs nothing
	show(api, "/projects", "guess")
	show(api, "/projects", "guess")
	// Output:
	// 200 projects for installation-1
	// 401 {"error":"invalid_token"}
	//     WWW-Authenticate: Bearer realm="api", error="invalid_token"
	// 429 {"error":"rate_limited"}
	//     Retry-After: 60
}

func ExampleRequireGrant() {
	issuer := bearergatetest.NewIssuer()
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: "grant-1", OrganizationID: "acme"})
	grants.Put(bearergate.Grant{ID: "grant-2", OrganizationID: "acme"})
	mux := http.NewServeMux()
	mux.Handle("GET /installations/{grantId}", bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier(), bearergate.AccessToken),
		bearergate.RequireGrant(grants, bearergate.WithGrantInPath("grantId")),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		grant, _ := bearergate.GrantFrom(r.Context())
		fmt.Fprintln(w, grant.ID, "of", grant.OrganizationID)
	})))
	token := issuer.AccessToken(bearergatetest.WithGrant("grant-1"))
	show(mux, "/installations/grant-1", token)
	show(mux, "/installations/grant-2", token) // somebody else's: as if it were not there
	grants.Revoke("grant-1", time.Now())
	show(mux, "/installations/grant-1", token)
	// Output:
	// 200 grant-1 of acme
	// 404 {"error":"grant_not_found"}
	// 410 {"error":"grant_revoked"}
}

func ExampleRequireOrg() {
	organizationOfProject := func(r *http.Request) (string, error) {
		switch r.URL.Query().Get("project") {
		case "website":
			return "acme", nil
		case "intranet":
			return "umbrella", nil
		}
		return "", errors.New("dial tcp 10.0.0.7:5432: connection refused")
	}
	issuer := bearergatetest.NewIssuer()
	api := bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RequireOrg(organizationOfProject),
	)(listProjects)
	token := issuer.InstallationToken(bearergatetest.WithOrganization("acme"))
	show(api, "/?project=website", token)
	show(api, "/?project=intranet", token)
	show(api, "/?project=unknown", token) // the fault is not the client's
	// Output:
	// 200 projects for installation-1
	// 403 {"error":"wrong_organization"}
	// 503 {"error":"temporarily_unavailable"}
	//     Retry-After: 5
}

func ExampleRequireMembership() {
	member := func(_ context.Context, t *bearergate.Token, org string) (bool, error) {
		switch org {
		case "acme", "umbrella": // yours is a table
			return t.Subject() == bearergatetest.DefaultSubject, nil
		case "unreachable":
			return false, errors.New("dial tcp 10.0.0.7:5432: connection refused")
		}
		return false, nil
	}
	issuer := bearergatetest.NewIssuer()
	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RequireMembership(bearergate.PathValue("org"), member),
	)(listProjects))
	token := issuer.InstallationToken()
	show(mux, "/orgs/acme/projects", token)
	show(mux, "/orgs/umbrella/projects", token)
	show(mux, "/orgs/initech/projects", token)
	show(mux, "/orgs/unreachable/projects", token) // the fault is not the client's
	// Output:
	// 200 projects for installation-1
	// 200 projects for installation-1
	// 403 {"error":"wrong_organization"}
	// 503 {"error":"temporarily_unavailable"}
	//     Retry-After: 5
}

func ExampleRequireScope() {
	issuer := bearergatetest.NewIssuer()
	api := bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RequireScope("projects:read", "translations:publish"),
	)(listProjects)
	show(api, "/", issuer.InstallationToken(bearergatetest.WithScopes("projects:read")))
	// Output:
	// 403 {"error":"missing_scope","required":"translations:publish"}
	//     WWW-Authenticate: Bearer realm="api", error="insufficient_scope", scope="projects:read translations:publish"
}

func ExampleRequireAnyScope() {
	issuer := bearergatetest.NewIssuer()
	api := bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RequireAnyScope("projects:read", "projects:admin"),
	)(listProjects)
	show(api, "/", issuer.InstallationToken(bearergatetest.WithScopes("projects:admin")))
	// Output:
	// 200 projects for installation-1
}

func ExampleRequire() {
	api := bearergate.Require(func(r *http.Request) error {
		if r.URL.Query().Get("format") == "" {
			return fmt.Errorf("%w: no format", bearergate.ErrInvalidRequest)
		}
		return nil
	})(http.NotFoundHandler())
	show(api, "/export", "")
	// Output:
	// 400 {"error":"invalid_request"}
	//     WWW-Authenticate: Bearer realm="api", error="invalid_request"
}

func ExampleConfigure() {
	issuer := bearergatetest.NewIssuer()
	configure, err := bearergate.Configure(bearergate.Config{
		Realm:        "translations",
		ReferenceURL: "https://docs.example/errors",
		Observer: func(_ context.Context, d bearergate.Decision) {
			fmt.Printf("observed: %s, because %v\n", d.Code, d.Reason)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	api := configure(bearergate.RequireToken(issuer.Verifier())(listProjects))
	show(api, "/", issuer.InstallationToken(bearergatetest.WithClaim("aud", "another API")))
	// Output:
	// observed: invalid_token, because invalid_token: audience: got aud "another API", want aud "https://api.example"; the client has to ask for a token for this API, or see jwtverifier's Config.Audience
	// 401 {"error":"invalid_token"}
	//     WWW-Authenticate: Bearer realm="translations", error="invalid_token"
	//     Link: <https://docs.example/errors#invalid_token>; rel="help"
}

func ExampleRefuse() {
	issuer := bearergatetest.NewIssuer()
	api := bearergate.RequireToken(issuer.Verifier())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearergate.Refuse(w, r, fmt.Errorf("reading the project: %w", context.DeadlineExceeded))
	}))
	show(api, "/", issuer.InstallationToken())
	// Output:
	// 503 {"error":"temporarily_unavailable"}
	//     Retry-After: 5
}

func ExampleToken_Decode() {
	issuer := bearergatetest.NewIssuer()
	api := bearergate.RequireToken(issuer.Verifier())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := bearergate.TokenFrom(r.Context())
		var claims struct {
			Plan string `json:"plan"`
		}
		if err := token.Decode(&claims); err != nil {
			bearergate.Refuse(w, r, err)
			return
		}
		fmt.Fprintln(w, "on plan", claims.Plan)
	}))
	show(api, "/", issuer.InstallationToken(bearergatetest.WithClaim("plan", "pro")))
	// Output:
	// 200 on plan pro
}

// A cache in front of a grant store in a database. The function that revokes a grant
// reports it to the cache.
func ExampleNewCachedGrants() {
	store := new(bearergate.MemoryGrants) // yours, in a database
	grants, err := bearergate.NewCachedGrants(store, bearergate.CacheConfig{})
	if err != nil {
		log.Fatal(err)
	}
	revoke := func(_ context.Context, id string) error {
		defer grants.Forget(id) // also if the store failed: it may have revoked it
		return store.Revoke(id, time.Now())
	}

	ctx := context.Background()
	store.Put(bearergate.Grant{ID: "grant-1", OrganizationID: "acme"})
	before, _ := grants.Grant(ctx, "grant-1")
	revoke(ctx, "grant-1")
	after, _ := grants.Grant(ctx, "grant-1")
	fmt.Println(before.RevokedAt.IsZero(), after.RevokedAt.IsZero())
	// Output: true false
}
