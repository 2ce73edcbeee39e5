package installation_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/internal/tokenid"
)

var family = strings.Repeat("f", 42) + "A"

// ofFamily gives an access token an id of the family.
func ofFamily() bearergatetest.TokenOption {
	return bearergatetest.WithClaim("jti", tokenid.ID{Family: family, Generation: 7}.New())
}

// newReporting returns a service that reports uses.
func newReporting(t *testing.T, report installation.UseReporter) *service {
	s := newService(t, bearergate.Grant{})
	config := s.config()
	config.ReportUse = report
	mux := http.NewServeMux()
	mux.Handle("POST /installations/{grantId}/tokens", newInstallations(t, config).Mint())
	mux.Handle("GET /", s.Handler)
	s.Handler = mux
	return s
}

// Rules: S7.45.
func TestMintReportsTheAccessTokenBeforeAndAfterItIssues(t *testing.T) {
	var seen []string
	var s *service
	s = newReporting(t, func(_ context.Context, access *bearergate.Token) error {
		seen = append(seen, fmt.Sprint(access.Type(), " ", access.GrantID(), " with ", s.tokens.Len(), " minted"))
		return nil
	})
	if _, got := s.mint(s.issuer.AccessToken(), ""); got.Status != 201 {
		t.Errorf("got %d %s, want 201", got.Status, got.Body)
	}
	if got, want := fmt.Sprint(seen), "[access grant-1 with 0 minted access grant-1 with 1 minted]"; got != want {
		t.Errorf("got the reports %s, want %s", got, want)
	}
}

// Rules: S7.45.
func TestMintFailsIfTheUseCannotBeReported(t *testing.T) {
	for err, want := range map[error]int{
		errDown: 503, fmt.Errorf("gone: %w", bearergate.ErrInvalidToken): 401, &bearergate.Error{Code: bearergate.ErrForbidden}: 403,
	} {
		for failing := range 2 {
			calls := 0
			s := newReporting(t, func(context.Context, *bearergate.Token) error {
				if calls++; calls > failing {
					return err
				}
				return nil
			})
			if token, got := s.mint(s.issuer.AccessToken(), ""); got.Status != want || token != "" {
				t.Errorf("%v at call %d: got %d %s, want %d", err, failing, got.Status, got.Body, want)
			}
			if got := s.tokens.Len(); got != failing {
				t.Errorf("%v at call %d: got %d tokens saved, want %d", err, failing, got, failing)
			}
		}
	}
}

// Rules: S7.34.
func TestRevokedFamilysInstallationTokensEnd(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	ofIt, _ := s.mint(s.issuer.AccessToken(ofFamily()), "")
	other, _ := s.mint(s.issuer.AccessToken(bearergatetest.WithClaim("jti", tokenid.ID{Family: family[1:] + "A", Generation: 7}.New())), "")
	without, _ := s.mint(s.issuer.AccessToken(), "")
	for range 2 {
		if err := s.tokens.RevokeFamily(t.Context(), family); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		token string
		want  int
	}{"of the family": {ofIt, 401}, "of another": {other, 200}, "of none": {without, 200}} {
		if got := s.get(c.token); got.Status != c.want {
			t.Errorf("%s: got %d %s, want %d", name, got.Status, got.Body, c.want)
		}
	}
}

// revoking revokes the grant while the body arrives.
type revoking struct {
	io.Reader
	revoke func()
}

func (r revoking) Read(p []byte) (int, error) {
	r.revoke()
	return r.Reader.Read(p)
}

// Rules: S7.59.
func TestGrantThatEndsWhileTheBodyArrivesMintsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*service)
		want int
	}{
		"revoked": {func(s *service) { s.grants.Revoke(bearergatetest.DefaultGrantID, time.Now()) }, 410},
		"deleted": {func(s *service) { s.grants.Delete(bearergatetest.DefaultGrantID) }, 404},
	} {
		s := newService(t, bearergate.Grant{})
		r := s.request("POST", installationPath+"/tokens", s.issuer.AccessToken(), "{}")
		r.Body = io.NopCloser(revoking{strings.NewReader("{}"), func() { c.end(s) }})
		if got := s.ask(r); got.Status != c.want || s.tokens.Len() > 0 {
			t.Errorf("%s: got %d %s and %d tokens, want %d and none", name, got.Status, got.Body, s.tokens.Len(), c.want)
		}
	}
}

// grantsThat answer a second time as the function does.
type grantsThat struct {
	bearergate.GrantStore
	again func() (bearergate.Grant, error)
	calls int
}

func (g *grantsThat) Grant(ctx context.Context, id string) (bearergate.Grant, error) {
	if g.calls++; g.calls > 1 {
		return g.again()
	}
	return g.GrantStore.Grant(ctx, id)
}

// Rules: S7.59, S7.64.
func TestGrantStoreThatFailsAfterTheBodyIs503(t *testing.T) {
	for name, again := range map[string]func() (bearergate.Grant, error){
		"an error":      func() (bearergate.Grant, error) { return bearergate.Grant{}, errDown },
		"another grant": func() (bearergate.Grant, error) { return bearergate.Grant{ID: "other"}, nil },
	} {
		s := newService(t, bearergate.Grant{})
		config := s.config()
		config.Grants = &grantsThat{GrantStore: &s.grants, again: again}
		mux := http.NewServeMux()
		mux.Handle("POST /installations/{grantId}/tokens", newInstallations(t, config).Mint())
		s.Handler = mux
		if _, got := s.mint(s.issuer.AccessToken(), ""); got.Status != 503 {
			t.Errorf("%s: got %d %s, want 503", name, got.Status, got.Body)
		}
	}
}

// Rules: S7.56.
func TestProjectsOfTheMintedTokenAreInTheAnswer(t *testing.T) {
	s := newService(t, bearergate.Grant{ProjectIDs: []string{"p2", "p1"}})
	for body, want := range map[string]string{"": `"projectIds":["p2","p1"]}`, `{"projectIds":["p1"]}`: `"projectIds":["p1"]}`} {
		if _, got := s.mint(s.issuer.AccessToken(), body); !strings.HasSuffix(got.Body, want+"\n") {
			t.Errorf("%s: got %s, want %s", body, got.Body, want)
		}
	}
}

// TestEntryThatIsNoScopeTokenBecomesNoScope has a verifier that passes on an array's
// entries as they are.
//
// Rules: S7.57.
func TestEntryThatIsNoScopeTokenBecomesNoScope(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	config := s.config()
	config.AccessTokens = bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) {
		return bearergate.NewToken(bearergate.Claims{
			Type: bearergate.AccessToken, GrantID: bearergatetest.DefaultGrantID, Scopes: []string{"x admin", "read", "", "y\x00"}, ExpiresAt: time.Now().Add(time.Hour),
		}), nil
	})
	mux := http.NewServeMux()
	mux.Handle("POST /installations/{grantId}/tokens", newInstallations(t, config).Mint())
	s.Handler = mux
	if _, got := s.mint("access", ""); !strings.Contains(got.Body, `"scope":"read"`) {
		t.Errorf("got %s, want the scope read alone", got.Body)
	}
}

func TestMintingAndRevocationAreObserved(t *testing.T) {
	for method, path := range map[string]string{"POST": installationPath + "/tokens", "DELETE": installationPath} {
		s := newService(t, bearergate.Grant{})
		var got audit.Facts
		r := s.request(method, path, s.issuer.AccessToken(ofFamily()), "")
		if answer := s.ask(r.WithContext(context.WithValue(t.Context(), audit.Key{}, func(_ *http.Request, f audit.Facts) { got = f }))); answer.Status > 204 {
			t.Errorf("%s: got %d %s, want success", method, answer.Status, answer.Body)
		}
		if want := (audit.Facts{ClientID: "app-1", GrantID: "grant-1", Family: family, Subject: "user-1"}); got != want {
			t.Errorf("%s: got the facts %+v, want %+v", method, got, want)
		}
	}
}

func TestMintHandlerNeedsGrants(t *testing.T) {
	const want = "installation: MintConfig.Grants is nil; use the GrantStore of RequireGrant"
	_, err := installation.MintHandler(installation.MintConfig{Issue: func(context.Context, bearergate.Claims) (string, error) { return "", errors.New("") }})
	if got := fmt.Sprint(err); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
