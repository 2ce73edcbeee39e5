package jwtverifier_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

type (
	config  = jwtverifier.Config
	path    = jwtverifier.ClaimPath
	options = []bearergatetest.TokenOption
)

func claim(name string, value any) bearergatetest.TokenOption {
	return bearergatetest.WithClaim(name, value)
}

func without(name string) bearergatetest.TokenOption { return bearergatetest.WithoutClaim(name) }

// Rules: S3a.21, S3a.23, S3a.24, S3a.28, S3a.29, S3a.31, S3a.52, S3a.64, S3a.65.
func TestTokenIsAcceptedAsConfigured(t *testing.T) {
	installation := map[string]bearergate.TokenType{"app": bearergate.InstallationToken}
	for _, c := range []struct {
		name string
		set  func(*config)
		opts options
		good bool
	}{
		{"an additional audience", func(c *config) { c.AdditionalAudiences = []string{"b", "c"} }, options{claim("aud", []string{"x", "c"})}, true},
		{"the audience beside additional ones", func(c *config) { c.AdditionalAudiences = []string{"b"} }, nil, true},
		{"another audience", func(c *config) { c.AdditionalAudiences = []string{"b"} }, options{claim("aud", "x")}, false},

		{"client_id in place of aud", func(c *config) { c.AudienceClaim = path{"client_id"} }, options{without("aud"), claim("client_id", bearergatetest.DefaultAudience)}, true},
		{"another client_id in place of aud", func(c *config) { c.AudienceClaim = path{"client_id"} }, options{without("aud")}, false},
		{"client_id and an aud that agree", func(c *config) { c.AudienceClaim = path{"client_id"} }, options{claim("client_id", bearergatetest.DefaultAudience)}, true},
		{"client_id with a foreign aud", func(c *config) { c.AudienceClaim = path{"client_id"} }, options{claim("aud", "x"), claim("client_id", bearergatetest.DefaultAudience)}, false},
		{"aud without client_id", func(c *config) { c.AudienceClaim = path{"client_id"} }, options{without("client_id")}, false},
		{"a list in place of aud", func(c *config) { c.AudienceClaim = path{"resource", "names"} }, options{without("aud"), claim("resource", map[string]any{"names": []string{"x", bearergatetest.DefaultAudience}})}, true},
		{"a number in a list in place of aud", func(c *config) { c.AudienceClaim = path{"names"} }, options{without("aud"), claim("names", []any{bearergatetest.DefaultAudience, 1})}, false},
		{"no aud where none is configured", nil, options{without("aud"), claim("client_id", bearergatetest.DefaultAudience)}, false},

		{"a further typ", func(c *config) { c.HeaderTypes = []string{"application/okta-internal-at+jwt"} }, options{bearergatetest.WithHeader("typ", "application/okta-internal-at+jwt")}, true},
		{"a further typ in its short form", func(c *config) { c.HeaderTypes = []string{"application/own+jwt"} }, options{bearergatetest.WithHeader("typ", "OWN+jwt")}, true},
		{"a further typ in its long form", func(c *config) { c.HeaderTypes = []string{"own+jwt"} }, options{bearergatetest.WithHeader("typ", "Application/own+jwt")}, true},
		{"a typ beside the further one", func(c *config) { c.HeaderTypes = []string{"own+jwt"} }, options{bearergatetest.WithHeader("typ", "dpop+jwt")}, false},
		{"JWT beside a further typ", func(c *config) { c.HeaderTypes = []string{"own+jwt"} }, options{bearergatetest.WithHeader("typ", "JWT")}, true},
		{"a further typ beside at+jwt alone", func(c *config) { c.HeaderTypes, c.RequireTypeATJWT = []string{"own+jwt"}, true }, options{bearergatetest.WithHeader("typ", "own+jwt")}, true},
		{"JWT where at+jwt is required", func(c *config) { c.HeaderTypes, c.RequireTypeATJWT = []string{"own+jwt"}, true }, options{bearergatetest.WithHeader("typ", "JWT")}, false},

		{"no sub where it is optional", func(c *config) { c.SubjectOptional = true }, options{without("sub")}, true},
		{"an empty sub where it is optional", func(c *config) { c.SubjectOptional = true }, options{claim("sub", "")}, false},
		{"a null sub where it is optional", func(c *config) { c.SubjectOptional = true }, options{claim("sub", nil)}, false},

		{"a required value", func(c *config) { c.RequiredClaims = map[string]string{"token_use": "access"} }, options{claim("token_use", "access")}, true},
		{"another value", func(c *config) { c.RequiredClaims = map[string]string{"token_use": "access"} }, options{claim("token_use", "id")}, false},
		{"no value", func(c *config) { c.RequiredClaims = map[string]string{"token_use": "access"} }, nil, false},
		{"a list that has the value", func(c *config) { c.RequiredClaims = map[string]string{"token_use": "access"} }, options{claim("token_use", []string{"access"})}, false},
		{"one of two values", func(c *config) { c.RequiredClaims = map[string]string{"a": "1", "b": "2"} }, options{claim("a", "1"), claim("b", "3")}, false},
		{"two values", func(c *config) { c.RequiredClaims = map[string]string{"a": "1", "b": "2"} }, options{claim("a", "1"), claim("b", "2")}, true},
		{"a number as it is written", func(c *config) { c.RequiredClaims = map[string]string{"ver": "1"} }, options{claim("ver", 1)}, true},
		{"a boolean as it is written", func(c *config) { c.RequiredClaims = map[string]string{"email_verified": "true"} }, options{claim("email_verified", true)}, true},
		{"null as it is written", func(c *config) { c.RequiredClaims = map[string]string{"a": "null"} }, options{claim("a", nil)}, false},
		{"an empty value for a claim that is absent", func(c *config) { c.RequiredClaims = map[string]string{"a": ""} }, nil, false},
		{"a claim that is a fact too", func(c *config) { c.RequiredClaims = map[string]string{"client_id": bearergatetest.DefaultClientID} }, nil, true},
		{"a value with an escape", func(c *config) { c.RequiredClaims = map[string]string{"a": "é"} }, options{claim("a", json.RawMessage(`"\u00e9"`))}, true},

		{"a foreign type with a meaning", func(c *config) { c.TokenTypes = installation }, options{claim("type", "app")}, true},
		{"a foreign type without one", func(c *config) { c.TokenTypes = installation }, options{claim("type", "refresh")}, false},

		{"spellings of the client that agree", nil, options{claim("azp", bearergatetest.DefaultClientID)}, true},
		{"spellings of the client that disagree", nil, options{claim("azp", "other")}, false},
		{"azp where client_id is configured", func(c *config) { c.ClaimNames.ClientID = path{"client_id"} }, options{claim("azp", "other")}, true},
		{"an id in an object", func(c *config) { c.ClaimNames.OrganizationID = path{"org", "id"} }, options{claim("org", map[string]any{"id": 7})}, true},
		{"an object in place of an id", func(c *config) { c.ClaimNames.OrganizationID = path{"org"} }, options{claim("org", map[string]any{"id": 7})}, false},
		{"an id in what is no object", func(c *config) { c.ClaimNames.OrganizationID = path{"org", "id"} }, options{claim("org", "acme")}, false},
		{"an id in null", func(c *config) { c.ClaimNames.OrganizationID = path{"org", "id"} }, options{claim("org", nil)}, false},
		{"a member twice on the way", func(c *config) { c.ClaimNames.OrganizationID = path{"org", "id"} }, options{claim("org", json.RawMessage(`{"id":"a","id":"b"}`))}, false},
		{"a jti of any type", nil, options{claim("jti", map[string]any{})}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVerifier(t, c.set)
			token := issuer.AccessToken(c.opts...)
			for range 2 { // the second time from the cache
				if c.good {
					accepts(t, v, token)
				} else {
					refuses(t, v, token)
				}
			}
		})
	}
}

// Rules: S3a.40, S3a.41, S3a.42, S3a.44, S3a.45, S3a.47.
func TestScopesAreUnited(t *testing.T) {
	nested := func(roles any) bearergatetest.TokenOption {
		return claim("realm_access", map[string]any{"roles": roles, "other": 1})
	}
	claims := []path{{"permissions"}, {"realm_access", "roles"}, {"https://example.com/roles"}}
	many := make([]string, 600)
	for i := range many {
		many[i] = strings.Repeat("x", 1+i%100) + string(rune('a'+i/100))
	}
	for _, c := range []struct {
		name      string
		hierarchy map[string][]string
		opts      options
		want      []string // nil: the token is refused
	}{
		{"none", nil, options{without("scope")}, []string{}},
		{"two of the usual claims", nil, options{claim("scope", "a b"), claim("scp", []string{"b", "c"})}, []string{"a", "b", "c"}},
		{"one twice in a claim, and in another", nil, options{claim("scope", "a"), claim("scp", []string{"a", "b", "b"})}, []string{"a", "b"}},
		{"claims by configuration", nil, options{claim("scope", "a"), claim("permissions", []string{"b"}), nested([]string{"c"}), claim("https://example.com/roles", "d e")}, []string{"a", "b", "c", "d", "e"}},
		{"an empty array beside a string", nil, options{claim("scope", "a"), claim("permissions", []string{})}, []string{"a"}},
		{"entries that are no scopes", nil, options{claim("permissions", []string{"Report Viewer", "b", "", "ü", `q"`, "tab\t"})}, []string{"b"}},
		{"an object without the member", nil, options{claim("scope", "a"), claim("realm_access", map[string]any{"x": 1})}, []string{"a"}},
		{"an object in place of an array", nil, options{claim("permissions", map[string]any{"a": 1})}, nil},
		{"an array with a number", nil, options{nested([]any{"a", 1})}, nil},
		{"null", nil, options{claim("permissions", nil)}, nil},
		{"an array on the way", nil, options{claim("realm_access", []string{"roles"})}, nil},
		{"many in two claims", nil, options{claim("scope", strings.Join(many[:400], " ")), claim("permissions", many[200:])}, many},

		{"what a scope implies", map[string][]string{"manage:all": {"write", "audit"}, "write": {"read"}}, options{claim("scope", "x manage:all")}, []string{"x", "manage:all", "write", "audit", "read"}},
		{"nothing that is not listed", map[string][]string{"manage:all": {"write"}}, options{claim("scope", "manage write")}, []string{"manage", "write"}},
		{"a circle", map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}}, options{claim("scope", "b")}, []string{"a", "b", "c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVerifier(t, func(config *config) { config.ScopeClaims, config.ScopeHierarchy = claims, c.hierarchy })
			token := issuer.AccessToken(c.opts...)
			if c.want == nil {
				refuses(t, v, token)
				return
			}
			sorted := cmpopts.SortSlices(strings.Compare)
			if diff := cmp.Diff(c.want, accepts(t, v, token).Scopes(), sorted, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestScopesOfALongTokenAreExpandedOnce holds that neither repetitions nor a circle
// multiply the work.
//
// Rules: S3a.47.
func TestScopesOfALongTokenAreExpandedOnce(t *testing.T) {
	circle := make(map[string][]string)
	names := make([]string, 3000)
	for i := range names {
		names[i] = fmt.Sprint("s", i)
		circle[names[i]] = []string{fmt.Sprint("s", (i+1)%len(names))}
	}
	v := newVerifier(t, func(c *config) { c.ScopeHierarchy, c.CacheSize = circle, -1 })
	for _, scopes := range []string{strings.Repeat("s0 ", 15000), strings.Join(names, " ")} {
		token := issuer.AccessToken(claim("scope", scopes))
		var got *bearergate.Token
		cost := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				got = accepts(t, v, token)
			}
		})
		if len(got.Scopes()) != len(names) {
			t.Errorf("got %d scopes, want %d", len(got.Scopes()), len(names))
		}
		if cost.AllocedBytesPerOp() > 8<<20 {
			t.Errorf("got %d bytes allocated, want few: the work is multiplied", cost.AllocedBytesPerOp())
		}
	}
}

// Rules: S3a.23, S3a.50.
func TestFactsOfConfiguredClaims(t *testing.T) {
	v := newVerifier(t, func(c *config) {
		c.TokenTypes = map[string]bearergate.TokenType{"app": bearergate.InstallationToken}
		c.AudienceClaim = path{"cid"}
		c.AdditionalAudiences = []string{"client"}
	})
	token := accepts(t, v, issuer.AccessToken(without("aud"), without("client_id"), claim("cid", "client"), claim("type", "app"), claim("jti", "token-1")))
	if got, want := token.Type(), bearergate.InstallationToken; got != want {
		t.Errorf("got type %q, want %q", got, want)
	}
	if got, want := token.ClientID(), "client"; got != want {
		t.Errorf("got client %q, want %q", got, want)
	}
	if got, want := token.ID(), "token-1"; got != want {
		t.Errorf("got id %q, want %q", got, want)
	}
	if got, want := token.Audience(), []string{"client"}; !slices.Equal(got, want) {
		t.Errorf("got audience %q, want %q", got, want)
	}
	for _, name := range []string{"client_id", "azp", "cid", "appid"} {
		token := accepts(t, issuer.Verifier(), issuer.AccessToken(without("client_id"), claim(name, "client")))
		if got, want := token.ClientID(), "client"; got != want {
			t.Errorf("%s: got client %q, want %q", name, got, want)
		}
		if got, want := token.Audience(), []string{bearergatetest.DefaultAudience}; !slices.Equal(got, want) {
			t.Errorf("%s: got audience %q, want %q", name, got, want)
		}
	}
}

func TestConfigIsTheVerifiersOwn(t *testing.T) {
	c := issuer.Config()
	c.AdditionalAudiences = []string{"b"}
	c.ScopeClaims = []path{{"permissions"}}
	c.RequiredClaims = map[string]string{"a": "1"}
	c.ScopeHierarchy = map[string][]string{"x": {"y"}}
	v, err := jwtverifier.New(c)
	if err != nil {
		t.Fatal(err)
	}
	c.AdditionalAudiences[0], c.ScopeClaims[0][0], c.RequiredClaims["a"], c.ScopeHierarchy["x"][0] = "c", "sub", "2", "z"
	token := accepts(t, v, issuer.AccessToken(claim("aud", "b"), claim("a", "1"), claim("permissions", "x")))
	if !token.HasScope("y") {
		t.Errorf("got the scopes %q, want y among them", token.Scopes())
	}
}

// Rules: S3a.38, S3c.5.
func TestIssuerAndAudienceAreEnough(t *testing.T) {
	server := issuer.Start()
	defer server.Close()
	defer func() { issuer.URL = bearergatetest.DefaultIssuer }()
	v, err := jwtverifier.New(config{Issuer: issuer.URL, Audience: bearergatetest.DefaultAudience})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Keys().Ready(context.Background()); err != nil {
		t.Errorf("got %v, want the keys that the issuer publishes", err)
	}
	accepts(t, v, issuer.AccessToken())
}

func TestSettingsThatCannotWorkAreErrors(t *testing.T) {
	for part, set := range map[string]func(*config){
		"AdditionalAudiences has an empty one":                   func(c *config) { c.AdditionalAudiences = []string{""} },
		`AudienceClaim is "exp", which has a meaning of its own`: func(c *config) { c.AudienceClaim = path{"exp"} },
		`ScopeClaims has "aud", which has a meaning of its own`:  func(c *config) { c.ScopeClaims = []path{{"aud"}} },
		`reads "roles" as a value, and as an object`:             func(c *config) { c.ScopeClaims = []path{{"roles"}, {"roles", "api"}} },
		`reads "sub" as a value, and as an object`:               func(c *config) { c.ScopeClaims = []path{{"sub", "roles"}} },
		`reads "tenant" as a value, and as an object`: func(c *config) {
			c.RequiredClaims, c.ClaimNames.OrganizationID = map[string]string{"tenant": "t"}, path{"tenant", "id"}
		},
		"ScopeClaims has an empty path":         func(c *config) { c.ScopeClaims = []path{{}} },
		`ScopeHierarchy has the scope "a b"`:    func(c *config) { c.ScopeHierarchy = map[string][]string{"a": {"a b"}} },
		`TokenTypes has the type "x" for "app"`: func(c *config) { c.TokenTypes = map[string]bearergate.TokenType{"app": "x"} },
		"TokenTypes has \"access\"": func(c *config) {
			c.TokenTypes = map[string]bearergate.TokenType{"access": bearergate.InstallationToken}
		},
		"HeaderTypes has an empty one":                                        func(c *config) { c.HeaderTypes = []string{""} },
		"RequiredClaims has a claim without a name":                           func(c *config) { c.RequiredClaims = map[string]string{"": "x"} },
		"cannot be discovered":                                                func(c *config) { c.Keys, c.Issuer = nil, "kubernetes/serviceaccount" },
		"set Config.Issuer to discover them":                                  func(c *config) { c.Keys, c.Issuer = nil, "" },
		`ClaimNames has "sub" twice, or for a claim that has another meaning`: func(c *config) { c.ClaimNames.ClientID = path{"sub"} },
		`ClaimNames has "[\"a\",\"b\"]" twice`:                                func(c *config) { c.ClaimNames.GrantID, c.ClaimNames.OrganizationID = path{"a", "b"}, path{"a", "b"} },
	} {
		c := issuer.Config()
		set(&c)
		if _, err := jwtverifier.New(c); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %s in it", err, part)
		}
	}
}

// TestReasonHasFacts holds that the log says what was found and wanted, and which
// setting decides.
func TestReasonHasFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			set  func(*config)
			opts options
			want string
		}{
			{nil, options{bearergatetest.WithHeader("typ", "dpop+jwt")}, `header type: got typ "dpop+jwt", want typ "at+jwt" or "application/at+jwt" or "JWT" or none; see jwtverifier's Config.HeaderTypes`},
			{nil, options{bearergatetest.WithHeader("kid", "other"), bearergatetest.SignedWith("ES256")}, `signature: no known key signed the token: got alg "ES256" with kid "other", want a signature by one of the 3 keys of "https://issuer.example"; see jwtverifier's Config.Keys`},
			{nil, options{claim("org_id", true)}, `claims: org_id: neither a string nor an integer of at most 20 digits; see jwtverifier's Config.ClaimNames`},
			{func(c *config) { c.ScopeClaims = []path{{"realm_access", "roles"}} }, options{claim("realm_access", map[string]any{"roles": 1})}, `claims: realm_access: roles: neither a string nor an array of strings; see jwtverifier's Config.ScopeClaims`},
			{func(c *config) { c.ScopeClaims = []path{{"realm_access", "roles"}} }, options{claim("realm_access", "admin")}, `claims: realm_access: not an object; see jwtverifier's Config.ScopeClaims`},
			{nil, options{claim("iss", "https://other.example")}, `issuer: got iss "https://other.example", want iss "https://issuer.example"; see jwtverifier's Config.Issuer`},
			{nil, options{claim("aud", []string{"a", "b"})}, `audience: got aud "a", "b", want aud "https://api.example"; the client has to ask for a token for this API, or see jwtverifier's Config.Audience`},
			{func(c *config) { c.AudienceClaim = path{"client_id"} }, options{without("aud"), claim("client_id", 7)}, `audience: got no aud, client_id "7", want client_id "https://api.example", and the same of aud if there is one; the client has to ask for a token for this API, or see jwtverifier's Config.Audience`},
			{nil, options{without("sub")}, `subject: got no sub, want a sub; the provider has to send one, or see jwtverifier's Config.SubjectOptional`},
			{nil, options{bearergatetest.Expired()}, `expiry: got exp 1999-12-31T23:00:00Z, 1h0m0s ago, want an exp no earlier than 30s ago; the client has to refresh it`},
			{nil, options{bearergatetest.ExpiresIn(-time.Minute)}, `expiry: got exp 1999-12-31T23:59:00Z, 1m0s ago, want an exp no earlier than 30s ago; the client has to refresh it, or see jwtverifier's Config.Leeway`},
			{nil, options{claim("exp", "soon")}, `claims: exp: not a NumericDate`},
			{nil, options{without("aud")}, `audience: got no aud, want aud "https://api.example"; the provider has to send one, or see jwtverifier's Config.AudienceClaim`},
			{func(c *config) { c.SubjectOptional = true }, options{claim("sub", "")}, `subject: got an empty sub, want no empty sub; the provider has to send one`},
			{func(c *config) { c.RequireTypeATJWT = true }, options{bearergatetest.WithHeader("typ", "JWT")}, `header type: got typ "JWT", want typ "at+jwt" or "application/at+jwt"; see jwtverifier's Config.RequireTypeATJWT`},
			{nil, options{claim("nbf", time.Now().Add(time.Hour).Unix())}, `not before: got nbf 2000-01-01T01:00:00Z, in 1h0m0s, want no nbf, or one at most 30s ahead; look at the clocks, here and at the issuer`},
			{func(c *config) { c.RequiredClaims = map[string]string{"token_use": "access", "tid": "t"} }, options{claim("token_use", "access"), claim("tid", 7)}, `required claims: got tid "7", want tid "t", token_use "access"; see jwtverifier's Config.RequiredClaims`},
			{nil, options{without("exp")}, `expiry: got no exp, want an exp no earlier than 30s ago; the provider has to send one`},
			{nil, options{claim("nbf", time.Now().Add(time.Minute).Unix())}, `not before: got nbf 2000-01-01T00:01:00Z, in 1m0s, want no nbf, or one at most 30s ahead; see jwtverifier's Config.Leeway`},
			{func(c *config) { c.RequiredClaims = map[string]string{"token_use": "access", "tid": "t"} }, options{claim("token_use", "id")}, `required claims: got no tid, token_use "id", want tid "t", token_use "access"; see jwtverifier's Config.RequiredClaims`},
			{nil, options{claim("type", "refresh")}, `token type: got the type claim "refresh", want none, or "access" or "installation"; see jwtverifier's Config.TokenTypes`},
		} {
			_, err := newVerifier(t, c.set).VerifyToken(t.Context(), issuer.AccessToken(c.opts...))
			if got, want := err.Error(), "invalid_token: "+c.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
	})
}

// TestReasonIsBounded holds that a token cannot flood the log.
func TestReasonIsBounded(t *testing.T) {
	list := slices.Repeat([]string{strings.Repeat("\x00", 3000)}, 3)
	for _, opts := range []options{
		{claim("aud", list)}, {claim("aud", strings.Split(strings.Repeat("a ", 5000), " "))}, {claim("iss", list[0])}, {claim("type", list[0])},
		{bearergatetest.WithHeader("typ", list[0])}, {bearergatetest.WithHeader("kid", list[0]), bearergatetest.SignedWith("EdDSA")},
		{claim(list[0], 1), claim("org_id", true)},
	} {
		_, err := issuer.Verifier().VerifyToken(t.Context(), issuer.AccessToken(opts...))
		if err == nil || len(err.Error()) > 4000 || strings.ContainsRune(err.Error(), 0) {
			t.Errorf("got %d bytes, want a short reason without control characters", len(err.Error()))
		}
	}
}
