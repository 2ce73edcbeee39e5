package installation_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
)

type requestKey struct{}

// savingIn is a store of tokens that watches the context of Save.
type savingIn struct {
	installation.TokenStore
	watch func(ctx context.Context, call string)
}

func (s savingIn) Save(ctx context.Context, sum [sha256.Size]byte, c bearergate.Claims) error {
	s.watch(ctx, "Save")
	return s.TokenStore.Save(ctx, sum, c)
}

func TestContextOfTheRequestReachesEveryCall(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	var calls []string
	watch := func(ctx context.Context, call string) {
		calls = append(calls, call)
		if ctx.Value(requestKey{}) == nil || ctx.Err() != nil {
			t.Errorf("%s: got the context %v, want that of the request", call, ctx)
		}
	}
	config := s.config()
	config.Tokens = savingIn{config.Tokens, watch}
	config.Grants = bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
		watch(ctx, "Grant")
		return s.grants.Grant(ctx, id)
	})
	config.ReportUse = func(ctx context.Context, _ *bearergate.Token) error { watch(ctx, "ReportUse"); return nil }
	config.RevokeTokens = func(ctx context.Context, _ string) error { watch(ctx, "RevokeTokens"); return nil }
	config.RevokeGrant = func(ctx context.Context, _ string) error { watch(ctx, "RevokeGrant"); return nil }
	installations := newInstallations(t, config)
	mux := http.NewServeMux()
	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint())
	mux.Handle("DELETE /installations/{grantId}", installations.Revoke())
	for _, c := range []struct{ method, path, want string }{
		{"POST", installationPath + "/tokens", "[Grant Grant ReportUse Save ReportUse]"},
		{"DELETE", installationPath, "[Grant ReportUse RevokeTokens RevokeGrant]"},
	} {
		calls = nil
		r := s.request(c.method, c.path, s.issuer.AccessToken(), "")
		serve(mux, r.WithContext(context.WithValue(r.Context(), requestKey{}, true)))
		if got := fmt.Sprint(calls); got != c.want {
			t.Errorf("%s: got the calls %s, want %s", c.method, got, c.want)
		}
	}
}
