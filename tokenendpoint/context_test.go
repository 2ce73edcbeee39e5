package tokenendpoint_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// watched is a store, and all else that an endpoint calls, that watches its contexts.
type watched struct {
	tokenendpoint.Store
	watch func(ctx context.Context, call string)
}

type requestKey struct{}

func (w watched) SaveCode(ctx context.Context, sum tokenendpoint.Sum, c tokenendpoint.AuthorizationCode) error {
	w.watch(ctx, "SaveCode")
	return w.Store.SaveCode(ctx, sum, c)
}

func (w watched) Code(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.AuthorizationCode, bool, error) {
	w.watch(ctx, "Code")
	return w.Store.Code(ctx, sum)
}

func (w watched) Consume(ctx context.Context, sum tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
	w.watch(ctx, "Consume")
	return w.Store.Consume(ctx, sum, at, first)
}

func (w watched) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	w.watch(ctx, "Family")
	return w.Store.Family(ctx, id)
}

func (w watched) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (bool, error) {
	w.watch(ctx, "ReplaceFamily")
	return w.Store.ReplaceFamily(ctx, f)
}

func (w watched) configure(c *tokenendpoint.Config) {
	w.Store = c.Store
	issue, clients, grants := c.Issue, c.Clients, c.Grants
	c.Store, c.UsesReported = w, true
	c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
		w.watch(ctx, "Issue")
		return issue(ctx, a)
	}
	c.Clients = tokenendpoint.ClientStoreFunc(func(ctx context.Context, id string) (tokenendpoint.Client, error) {
		w.watch(ctx, "Clients")
		return clients.Client(ctx, id)
	})
	c.Grants = bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
		w.watch(ctx, "Grants")
		return grants.Grant(ctx, id)
	})
	c.Revoked = func(ctx context.Context, _ tokenendpoint.Authorization) error {
		w.watch(ctx, "Revoked")
		return nil
	}
}

// TestContextOfTheRequestReachesEveryCall has an endpoint redeem, refresh, repeat,
// fail and revoke.
func TestContextOfTheRequestReachesEveryCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		tr := newTrial(t, watched{watch: func(ctx context.Context, call string) {
			calls++
			if ctx.Value(requestKey{}) == nil || ctx.Err() != nil {
				t.Errorf("%s: got the context %v, want that of the request", call, ctx)
			}
		}}.configure)
		ctx := context.WithValue(t.Context(), requestKey{}, true)
		newCode := func() string {
			code, err := tr.NewCode(ctx, tokenendpoint.CodeRequest{
				Authorization: tokenendpoint.Authorization{ClientID: "app", GrantID: "grant"}, RedirectURI: redirectURI, CodeChallenge: challenge, CodeChallengeMethod: "S256",
			})
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		use := func(token tokens) {
			tr.ReportUse(ctx, bearergate.NewToken(bearergate.Claims{ID: idOf(token)}))
		}
		code := newCode()
		first := tr.succeeds(asApp(exchange(code)).WithContext(ctx))
		second := tr.succeeds(asApp(refreshing(first.RefreshToken)).WithContext(ctx))
		tr.succeeds(asApp(refreshing(first.RefreshToken)).WithContext(ctx))
		tr.refuses(asApp(refreshing(second.RefreshToken, "scope", "x")).WithContext(ctx), bearergate.ErrInvalidRequest)
		use(second)
		time.Sleep(time.Minute)
		use(second)
		tr.refuses(asApp(refreshing(first.RefreshToken)).WithContext(ctx), bearergate.ErrInvalidGrant)
		tr.refuses(asApp(refreshing(second.RefreshToken)).WithContext(ctx), bearergate.ErrInvalidGrant)
		other := newCode()
		tr.succeeds(asApp(exchange(other)).WithContext(ctx))
		tr.refuses(asApp(exchange(other)).WithContext(ctx), bearergate.ErrInvalidGrant)
		if calls < 40 {
			t.Errorf("got %d calls, want 40 or more", calls)
		}
	})
}
