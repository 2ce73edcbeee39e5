package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bearergate/bearergate/bearergatetest"
)

// Tests of this program call run, which is main without the process.

func explain(t *testing.T, token string, args ...string) (status int, output string) {
	t.Helper()
	var out bytes.Buffer
	status = run(args, strings.NewReader(token), &out, &out)
	_, signature, _ := strings.Cut(strings.TrimPrefix(token, "Bearer "), ".")
	if len(signature) > 20 && strings.Contains(out.String(), signature[len(signature)-20:]) {
		t.Errorf("got the token's signature in\n%s", &out)
	}
	return status, out.String()
}

func TestEveryCheckIsNamedWithItsSetting(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	defer server.Close()
	known := []string{"-issuer", issuer.URL, "-audience", issuer.Audience}
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, issuer.JWKSet(), 0o600); err != nil {
		t.Fatal(err)
	}
	claim := bearergatetest.WithClaim
	for _, c := range []struct {
		name   string
		token  string
		args   []string
		status int
		want   []string
	}{
		{"a good token", issuer.AccessToken(bearergatetest.WithScopes("a", "b")), known, 0, []string{
			"passed  form ", "passed  signature ", "passed  audience ", "passed  token type ", `client "app-1", organization "acme", scopes "a b"`, "\naccepted\n"}},
		{"a header's value", "Bearer " + issuer.AccessToken() + "\n", known, 0, []string{"\naccepted\n"}},
		{"with keys of a file", issuer.AccessToken(), append(known, "-keys", keys), 0, []string{"\naccepted\n"}},
		{"with keys at a URL", issuer.AccessToken(), append(known, "-keys", issuer.URL+"/jwks.json"), 0, []string{"\naccepted\n"}},
		{"another audience and no scope", issuer.AccessToken(claim("aud", "account")), append(known, "-scope", "read"), 1, []string{
			`failed  audience         aud "account"; want aud "https://api.example"; the client has to ask for a token for this API (Config.Audience)`, "passed  expiry ", `refused with 401 {"error":"invalid_token"}`, `audience: got aud "account"`}},
		{"two faults", issuer.AccessToken(claim("aud", "account"), bearergatetest.Expired()), known, 1, []string{"failed  audience ", "failed  expiry ", "s ago; want an exp no earlier than 30s ago; the client has to refresh it"}},
		{"a forgery", bearergatetest.NewStranger().AccessToken(claim("iss", issuer.URL)), known, 1, []string{"failed  signature ", `the signature is wrong: alg "RS256" with kid "RS256"`, "passed  audience "}},
		{"another algorithm", issuer.AccessToken(bearergatetest.SignedWith("ES256")), append(known, "-algorithm", "RS256", "-algorithm", "PS256"), 1, []string{
			`failed  signature        the algorithm is not accepted here: alg "ES256" with kid "ES256"; want a signature by`, `with alg "RS256" or "PS256" (Config.Algorithms)`, "refused with 401"}},
		{"a narrowed good token", issuer.AccessToken(), append(known, "-algorithm", "RS256", "-max-rsa-bits", "2048"), 0, []string{"\naccepted\n"}},
		{"malformed claims", issuer.AccessToken(claim("org_id", true)), known, 1, []string{"failed    claims ", "org_id: neither a string nor", "(Config.ClaimNames)", "not made  issuer "}},
		{"no JWT", "bi_oat_opaque", known, 1, []string{"failed  form ", "no dot in the token", "401"}},
		{"a scope too few", issuer.AccessToken(bearergatetest.WithScopes("a")), append(known, "-scope", "a", "-scope", "b"), 1, []string{`refused with 403 {"error":"missing_scope","required":"b"}`}},
		{"a scope in another claim", issuer.AccessToken(claim("realm_access", map[string]any{"roles": []any{1, "b"}}), claim("permissions", "a b")), append(known, "-scope", "b"), 1, []string{
			"-scope-claim 'permissions' (Config.ScopeClaims)", `-scope-claim '["realm_access","roles"]' (Config.ScopeClaims)`}},
		{"a scope that another one implies", issuer.AccessToken(bearergatetest.WithScopes("a")), append(known, "-scope", "b", "-implies", "a=b"), 0, []string{"\naccepted\n"}},
		{"a route of another type", issuer.AccessToken(), append(known, "-accept", "installation"), 1, []string{"passed  token type ", "refused with 401"}},
		{"a token bound to a key", issuer.AccessToken(claim("cnf", map[string]string{"jkt": "x"})), known, 1, []string{"sender-constrained"}},
		{"a token that is too long", issuer.AccessToken(claim("x", strings.Repeat("x", 9000))), known, 1, []string{"passed  signature ", "refused with 401"}},
		{"a longer limit", issuer.AccessToken(claim("x", strings.Repeat("x", 9000))), append(known, "-max-token-length", "16384"), 0, []string{"\naccepted\n"}},
		{"every setting", issuer.AccessToken(
			claim("aud", nil), bearergatetest.WithoutClaim("aud"), bearergatetest.WithoutClaim("sub"), claim("client_id", "client"), claim("azp", "other"), claim("kind", "app"),
			claim("realm_access", map[string]any{"roles": []string{"r"}}), claim("permissions", []string{"p"}), claim("token_use", "access"), claim("tenant", "t"),
			bearergatetest.WithHeader("typ", "own+jwt")), []string{
			"-issuer", issuer.URL, "-audience", "other", "-audience", "client", "-audience-claim", "client_id", "-subject-optional", "-client-claim", "azp", "-type-claim", "kind",
			"-token-type", "app=installation", "-scope-claim", `["realm_access","roles"]`, "-scope-claim", "permissions", "-require", "token_use=access", "-organization-claim", "tenant",
			"-header-type", "own+jwt", "-require-at-jwt", "-scope", "r", "-scope", "p", "-accept", "installation", "-leeway", "1m"}, 0, []string{
			`type installation, client "other", organization "t", scopes "`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, output := explain(t, c.token, c.args...)
			if status != c.status {
				t.Errorf("got status %d, want %d", status, c.status)
			}
			for _, part := range c.want {
				if !strings.Contains(output, part) {
					t.Errorf("want %q in\n%s", part, output)
				}
			}
		})
	}
}

func TestKeysThatCannotBeHadLeaveTheTokenUndecided(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	server.Close()
	status, output := explain(t, issuer.AccessToken(), "-issuer", issuer.URL, "-audience", issuer.Audience)
	for _, part := range []string{"undecided  signature ", "no keys to verify with", `refused with 503 {"error":"temporarily_unavailable"}`} {
		if status != 1 || !strings.Contains(output, part) {
			t.Errorf("got status %d, want 1, and %q in\n%s", status, part, output)
		}
	}
}

func TestFaultsOfTheCommandLineAreNamed(t *testing.T) {
	known := []string{"-issuer", "https://auth.example", "-audience", "a", "-keys", "http://127.0.0.1:1/"}
	for want, args := range map[string][]string{
		"Config.Issuer is empty":        nil,
		"Config.Audience is empty":      {"-issuer", "https://auth.example"},
		"cannot be discovered":          {"-issuer", "no URL", "-audience", "a"},
		"no such file":                  {"-issuer", "i", "-audience", "a", "-keys", "absent.json"},
		"no = in it":                    {"-require", "token_use"},
		"invalid value":                 {"-scope-claim", "[1]"},
		"no argument is accepted":       {"token"},
		"use access or installation":    {"-accept", "id"},
		"no scope; use printable ASCII": {"-scope", "é"},
		"MaxRSABits is 1024":            append(known, "-max-rsa-bits", "1024"),
		"MaxTokenLength is -1":          append(known, "-max-token-length", "-1"),
	} {
		if status, output := explain(t, "a.b.c", args...); status != 1 || !strings.Contains(output, want) {
			t.Errorf("%q: got status %d and\n%s\nwant 1 and %q", args, status, output, want)
		}
	}
	if status, output := explain(t, " ", known...); status != 1 || !strings.Contains(output, "the standard input has no token") {
		t.Errorf("got status %d and\n%s\nwant 1, and that there is no token", status, output)
	}
	if status, output := explain(t, "", "-help"); status != 0 || !strings.Contains(output, "usage: explain") {
		t.Errorf("got status %d and\n%s\nwant 0 and the usage", status, output)
	}
}
