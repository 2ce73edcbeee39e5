package code_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

func budgetsByKey(perUser, perOrganization bearergate.Limiter) []bearergate.Middleware {
	return []bearergate.Middleware{
		bearergate.RateLimit(perOrganization, bearergate.WithKey("organization", bearergate.OrganizationKey)),
		bearergate.RateLimit(perUser, bearergate.WithKey("user", bearergate.UserKey)),
	}
}

func budgetsByPlan(free, pro bearergate.Limiter) bearergate.Middleware {
	return bearergate.RateLimit(free, bearergate.WithKey("user", bearergate.UserKey),
		bearergate.WithPlan(func(r *http.Request) (bearergate.Limiter, error) {
			token, found := bearergate.TokenFrom(r.Context())
			if found && token.HasScope("plan:pro") {
				return pro, nil
			}
			return nil, nil // the limiter of RateLimit
		}))
}

func anonymousToo(verifier bearergate.Verifier, article, comment http.HandlerFunc) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /articles/{id}", bearergate.OptionalToken(verifier)(http.HandlerFunc(article)))
	mux.Handle("POST /articles/{id}/comments", bearergate.Chain(
		bearergate.RequireToken(verifier),
		bearergate.RequireScope("comments:write"),
	)(http.HandlerFunc(comment)))
	return mux
}

func article(w http.ResponseWriter, r *http.Request) {
	token, signedIn := bearergate.TokenFrom(r.Context())
	if !signedIn {
		fmt.Fprintln(w, "the article")
		return
	}
	fmt.Fprintln(w, "the article, for", token.Subject())
}

func twoRoutes(mux *http.ServeMux, verifier bearergate.Verifier, budget bearergate.Limiter, listProjects, createProject http.HandlerFunc) {
	guarded := bearergate.Chain(
		bearergate.RequireToken(verifier),
		bearergate.RateLimit(budget, bearergate.WithKey("user", bearergate.UserKey)),
	)
	mux.Handle("GET /projects", bearergate.Chain(guarded, bearergate.RequireScope("projects:read"))(http.HandlerFunc(listProjects)))
	mux.Handle("POST /projects", bearergate.Chain(guarded, bearergate.RequireScope("projects:write"))(http.HandlerFunc(createProject)))
}

type members interface {
	IsMember(ctx context.Context, user, org string) (bool, error)
}

func membership(users members) bearergate.Middleware {
	return bearergate.RequireMembership(bearergate.PathValue("org"),
		func(ctx context.Context, token *bearergate.Token, org string) (bool, error) {
			return users.IsMember(ctx, token.Subject(), org) // an error is 503
		})
}

type acmeOnly struct{}

func (acmeOnly) IsMember(_ context.Context, user, org string) (bool, error) {
	return user == bearergatetest.DefaultSubject && org == "acme", nil
}

func TestBudgetsOfGuardsPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	budget, failures, err := limits()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { budget.Close(); failures.Close() })
	once, err := bearergate.PerMinute(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { once.Close() })
	token := bearergate.RequireToken(issuer.Verifier())
	free, pro := issuer.AccessToken(), issuer.AccessToken(bearergatetest.WithScopes("plan:pro"))

	api := bearergate.Chain(token, budgetsByPlan(once, budget))(ok)
	for i, try := range []struct {
		token string
		want  int
	}{{free, 200}, {free, 429}, {pro, 200}, {pro, 200}} {
		if got := status(api, "GET", "/", try.token); got != try.want {
			t.Errorf("request %d: got %d, want %d", i, got, try.want)
		}
	}
	api = bearergate.Chain(append([]bearergate.Middleware{token}, budgetsByKey(budget, failures)...)...)(ok)
	if got := status(api, "GET", "/", free); got != 200 {
		t.Errorf("by key: got %d, want 200", got)
	}
}

func TestTwoRoutesOfReadme(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	budget, err := bearergate.PerMinute(1000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { budget.Close() })
	mux := http.NewServeMux()
	twoRoutes(mux, issuer.Verifier(), budget, ok, ok)
	write := issuer.Token(bearergatetest.WithScopes("projects:write"))
	for _, try := range []struct {
		method, target string
		want           int
	}{{"GET", "/projects", 403}, {"POST", "/projects", 200}} {
		if got := status(mux, try.method, try.target, write); got != try.want {
			t.Errorf("%s %s: got %d, want %d", try.method, try.target, got, try.want)
		}
	}
}

func TestAnonymousCallersOfGuardsPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	api := anonymousToo(issuer.Verifier(), article, ok)
	for _, try := range []struct {
		method, target, token string
		want                  int
	}{
		{"GET", "/articles/1", "", 200},
		{"GET", "/articles/1", issuer.Token(), 200},
		{"GET", "/articles/1", issuer.Token(bearergatetest.Expired()), 401},
		{"POST", "/articles/1/comments", "", 401},
		{"POST", "/articles/1/comments", issuer.Token(bearergatetest.WithScopes("comments:write")), 200},
	} {
		if got := status(api, try.method, try.target, try.token); got != try.want {
			t.Errorf("%s %s: got %d, want %d", try.method, try.target, got, try.want)
		}
	}
}

func TestMembershipOfGuardsPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}", bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), membership(acmeOnly{}))(ok))
	for org, want := range map[string]int{"acme": 200, "umbrella": 403} {
		if got := status(mux, "GET", "/orgs/"+org, issuer.Token()); got != want {
			t.Errorf("%s: got %d, want %d", org, got, want)
		}
	}
}
