package jwtverifier_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// provider is an identity provider with an issuer, and keys, for each tenant. It
// counts the requests to each.
type provider struct {
	mu       sync.Mutex
	issuers  map[string]*bearergatetest.Issuer
	requests map[string]int
	down     bool
}

func newProvider() *provider {
	return &provider{issuers: make(map[string]*bearergatetest.Issuer), requests: make(map[string]int)}
}

func (p *provider) tenant(name string) *bearergatetest.Issuer {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.issuers[name]
	if i == nil {
		i = tenant("https://" + name + ".example").Issuer
		p.issuers[name] = i
	}
	return i
}

func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	name := strings.TrimSuffix(r.URL.Host, ".example")
	p.mu.Lock()
	p.requests[name]++
	issuer, down := p.issuers[name], p.down
	p.mu.Unlock()
	if down || issuer == nil {
		return nil, errors.New("connection refused")
	}
	return (&keyServer{Issuer: issuer, header: http.Header{}}).RoundTrip(r)
}

func (p *provider) asked() (total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range p.requests {
		total += n
	}
	return total
}

// verifier knows the tenants that known names at the time.
func (p *provider) verifier(t *testing.T, known func(name string) bool) bearergate.Verifier {
	t.Helper()
	v, err := jwtverifier.ByTenant(jwtverifier.Config{Audience: bearergatetest.DefaultAudience}, func(issuer string) (bool, error) {
		name, ok := strings.CutPrefix(issuer, "https://")
		return ok && known(strings.TrimSuffix(name, ".example")), nil
	}, jwtverifier.WithTransport(p))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// everyone is a tenant.
func everyone(string) (bool, error) { return true, nil }

// Rules: S3c.2, S3c.3, S3c.41.
func TestTokensOfEachTenantAreVerifiedWithItsKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		a, b := p.tenant("a"), p.tenant("b")
		v := p.verifier(t, func(string) bool { return true })
		for range 2 {
			for _, i := range []*bearergatetest.Issuer{a, b} {
				if got := accepts(t, v, i.AccessToken()).Issuer(); got != i.URL {
					t.Errorf("got %q, want %q", got, i.URL)
				}
			}
		}
		if got := p.asked(); got != 4 { // metadata and keys of each
			t.Errorf("got %d requests, want 4", got)
		}
		refuses(t, v, a.AccessToken(bearergatetest.WithClaim("iss", b.URL)))
		refuses(t, v, b.AccessToken(bearergatetest.WithClaim("iss", a.URL)))
	})
}

// Rules: S3a.16, S3c.4, S3c.41.
func TestUnknownTenantCostsNoFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		stranger := p.tenant("stranger")
		v := p.verifier(t, func(name string) bool { return name == "a" })
		for _, iss := range []any{stranger.URL, "https://a.example/", "http://a.example", "", 1, nil, []string{"https://a.example"}} {
			refuses(t, v, stranger.AccessToken(bearergatetest.WithClaim("iss", iss)))
		}
		refuses(t, v, stranger.AccessToken(bearergatetest.WithoutClaim("iss")))
		if got := p.asked(); got != 0 {
			t.Errorf("got %d requests, want none", got)
		}
	})
}

// Rules: S3c.42.
func TestTenantThatLeftIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, left := newProvider(), false
		a := p.tenant("a")
		v := p.verifier(t, func(string) bool { return !left })
		token := a.AccessToken()
		accepts(t, v, token)
		left = true
		refuses(t, v, token)
		left = false
		accepts(t, v, token)
	})
}

// Rules: S3c.28.
func TestTenantWhoseKeysCannotBeHadIsNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		a := p.tenant("a")
		p.down = true
		cannotTell(t, p.verifier(t, func(string) bool { return true }), a.AccessToken())
	})
}

func TestIssuerThatIsNoURLIsNoFaultOfTheToken(t *testing.T) {
	v, err := jwtverifier.ByTenant(jwtverifier.Config{Audience: bearergatetest.DefaultAudience}, everyone)
	if err != nil {
		t.Fatal(err)
	}
	cannotTell(t, v, issuer.AccessToken(bearergatetest.WithClaim("iss", "kubernetes/serviceaccount")))
}

// Rules: S3c.43.
func TestKeysOfTenantsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		v := p.verifier(t, func(string) bool { return true })
		shared := bearergatetest.NewIssuer() // its keys serve all, which spares making them
		token := func(name string) string {
			p.mu.Lock()
			defer p.mu.Unlock()
			i := bearergatetest.NewIssuer()
			i.URL = "https://" + name + ".example"
			p.issuers[name] = i
			return shared.AccessToken(bearergatetest.SignedWith(bearergatetest.EdDSA), bearergatetest.WithClaim("iss", i.URL))
		}
		accepts(t, v, token("first"))
		accepts(t, v, token("second"))
		for n := range jwtverifier.MaxTenants - 1 {
			accepts(t, v, token(fmt.Sprint("t", n)))
			if n%100 == 0 { // a token of its own each time
				accepts(t, v, shared.AccessToken(bearergatetest.WithClaim("iss", "https://second.example"), bearergatetest.WithClaim("jti", n)))
			}
		}
		for name, want := range map[string]int{"first": 4, "second": 2} { // metadata and keys, twice and once
			accepts(t, v, shared.AccessToken(bearergatetest.WithClaim("iss", "https://"+name+".example"), bearergatetest.WithClaim("jti", "last")))
			p.mu.Lock()
			if got := p.requests[name]; got != want {
				t.Errorf("%s: got %d requests, want %d", name, got, want)
			}
			p.mu.Unlock()
		}
	})
}

// Rules: S3c.43.
func TestKeysOfADroppedTenantEndWithItsCachedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		v := p.verifier(t, func(string) bool { return true })
		shared := bearergatetest.NewIssuer()
		tenant := func(name string) string {
			i := bearergatetest.NewIssuer()
			i.URL = "https://" + name + ".example"
			p.mu.Lock()
			p.issuers[name] = i
			p.mu.Unlock()
			return shared.AccessToken(bearergatetest.SignedWith(bearergatetest.EdDSA), bearergatetest.WithClaim("iss", i.URL), bearergatetest.ExpiresIn(24*time.Hour))
		}
		first := tenant("first")
		accepts(t, v, first)
		for n := range jwtverifier.MaxTenants {
			accepts(t, v, tenant(fmt.Sprint("t", n)))
		}
		time.Sleep(time.Hour)
		accepts(t, v, first) // with keys of its own again, and not with those that were dropped
		synctest.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		if got, want := p.requests["first"], 4; got != want {
			t.Errorf("got %d requests, want %d: metadata and keys, twice", got, want)
		}
	})
}

// forged returns a token of the tenant that nobody of the tenant signed.
func forged(issuer string) string {
	return bearergatetest.NewStranger().AccessToken(bearergatetest.SignedWith(bearergatetest.EdDSA), bearergatetest.WithClaim("iss", issuer))
}

// Rules: S3c.43, S3c.44.
func TestForgedTokensOfTenantsDisplaceNoKeysAndFetchLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		v := p.verifier(t, func(string) bool { return true })
		good := p.tenant("good")
		accepts(t, v, good.AccessToken())
		before := p.asked()
		for n := range 3000 {
			v.VerifyToken(t.Context(), forged(fmt.Sprintf("https://t%d.example", n%1500)))
		}
		synctest.Wait()
		if got := p.asked() - before; got > 200 { // metadata at two places
			t.Errorf("got %d requests for forged tokens, want at most 200", got)
		}
		cannotTell(t, v, p.tenant("late").AccessToken())
		time.Sleep(11 * time.Second)
		accepts(t, v, p.tenant("late").AccessToken())

		p.mu.Lock()
		p.down = true
		p.mu.Unlock()
		for n := range 3000 {
			v.VerifyToken(t.Context(), forged(fmt.Sprintf("https://t%d.example", n)))
		}
		accepts(t, v, good.AccessToken(bearergatetest.WithClaim("jti", "new"))) // its key is known
	})
}

// Rules: S3c.45.
func TestTenantListThatCannotTellRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		a := p.tenant("a")
		var failure error
		v, err := jwtverifier.ByTenant(jwtverifier.Config{Audience: bearergatetest.DefaultAudience},
			func(string) (bool, error) { return failure == nil, failure }, jwtverifier.WithTransport(p))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time from the cache
			failure = fmt.Errorf("%w: not loaded", bearergate.ErrInvalidToken)
			cannotTell(t, v, a.AccessToken())
			failure = nil
			accepts(t, v, a.AccessToken())
		}
	})
}

func TestTenantsConfigIsTheVerifiersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		a := p.tenant("a")
		required := map[string]string{"token_use": "access"}
		v, err := jwtverifier.ByTenant(jwtverifier.Config{Audience: bearergatetest.DefaultAudience, RequiredClaims: required},
			everyone, jwtverifier.WithTransport(p))
		if err != nil {
			t.Fatal(err)
		}
		delete(required, "token_use")
		refuses(t, v, a.AccessToken())
		accepts(t, v, a.AccessToken(bearergatetest.WithClaim("token_use", "access")))
	})
}

func TestTokensOfTenantsAndIssuersAreExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		a := p.tenant("a")
		tenants, err := jwtverifier.ByTenant(jwtverifier.Config{Audience: bearergatetest.DefaultAudience},
			func(issuer string) (bool, error) { return issuer == a.URL, nil }, jwtverifier.WithTransport(p))
		if err != nil {
			t.Fatal(err)
		}
		issuers, err := jwtverifier.ByIssuer(a.Verifier())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []interface {
			Explain(context.Context, string) []jwtverifier.Check
		}{tenants, issuers} {
			if got := v.Explain(t.Context(), a.AccessToken()); failing(got) != "" {
				t.Errorf("a good token: got %q failed, want none", failing(got))
			}
			if got := v.Explain(t.Context(), a.AccessToken(bearergatetest.Expired())); failing(got) != "expiry" {
				t.Errorf("an expired token: got %q failed, want expiry", failing(got))
			}
			if got := v.Explain(t.Context(), issuer.AccessToken()); failing(got) != "issuer" || len(got) != 2 || got[1].Found != `iss "https://issuer.example"` {
				t.Errorf("a stranger's token: got %+v, want that the issuer failed", got)
			}
		}
		for _, v := range []interface {
			bearergate.Verifier
			Explain(context.Context, string) []jwtverifier.Check
		}{new(jwtverifier.Tenants), new(jwtverifier.Issuers), new(jwtverifier.Verifier), (*jwtverifier.Tenants)(nil), (*jwtverifier.Issuers)(nil)} {
			cannotTell(t, v, a.AccessToken())
			if got := v.Explain(t.Context(), a.AccessToken()); len(got) != 1 || got[0].Result != jwtverifier.Undecided {
				t.Errorf("%T: got %+v, want it undecided", v, got)
			}
		}
	})
}

// failing returns the name of the first check that did not pass.
func failing(checks []jwtverifier.Check) string {
	for _, c := range checks {
		if c.Result != jwtverifier.Passed {
			return c.Name
		}
	}
	return ""
}

func TestTenantsConfigurationFaultsAreNamedTogether(t *testing.T) {
	_, err := jwtverifier.ByTenant(jwtverifier.Config{Issuer: "https://a.example", Leeway: jwtverifier.MaxLeeway + 1}, nil, jwtverifier.WithMaxWait(0))
	for _, part := range []string{"an Issuer or Keys", "no function", "WithMaxWait"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %s in it", err, part)
		}
	}
	if _, err = jwtverifier.ByTenant(jwtverifier.Config{}, everyone); err == nil || !strings.Contains(err.Error(), "Audience") {
		t.Errorf("got %v, want Audience in it", err)
	}
}
