package jwtverifier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// tenant is an issuer with keys of its own.
func tenant(url string) *keyServer {
	s := newKeyServer()
	s.URL = url
	s.Rotate()
	s.Retire()
	return s
}

// Rules: S3a.60, S3c.2, S3c.3.
func TestTokensAreGivenToTheirIssuersVerifierAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := tenant("https://a.example"), tenant("https://b.example")
		v, err := jwtverifier.ByIssuer(a.verifier(t), b.verifier(t))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time from the cache
			if got := accepts(t, v, a.AccessToken()).Issuer(); got != a.URL {
				t.Errorf("got %q, want %q", got, a.URL)
			}
			if got := accepts(t, v, b.AccessToken()).Issuer(); got != b.URL {
				t.Errorf("got %q, want %q", got, b.URL)
			}
		}
		a.wantRequests(t, 1)
		b.wantRequests(t, 1)

		// Each issuer's keys sign for itself alone, under whichever id.
		refuses(t, v, a.AccessToken(bearergatetest.WithClaim("iss", b.URL)))
		refuses(t, v, b.AccessToken(bearergatetest.WithClaim("iss", a.URL)))
		if a.requests.Load() > 1 || b.requests.Load() > 1 {
			t.Errorf("got %d and %d requests after forgeries under known key ids, want 1 each", a.requests.Load(), b.requests.Load())
		}
	})
}

// Rules: S3a.16, S3c.4.
func TestUnknownIssuerCostsNoFetch(t *testing.T) {
	a, b := tenant("https://a.example"), tenant("https://b.example")
	v, err := jwtverifier.ByIssuer(a.verifier(t), b.verifier(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, iss := range []any{"https://c.example", "https://a.example/", "https://A.example", "", 1, nil, []string{a.URL}, map[string]any{"iss": a.URL}} {
		refuses(t, v, a.AccessToken(bearergatetest.WithClaim("iss", iss)))
	}
	refuses(t, v, a.AccessToken(bearergatetest.WithoutClaim("iss")))
	for _, payload := range []string{
		`{}`, `[]`, `"https://a.example"`, `{"ISS":"https://a.example"}`, `{"x":{"iss":"https://a.example"}}`, `{"iss"`, "\xff",
	} {
		refuses(t, v, a.AccessToken(bearergatetest.Payload(payload)))
	}
	a.wantRequests(t, 0)
	b.wantRequests(t, 0)
}

// Rules: S3c.3.
func TestIssuerNamedTwiceIsRefusedByBoth(t *testing.T) {
	a, b := tenant("https://a.example"), tenant("https://b.example")
	v, err := jwtverifier.ByIssuer(a.verifier(t), b.verifier(t))
	if err != nil {
		t.Fatal(err)
	}
	good := decode(t, strings.Split(a.AccessToken(), ".")[1])
	for _, payload := range []string{
		strings.Replace(good, "{", `{"iss":"https://b.example",`, 1),
		strings.Replace(good, "{", `{"\u0069ss":"https://a.example",`, 1),
		strings.TrimSuffix(good, "}") + `,"iss":"https://b.example"}`,
	} {
		refuses(t, v, a.AccessToken(bearergatetest.Payload(payload)))
		refuses(t, v, b.AccessToken(bearergatetest.Payload(payload)))
	}
}

func TestOutageOfOneIssuerIsNotTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := tenant("https://a.example"), tenant("https://b.example")
		a.fail(fmt.Errorf("down"))
		v, err := jwtverifier.ByIssuer(a.verifier(t), b.verifier(t))
		if err != nil {
			t.Fatal(err)
		}
		cannotTell(t, v, a.AccessToken())
		accepts(t, v, b.AccessToken())
	})
}

// Rules: S3a.51, S3c.2.
func TestPolicyIsThatOfTheIssuersVerifier(t *testing.T) {
	a, b := bearergatetest.NewIssuer(), bearergatetest.NewIssuer()
	a.URL, b.URL = "https://a.example", "https://b.example"
	configA, configB := a.Config(), b.Config()
	configA.Audience, configA.RequireTypeATJWT = "https://other.example", true
	configB.ClaimNames.OrganizationID = jwtverifier.ClaimPath{"tenant"}
	va, err := jwtverifier.New(configA)
	if err != nil {
		t.Fatal(err)
	}
	configB.CacheSize = -1
	vb, err := jwtverifier.New(configB)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jwtverifier.ByIssuer(va, vb)
	if err != nil {
		t.Fatal(err)
	}
	refuses(t, v, a.AccessToken())
	other := bearergatetest.WithClaim("aud", configA.Audience)
	accepts(t, v, a.AccessToken(other))
	refuses(t, v, a.AccessToken(other, bearergatetest.WithHeader("typ", "JWT")))
	if got := accepts(t, v, b.AccessToken(bearergatetest.WithHeader("typ", "JWT"), bearergatetest.WithClaim("tenant", "acme-2"))).OrganizationID(); got != "acme-2" {
		t.Errorf("got %q, want acme-2", got)
	}
	refuses(t, v, b.AccessToken(other))
}

// Rules: S3c.8.
func TestIssuersThatCannotBeToldApartAreAnError(t *testing.T) {
	a := issuer.Verifier()
	other := issuer.Config()
	other.Issuer = "https://other.example"
	shared := other
	shared.Keys = issuer.Config().Keys
	first := issuer.Config()
	first.Keys = shared.Keys
	for name, c := range map[string]struct {
		vs   []*jwtverifier.Verifier
		want []string
	}{
		"none":           {nil, []string{"needs a verifier"}},
		"nil":            {[]*jwtverifier.Verifier{a, nil}, []string{"nil as verifier 1"}},
		"zero":           {[]*jwtverifier.Verifier{a, new(jwtverifier.Verifier)}, []string{"as verifier 1 one that New did not return"}},
		"one issuer":     {[]*jwtverifier.Verifier{a, issuer.Verifier()}, []string{`two verifiers of the issuer "https://issuer.example"`}},
		"one key source": {[]*jwtverifier.Verifier{newVerifierOf(t, first), newVerifierOf(t, shared)}, []string{"share a KeySource", "https://other.example"}},
		"all of it":      {[]*jwtverifier.Verifier{nil, a, a}, []string{"nil as verifier 0", "two verifiers"}},
	} {
		_, err := jwtverifier.ByIssuer(c.vs...)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", name, err, want)
			}
		}
	}
	if _, err := jwtverifier.ByIssuer(a); err != nil {
		t.Error(err)
	}
}

func newVerifierOf(t *testing.T, c jwtverifier.Config) *jwtverifier.Verifier {
	t.Helper()
	v, err := jwtverifier.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func byIssuer(t *testing.T, vs ...*jwtverifier.Verifier) bearergate.Verifier {
	t.Helper()
	v, err := jwtverifier.ByIssuer(vs...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestCacheThatIsOffStaysOff has tokens of issuers with a cache and without.
func TestCacheThatIsOffStaysOff(t *testing.T) {
	tenantOf := func(url string, cacheSize int) (*bearergatetest.Issuer, *jwtverifier.Verifier) {
		i := bearergatetest.NewIssuer()
		i.URL = url
		config := i.Config()
		config.CacheSize = cacheSize
		return i, newVerifierOf(t, config)
	}
	for _, c := range []struct{ a, b int }{{-1, -1}, {8, -1}, {-1, 0}, {8, 8}, {0, 0}} {
		a, va := tenantOf("https://a.example", c.a)
		b, vb := tenantOf("https://b.example", c.b)
		v := byIssuer(t, va, vb)
		for _, m := range []struct {
			issuer *bearergatetest.Issuer
			size   int
		}{{a, c.a}, {b, c.b}} {
			token := m.issuer.AccessToken()
			for time := range 3 {
				if got, want := cacheHit(t, v, token), time > 0 && m.size >= 0; got != want {
					t.Errorf("cache sizes %d and %d, %s, time %d: got a cache hit %v, want %v", c.a, c.b, m.issuer.URL, time, got, want)
				}
			}
		}
	}
}

// TestSharedCacheIsAsLargeAsThoseOfItsVerifiersTogether puts more tokens into the
// cache than one of its verifiers has places for, and reads them from the last
// back, so that one that is not there pushes out none that was not read yet.
func TestSharedCacheIsAsLargeAsThoseOfItsVerifiersTogether(t *testing.T) {
	const size = 512
	a, mintA := secretVerifierOf(t, "https://a.example", size)
	b, mintB := secretVerifierOf(t, "https://b.example", size)
	off, mintOff := secretVerifierOf(t, "https://off.example", -1)
	v := byIssuer(t, a, b, off)
	var tokens []string
	for n := range size * 3 / 4 {
		tokens = append(tokens, mintA(n), mintB(n))
		for _, token := range append(tokens[2*n:2*n+2:2*n+2], mintOff(n)) {
			accepts(t, v, token)
		}
	}
	hits := 0
	for _, token := range slices.Backward(tokens) {
		if cacheHit(t, v, token) {
			hits++
		}
	}
	if hits <= size {
		t.Errorf("got %d of %d tokens kept, want more than the %d of one verifier", hits, len(tokens), size)
	}
}
