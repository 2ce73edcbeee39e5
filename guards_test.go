package bearergate_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// Rules: S1.18, S3a.43, S3a.46, S4.1, S4.2, S4.3.
func TestScopes(t *testing.T) {
	held := bearergatetest.InstallationClaims("projects:read", "a", "*", "B")
	for _, c := range []struct {
		name  string
		guard bearergate.Middleware
		body  string // empty: passes
	}{
		{"one", bearergate.RequireScope("a"), ""},
		{"all", bearergate.RequireScope("a", "projects:read", "B"), ""},
		{"one of all is missing", bearergate.RequireScope("a", "c", "B"), `"c"`},
		{"the missing ones, in declared order", bearergate.RequireScope("z", "a", "c"), `"z c"`},
		{"declared twice", bearergate.RequireScope("z", "a", "z"), `"z"`},
		{"case matters", bearergate.RequireScope("A"), `"A"`},
		{"no wildcards", bearergate.RequireScope("projects:write"), `"projects:write"`},
		{"no prefixes", bearergate.RequireScope("projects"), `"projects"`},
		{"any", bearergate.RequireAnyScope("z", "a"), ""},
		{"none of any", bearergate.RequireAnyScope("z", "y"), `"z"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.body == "" {
				passes(t, c.guard, as(held))
				return
			}
			got := refuses(t, c.guard, as(held), bearergate.ErrMissingScope)
			if want := `{"error":"missing_scope","required":` + c.body + "}\n"; got.Body != want {
				t.Errorf("got %q, want %q", got.Body, want)
			}
		})
	}
	refuses(t, bearergate.RequireScope("a"), as(bearergatetest.InstallationClaims()), bearergate.ErrMissingScope)
}

// Rules: S4.7, S4.9, S4.10.
func TestOrganizationIsComparedByteForByte(t *testing.T) {
	guard := bearergate.RequireOrg(func(r *http.Request) (string, error) { return r.PathValue("org"), nil })
	claims := bearergatetest.InstallationClaims()
	for _, org := range []string{"acme", "a/c", "ac\x00me", "ünï", ".."} {
		claims.OrganizationID = org
		passes(t, guard, with(as(claims), "org", org))
		for _, other := range []string{org + " ", "x" + org, org[:len(org)-1], "ACME"} {
			if other != "" {
				refuses(t, guard, with(as(claims), "org", other), bearergate.ErrWrongOrganization)
			}
		}
	}
	claims.OrganizationID = ""
	refuses(t, guard, with(as(claims), "org", "acme"), bearergate.ErrWrongOrganization)
	refuses(t, guard, with(as(claims), "org", ""), bearergate.ErrServerError)
}

// Rules: S1.15, S4.8.
func TestSelectorsErrorSetsTheAnswer(t *testing.T) {
	guard := bearergate.RequireOrg(func(*http.Request) (string, error) {
		return "acme", fmt.Errorf("no such project: %w", bearergate.ErrGrantNotFound)
	})
	refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrGrantNotFound)
}

func TestGrantIsThereForTheHandler(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	want := bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "acme"}
	grants.Put(want)
	var got bearergate.Grant
	bearergate.RequireGrant(grants)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, _ = bearergate.GrantFrom(r.Context())
	})).ServeHTTP(nil, as(bearergatetest.InstallationClaims()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, ok := bearergate.GrantFrom(as(bearergatetest.InstallationClaims()).Context()); ok {
		t.Error("there is a grant without RequireGrant")
	}
}

// Rules: S4.29.
func TestGrantsOrganizationStandsForTheTokens(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "moved"})
	guard := bearergate.Chain(bearergate.RequireGrant(grants), bearergate.RequireOrg(bearergate.PathValue("org")))
	passes(t, guard, with(as(bearergatetest.InstallationClaims()), "org", "moved"))
	refuses(t, guard, with(as(bearergatetest.InstallationClaims()), "org", "acme"), bearergate.ErrWrongOrganization)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID})
	refuses(t, guard, with(as(bearergatetest.InstallationClaims()), "org", "acme"), bearergate.ErrWrongOrganization)
}

// ownGrants embeds a store, and has a Grant of its own.
type ownGrants struct{ *bearergate.MemoryGrants }

func (ownGrants) Grant(context.Context, string) (bearergate.Grant, error) {
	return bearergate.Grant{}, bearergate.ErrGrantNotFound
}

func TestStoreThatEmbedsAnotherIsAskedItself(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID})
	passes(t, bearergate.RequireGrant(grants), as(bearergatetest.InstallationClaims()))
	refuses(t, bearergate.RequireGrant(ownGrants{grants}), as(bearergatetest.InstallationClaims()), bearergate.ErrGrantNotFound)
	refuses(t, bearergate.RequireGrant(&ownGrants{grants}), as(bearergatetest.InstallationClaims()), bearergate.ErrGrantNotFound)
}

// TestHandlerCannotChangeAGrant changes the grant that Put was given, and that the
// handler received.
func TestHandlerCannotChangeAGrant(t *testing.T) {
	store := new(bearergate.MemoryGrants)
	want := bearergate.Grant{ID: bearergatetest.DefaultGrantID, Scopes: []string{"a", "b"}, ProjectIDs: []string{"p"}}
	given := bearergate.Grant{ID: want.ID, Scopes: slices.Clone(want.Scopes), ProjectIDs: slices.Clone(want.ProjectIDs)}
	store.Put(given)
	given.Scopes[0] = "changed"
	cached, err := bearergate.NewCachedGrants(store, bearergate.CacheConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, grants := range []bearergate.GrantStore{store, cached} {
		for range 2 {
			passes(t, bearergate.Chain(bearergate.RequireGrant(grants), bearergate.Require(func(r *http.Request) error {
				got, _ := bearergate.GrantFrom(r.Context())
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%T (-want +got):\n%s", grants, diff)
				}
				got.Scopes[0], got.ProjectIDs[0] = "changed", "changed"
				return nil
			})), as(bearergatetest.InstallationClaims()))
		}
	}
}

// TestGrantOfAnEarlierTokenDoesNotCount holds that a second RequireToken starts
// anew: its token's organization is not overruled by another token's grant.
//
// Rules: S3.12.
func TestGrantOfAnEarlierTokenDoesNotCount(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "first"})
	guard := bearergate.Chain(
		bearergate.RequireGrant(grants),
		bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())),
		bearergate.RequireOrg(bearergate.PathValue("org")))
	r := as(bearergatetest.InstallationClaims())
	r.Header.Set("Authorization", "Bearer token")
	refuses(t, guard, with(r, "org", "first"), bearergate.ErrWrongOrganization)
}

// Rules: S4.26.
func TestGrantStoreThatAnswersAnotherGrantCannotTell(t *testing.T) {
	for _, answer := range []bearergate.Grant{{}, {ID: "grant-2"}} {
		guard := bearergate.RequireGrant(bearergate.GrantStoreFunc(func(context.Context, string) (bearergate.Grant, error) { return answer, nil }))
		refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
	}
}

// TestTokenWithoutGrantIsNotLookedUp holds also where a store would answer
// something for the empty id.
//
// Rules: S4.24.
func TestTokenWithoutGrantIsNotLookedUp(t *testing.T) {
	claims := bearergatetest.InstallationClaims()
	claims.GrantID = ""
	for _, err := range []error{nil, errInner} {
		guard := bearergate.RequireGrant(bearergate.GrantStoreFunc(func(context.Context, string) (bearergate.Grant, error) { return bearergate.Grant{}, err }))
		refuses(t, guard, as(claims), bearergate.ErrGrantNotFound)
	}
}

// Rules: S4.25.
func TestAnyTimeOfRevocationRevokes(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	for _, at := range []time.Time{time.Unix(1, 0), time.Now().Add(time.Hour)} {
		grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, RevokedAt: at})
		refuses(t, bearergate.RequireGrant(grants), as(bearergatetest.InstallationClaims()), bearergate.ErrGrantRevoked)
	}
}

// Rules: S4.23, S4.27, S4.28.
func TestRouteOfAnotherGrantTellsNothing(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	own := bearergatetest.DefaultGrantID
	for _, id := range []string{own, "live", "revoked"} {
		grants.Put(bearergate.Grant{ID: id, OrganizationID: "acme"})
	}
	grants.Revoke("revoked", time.Now())
	asked := 0
	guard := bearergate.RequireGrant(bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
		asked++
		return grants.Grant(ctx, id)
	}), bearergate.WithGrantInPath("grantId"))
	passes(t, guard, with(as(bearergatetest.InstallationClaims()), "grantId", own))
	asked = 0
	live := refuses(t, guard, with(as(bearergatetest.InstallationClaims()), "grantId", "live"), bearergate.ErrGrantNotFound)
	for _, id := range []string{"revoked", "deleted", own + " ", "GRANT-1"} {
		got := refuses(t, guard, with(as(bearergatetest.InstallationClaims()), "grantId", id), bearergate.ErrGrantNotFound)
		if diff := cmp.Diff(live, got); diff != "" {
			t.Errorf("%q is told from a live grant:\n%s", id, diff)
		}
	}
	if asked > 0 {
		t.Errorf("the store was asked %d times", asked)
	}
	grants.Revoke(own, time.Now())
	refuses(t, guard, with(as(bearergatetest.InstallationClaims()), "grantId", own), bearergate.ErrGrantRevoked)
}

func TestMemoryGrants(t *testing.T) {
	ctx := context.Background()
	grants := new(bearergate.MemoryGrants)
	if _, err := grants.Grant(ctx, "g"); err != bearergate.ErrGrantNotFound {
		t.Errorf("got %v, want ErrGrantNotFound", err)
	}
	if err := grants.Revoke("g", time.Now()); err != bearergate.ErrGrantNotFound {
		t.Errorf("got %v, want ErrGrantNotFound", err)
	}
	grants.Put(bearergate.Grant{ID: "g", OrganizationID: "acme"})
	first := time.Unix(1, 0)
	for _, at := range []time.Time{first, time.Unix(2, 0)} {
		if err := grants.Revoke("g", at); err != nil {
			t.Error(err)
		}
	}
	got, err := grants.Grant(ctx, "g")
	if want := (bearergate.Grant{ID: "g", OrganizationID: "acme", RevokedAt: first}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if err := grants.Put(bearergate.Grant{ID: "g", OrganizationID: "acme"}); err != bearergate.ErrGrantRevoked {
		t.Errorf("an active grant over a revoked one: got %v, want ErrGrantRevoked", err)
	}
	if got, _ := grants.Grant(ctx, "g"); !got.RevokedAt.Equal(first) {
		t.Errorf("got revoked at %v, want %v, as before", got.RevokedAt, first)
	}
	if err := grants.Put(bearergate.Grant{ID: "g", OrganizationID: "other", RevokedAt: first}); err != nil {
		t.Errorf("a revoked grant over a revoked one: got %v, want no error", err)
	}
	grants.Delete("g")
	if _, err := grants.Grant(ctx, "g"); err != bearergate.ErrGrantNotFound {
		t.Errorf("got %v, want ErrGrantNotFound", err)
	}
}

// TestOrderDecidesTheAnswer holds section 5: who is refused for two reasons is
// told the first.
//
// Rules: S5.1, S5.2, S5.3.
func TestOrderDecidesTheAnswer(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: "active", OrganizationID: "acme"})
	grants.Put(bearergate.Grant{ID: "revoked", OrganizationID: "other"})
	grants.Revoke("revoked", time.Now())
	limit := func(requests uint64) bearergate.Middleware { return bearergate.RateLimit(budgetOf(t, requests)) }
	route := func(limit bearergate.Middleware) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(
			bearergate.RequireToken(issuer.Verifier(), bearergate.InstallationToken),
			limit,
			bearergate.RequireGrant(grants),
			bearergate.RequireOrg(bearergate.PathValue("org")),
			bearergate.RequireScope("projects:read"),
		)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		return mux
	}
	good := []bearergatetest.TokenOption{bearergatetest.WithGrant("active"), bearergatetest.WithScopes("projects:read")}
	for _, c := range []struct {
		name   string
		org    string
		token  string
		status int
	}{
		{"good", "acme", issuer.InstallationToken(good...), 200},
		{"expired, without scope", "acme", issuer.InstallationToken(bearergatetest.Expired()), 401},
		{"revoked grant of a wrong organization", "acme", issuer.InstallationToken(bearergatetest.WithGrant("revoked")), 410},
		{"deleted grant, without scope", "acme", issuer.InstallationToken(bearergatetest.WithGrant("deleted")), 404},
		{"wrong organization, without scope", "umbrella", issuer.InstallationToken(bearergatetest.WithGrant("active")), 403},
	} {
		rec := httptest.NewRecorder()
		route(limit(1)).ServeHTTP(rec, bearergatetest.NewRequest("GET", "/orgs/"+c.org+"/projects", c.token))
		if rec.Code != c.status {
			t.Errorf("%s: got %d, want %d", c.name, rec.Code, c.status)
		}
	}
	handler := route(limit(1))
	revoked := bearergatetest.NewRequest("GET", "/orgs/acme/projects", issuer.InstallationToken(bearergatetest.WithGrant("revoked")))
	for _, want := range []int{410, 429} {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, revoked)
		if rec.Code != want {
			t.Errorf("revoked grant with a budget of 1: got %d, want %d", rec.Code, want)
		}
	}
}

// TestGuardsKeepStateAcrossApplications holds for bridges that wrap the handler
// anew for every request, as echo's and gin's may.
func TestGuardsKeepStateAcrossApplications(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 1))
	passes(t, guard, as(bearergatetest.InstallationClaims()))
	refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrRateLimited)
}

// TestConnectOfAnUncleanPathIsAnswered is a path that net/http's mux matches and
// cannot tell the parameters of.
func TestConnectOfAnUncleanPathIsAnswered(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/orgs/{org}/projects", bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()), bearergate.RequireOrg(bearergate.PathValue("org")),
	)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	server := httptest.NewServer(mux)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "CONNECT /orgs//projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", issuer.AccessToken())
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusInternalServerError && resp.StatusCode != http.StatusNotFound {
		t.Errorf("answered %d", resp.StatusCode)
	}
}
