package tokenendpoint_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func (tr *trial) observed(r *http.Request) (facts audit.Facts) {
	tr.ask(r.WithContext(context.WithValue(r.Context(), audit.Key{}, func(_ *http.Request, f audit.Facts) { facts = f })))
	return facts
}

func ofFamily(r *tokenendpoint.CodeRequest) { r.FamilyID = "family" }

func TestObserverLearnsWhoseRequestItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		code := tr.code()
		exchanged := tr.observed(asApp(exchange(code)))
		if exchanged.Family == "" {
			t.Errorf("got the facts %+v of an exchange, want the family", exchanged)
		}
		first := tr.succeeds(asApp(exchange(tr.code())))
		all := audit.Facts{ClientID: "app", GrantID: "grant", Subject: "user", Family: tr.family(first).Authorization.FamilyID}
		with := func(change func(*audit.Facts)) audit.Facts {
			f := all
			change(&f)
			return f
		}
		second := tr.refresh(first)
		for _, c := range []struct {
			name    string
			after   time.Duration
			request *http.Request
			want    audit.Facts
		}{
			{"replayed code", 0, asApp(exchange(code)), audit.Facts{ClientID: "app", GrantID: "grant", Subject: "user", Family: exchanged.Family, Theft: audit.CodeReplayed}},
			{"refresh in grace", 0, asApp(refreshing(first.RefreshToken)), with(func(f *audit.Facts) { f.Repeated = true })},
			{"refused refresh", 0, asApp(refreshing(second.RefreshToken, "scope", "admin")), all},
			{"refresh", 0, asApp(refreshing(second.RefreshToken)), all},
			{"reuse", time.Minute, asApp(refreshing(first.RefreshToken)), with(func(f *audit.Facts) { f.Theft = audit.RefreshTokenReused })},
			{"after the revocation", 0, asApp(refreshing(second.RefreshToken)), all},
			{"unknown refresh token", 0, asApp(refreshing("unknown")), audit.Facts{ClientID: "app"}},
			{"unused code", 0, asApp(exchange(tr.code(), "code_verifier", "")), audit.Facts{ClientID: "app", GrantID: "grant", Subject: "user"}},
			{"unused code, asked for with a family", 0, asApp(exchange(tr.code(ofFamily), "code_verifier", "")), audit.Facts{ClientID: "app", GrantID: "grant", Subject: "user"}},
			{"wrong secret", 0, as(post(exchange("c").Encode()), "app", "x"), audit.Facts{ClientID: "app"}},
		} {
			time.Sleep(c.after)
			if diff := cmp.Diff(c.want, tr.observed(c.request)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		}
	})
}

// behind puts guards around the endpoint of the trial.
func (tr *trial) behind(c bearergate.Config, guards ...bearergate.Middleware) http.Handler {
	tr.Helper()
	configure, err := bearergate.Configure(c)
	if err != nil {
		tr.Fatal(err)
	}
	return bearergate.Chain(append([]bearergate.Middleware{configure}, guards...)...)(tr.Endpoint)
}

func status(h http.Handler, r *http.Request) int {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Code
}

func TestEachTokenRequestIsOneDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		var seen []bearergate.Decision
		api := tr.behind(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) { seen = append(seen, d) }})
		family := tr.family(first).Authorization.FamilyID
		second := tr.refresh(first)
		status(api, asApp(refreshing(second.RefreshToken)))
		time.Sleep(time.Minute)
		status(api, asApp(refreshing(first.RefreshToken)))
		status(api, as(post(exchange("c").Encode()), "app", "x"))
		want := []bearergate.Decision{
			{ClientID: "app", GrantID: "grant", Subject: "user", Family: family, Method: "POST"},
			{Code: bearergate.ErrInvalidGrant, ClientID: "app", GrantID: "grant", Subject: "user", Family: family, Method: "POST", Theft: bearergate.RefreshTokenReused},
			{Code: bearergate.ErrInvalidClient, ClientID: "app", Method: "POST"},
		}
		if diff := cmp.Diff(want, seen, cmpopts.IgnoreFields(bearergate.Decision{}, "Reason", "Duration")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Rules: S6.25, S6.43.
func TestGuessesAtTheEndpointAreLimitedByAddressAndByClient(t *testing.T) {
	limiter, err := bearergate.PerMinute(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { limiter.Close() })
	tr := newTrial(t)
	api := tr.behind(bearergate.Config{}, bearergate.LimitFailedAuthentication(limiter))
	ask := func(address string, r *http.Request) int {
		r.RemoteAddr = address + ":1234"
		return status(api, r)
	}
	for i, r := range []*http.Request{as(post(exchange("c").Encode()), "app", "wrong"), asApp(exchange("guessed")), asApp(refreshing("guessed"))} {
		if got := ask(fmt.Sprintf("192.0.2.%d", i+1), r); got != http.StatusUnauthorized {
			t.Errorf("guess %d: got %d, want 401", i, got)
		}
	}
	for address, want := range map[string]int{"192.0.2.1": http.StatusTooManyRequests, "192.0.2.2": http.StatusOK, "198.51.100.1": http.StatusOK} {
		if got := ask(address, asApp(exchange(tr.code()))); got != want {
			t.Errorf("%s, after three guesses for the client: got %d, want %d", address, got, want)
		}
	}
	for range 3 {
		ask("203.0.113.1", as(post(exchange("c").Encode()), "nobody", "wrong"))
	}
	if got := ask("203.0.113.1", as(post(exchange("c").Encode()), "public", "")); got != http.StatusTooManyRequests {
		t.Errorf("an address after three guesses: got %d, want 429", got)
	}
}

// Rules: S7.17, S7.20.
func TestReasonSaysWhichPartOfTheCredentialsIsWrong(t *testing.T) {
	tr := newTrial(t)
	var reason error
	configure, err := bearergate.Configure(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) { reason = d.Reason }})
	if err != nil {
		t.Fatal(err)
	}
	observed := configure(tr)
	for want, r := range map[string]*http.Request{
		"malformed Authorization":              basic(post(exchange("c").Encode()), "Basic", "app"),
		"the client authenticates in two ways": asApp(exchange("c", "client_secret", "x")),
		"the scheme is not Basic":              basic(post(exchange("c").Encode()), "Token", "app:x"),
		"the secret is not the client's":       as(post(exchange("c").Encode()), "app", "x"),
		"the client is not public":             as(post(exchange("c").Encode()), "app", ""),
	} {
		observed.ServeHTTP(httptest.NewRecorder(), r)
		if got := fmt.Sprint(reason); !strings.Contains(got, want) {
			t.Errorf("got the reason %q, want one with %q", got, want)
		}
	}
}
