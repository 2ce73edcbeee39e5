package tokenendpoint_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/internal/audit"
	"github.com/google/go-cmp/cmp"
)

func (tr *trial) observed(r *http.Request) (facts audit.Facts) {
	tr.ask(r.WithContext(context.WithValue(r.Context(), audit.Key{}, func(_ *http.Request, f audit.Facts) { facts = f })))
	return facts
}

func TestObserverLearnsWhoseRequestItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		code := tr.code()
		exchanged := tr.observed(asApp(exchange(code)))
		if exchanged.Family == "" {
			t.Errorf("got the facts %+v of an exchange, want the family", exchanged)
		}
		first := tr.succeeds(asApp(exchange(tr.code())))
		all := audit.Facts{ClientID: "app", GrantID: "grant", Subject: "user", Family: tr.family(first).Authorization.Family}
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
			{"wrong secret", 0, as(post(exchange("c").Encode()), "app", "x"), audit.Facts{ClientID: "app"}},
		} {
			time.Sleep(c.after)
			if diff := cmp.Diff(c.want, tr.observed(c.request)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		}
	})
}
