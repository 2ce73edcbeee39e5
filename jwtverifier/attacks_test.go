package jwtverifier_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// quickTenant is a tenant with the shared keys of NewIssuer, which spares making them.
func quickTenant(p *provider, name string) *bearergatetest.Issuer {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := bearergatetest.NewIssuer()
	i.URL = "https://" + name + ".example"
	p.issuers[name] = i
	return i
}

var eddsa = bearergatetest.SignedWith(bearergatetest.EdDSA)

func TestPanicOfTheTenantListLeavesNoLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider()
		a := quickTenant(p, "a")
		var fail func()
		v := p.verifier(t, func(string) bool {
			if fail != nil {
				fail()
			}
			return true
		})
		token := a.AccessToken(eddsa)
		for range 2 {
			fail = func() { panic("known") }
			func() {
				defer func() { recover() }()
				v.VerifyToken(context.Background(), token)
			}()
			fail = nil
			accepts(t, v, token)
		}
	})
}

func TestDroppedTenantsAreSafeForConcurrentUse(t *testing.T) {
	p := newProvider()
	for i := range jwtverifier.MaxTenants + 50 {
		quickTenant(p, fmt.Sprint("t", i))
	}
	var calls atomic.Int64
	v := p.verifier(t, func(string) bool {
		n := calls.Add(1)
		if n%97 == 0 {
			panic("known")
		}
		return n%5 != 0
	})
	shared := bearergatetest.NewIssuer()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 400 {
				name := fmt.Sprint("t", (i*7+g*331)%(jwtverifier.MaxTenants+50))
				func() {
					defer func() { recover() }()
					token, err := v.VerifyToken(context.Background(), shared.AccessToken(eddsa, bearergatetest.WithClaim("iss", "https://"+name+".example")))
					if err == nil && token.Issuer() != "https://"+name+".example" {
						t.Errorf("got %s for %s", token.Issuer(), name)
					}
				}()
			}
		})
	}
	wg.Wait()
}

func TestExplainAgreesWithVerifyToken(t *testing.T) {
	config := func(c *jwtverifier.Config) {
		c.ScopeClaims = []jwtverifier.ClaimPath{{"realm_access", "roles"}, {"permissions"}}
		c.ClaimNames.OrganizationID = jwtverifier.ClaimPath{"org", "id"}
		c.RequiredClaims = map[string]string{"n": "1"}
		c.AdditionalAudiences = []string{"second"}
		c.TokenTypes = map[string]bearergate.TokenType{"app": bearergate.InstallationToken}
		c.ScopeHierarchy = map[string][]string{"a": {"b"}, "b": {"c", "a"}}
		c.SubjectOptional = true
	}
	v := newVerifier(t, config)
	without := newVerifier(t, func(c *jwtverifier.Config) { config(c); c.CacheSize = -1 })
	now := time.Now().Unix()
	values := []string{`null`, `true`, `0`, `1`, `1.0`, `""`, `"a"`, `"a b"`, `[]`, `["a","b c"]`, `{}`, `{"id":"x"}`, `{"id":1,"roles":["a"]}`, `{"roles":"a","roles":"b"}`, `"app"`, `"installation"`, `"second"`, `["x","second"]`, fmt.Sprint(now + 60), fmt.Sprint(now - 60), `1e300`, `{"jkt":"x"}`, `"\u0061"`, `"\ud800"`}
	names := []string{"sub", "nbf", "iat", "n", "type", "scope", "scp", "permissions", "realm_access", "org", "client_id", "azp", "grantId", "grant_id", "projectIds", "cnf", "jti", `\u006e`, "x"}
	accepted := 0
	for range 4000 {
		payload := fmt.Sprintf(`{"iss":%q,"exp":%d,"aud":%q`, issuer.URL, now+100, issuer.Audience)
		if rand.IntN(2) == 0 {
			payload += `,"n":1`
		}
		for range rand.IntN(4) {
			payload += fmt.Sprintf(`,"%s":%s`, names[rand.IntN(len(names))], values[rand.IntN(len(values))])
		}
		token := issuer.Token(eddsa, bearergatetest.Payload(payload+"}"))
		all := true
		for _, c := range v.Explain(context.Background(), token) {
			all = all && c.Result == jwtverifier.Passed
		}
		_, one := v.VerifyToken(context.Background(), token)
		_, two := v.VerifyToken(context.Background(), token)
		_, three := without.VerifyToken(context.Background(), token)
		if (one == nil) != all || (two == nil) != all || (three == nil) != all {
			t.Errorf("%s: Explain %v, VerifyToken %v, %v, %v", payload, all, one, two, three)
		}
		if all {
			accepted++
		}
	}
	t.Log(accepted, "accepted")
}
