package bearergate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
)

// Rules: S3.6.
func TestTokenTellsItsClaims(t *testing.T) {
	want := bearergate.Claims{
		Type: bearergate.AccessToken, Issuer: "iss", ID: "jti", Audience: []string{"aud"}, Subject: "sub", ClientID: "client", GrantID: "grant",
		OrganizationID: "org", InstallationID: "installation", ProjectIDs: []string{"p"}, Scopes: []string{"s"},
		IssuedAt: time.Unix(1, 0), ExpiresAt: time.Unix(2, 0),
	}
	token := bearergate.NewToken(want)
	got := bearergate.Claims{
		Type: token.Type(), Issuer: token.Issuer(), ID: token.ID(), Audience: token.Audience(), Subject: token.Subject(), ClientID: token.ClientID(), GrantID: token.GrantID(),
		OrganizationID: token.OrganizationID(), InstallationID: token.InstallationID(), ProjectIDs: token.ProjectIDs(), Scopes: token.Scopes(),
		IssuedAt: token.IssuedAt(), ExpiresAt: token.ExpiresAt(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConfirmationIsTheTokensOwn(t *testing.T) {
	given := &bearergate.Confirmation{JWKThumbprint: "jkt", CertificateThumbprint: "x5t"}
	want := *given
	token := bearergate.NewToken(bearergate.Claims{Confirmation: given})
	given.JWKThumbprint = "changed"
	if got, ok := token.Confirmation(); !ok || got != want {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
	if got, ok := bearergate.NewToken(bearergate.Claims{}).Confirmation(); ok {
		t.Errorf("a bearer token: got %+v, want none", got)
	}
}

// TestTokenDoesNotPrintItsClaims is for programs that log whatever they hold.
//
// Rules: S1.25.
func TestTokenDoesNotPrintItsClaims(t *testing.T) {
	const secret = "hunter2"
	token := bearergate.NewToken(bearergate.Claims{
		Type: secret, Issuer: secret, ID: secret, Subject: secret, GrantID: secret, Scopes: []string{secret}, Raw: `{"email":"hunter2"}`,
		Confirmation: &bearergate.Confirmation{JWKThumbprint: secret},
	})
	all, common := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%08b"}, []string{"%v", "%+v", "%#v"}
	var printed strings.Builder
	for _, c := range []struct {
		value any
		verbs []string
	}{
		{token, all}, {*token, all}, {[]*bearergate.Token{token}, all}, {map[string]any{"t": token}, all}, {struct{ T *bearergate.Token }{token}, all},
		{struct{ t *bearergate.Token }{token}, common}, {bearergate.ContextWithToken(context.Background(), token), common},
	} {
		value := c.value
		for _, verb := range c.verbs {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
		fmt.Fprintln(&printed, value)
		if data, err := json.Marshal(value); err == nil {
			printed.Write(data)
		}
		slog.New(slog.NewTextHandler(&printed, nil)).Info("token", "value", value)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("token", "value", value)
	}
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
		if strings.Contains(printed.String(), form) {
			t.Errorf("got %q in\n%s", form, &printed)
		}
	}
}

func TestTokenPrintsThatItIsOne(t *testing.T) {
	token := bearergate.NewToken(bearergate.Claims{Subject: "user"})
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("got", "value", token)
	for how, got := range map[string]string{
		"with a verb": fmt.Sprintf("%d", token), "as a value": fmt.Sprint(*token), "in a log": logged.String(),
	} {
		if want := "bearergate.Token"; !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %s in it", how, got, want)
		}
	}
}

// Rules: S3.7.
func TestNoProjectsMeansAllProjects(t *testing.T) {
	all := bearergate.NewToken(bearergate.Claims{})
	some := bearergate.NewToken(bearergate.Claims{ProjectIDs: []string{"p1", ""}})
	if !all.HasProject("p1") || !all.HasProject("p2") {
		t.Error("a token without projects is not for all of them")
	}
	if !some.HasProject("p1") || some.HasProject("p2") {
		t.Error("a token with projects is not for those alone")
	}
}

// Rules: S3.8, S3.10.
func TestDecodeIntoTheApplicationsStruct(t *testing.T) {
	token := bearergate.NewToken(bearergate.Claims{Raw: `{"plan":"pro","limits":{"seats":5}}`})
	var got struct {
		Plan   string `json:"plan"`
		Limits struct {
			Seats int `json:"seats"`
		} `json:"limits"`
	}
	if err := token.Decode(&got); err != nil || got.Plan != "pro" || got.Limits.Seats != 5 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, raw := range []string{
		`{"role":"user","Role":"admin"}`, `{"user":{"role":"user","ROLE":"admin"}}`, `{"users":[[{"role":"user","rol\u0045":"admin"}]]}`,
		`{"k":1,"\u212a":2}`, `{"sub":"user","\u017fub":"root"}`, `{"role":"user","role":"admin"}`, `[]`, `{`,
	} {
		if err := bearergate.NewToken(bearergate.Claims{Raw: raw}).Decode(&got); err == nil {
			t.Errorf("%s was decoded", raw)
		}
	}
	if err := bearergate.NewToken(bearergate.Claims{}).Decode(&got); err == nil || !strings.Contains(err.Error(), "no raw claims") {
		t.Errorf("a token without claims: got %v, want an error that says that it has no raw claims", err)
	}
}

// Rules: S3a.44.
func TestScopesAreSplitAtSpacesAlone(t *testing.T) {
	for in, want := range map[string][]string{
		"":                 nil,
		" ":                nil,
		"a":                {"a"},
		"a b":              {"a", "b"},
		"  a   b ":         {"a", "b"},
		"a\tb":             {"a\tb"},
		"a\u00a0b":         {"a\u00a0b"},
		"a,b":              {"a,b"},
		"projects:read *a": {"projects:read", "*a"},
	} {
		if diff := cmp.Diff(want, bearergate.ParseScope(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

// Rules: S3a.44.
func FuzzParseScope(f *testing.F) {
	for _, seed := range []string{"", "a b", "  a ", "a\tb", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, scope string) {
		got := bearergate.ParseScope(scope)
		if slices.ContainsFunc(got, func(s string) bool { return s == "" || strings.Contains(s, " ") }) {
			t.Errorf("%q became %q", scope, got)
		}
		if strings.Join(got, "") != strings.ReplaceAll(scope, " ", "") {
			t.Errorf("%q became %q: something was lost", scope, got)
		}
		token := bearergate.NewToken(bearergate.Claims{Scopes: got})
		for _, s := range got {
			if !token.HasScope(s) {
				t.Errorf("the token does not hold %q", s)
			}
		}
		if token.HasScope("") || token.HasScope(scope+" ") {
			t.Error("the token holds what is no scope")
		}
	})
}

func TestScopesAreFoundAmongFewAndMany(t *testing.T) {
	for _, n := range []int{0, 1, 8, 9, 512} {
		var scopes []string
		for i := range n {
			scopes = append(scopes, fmt.Sprintf("resource-%d:read", i))
		}
		token := bearergate.NewToken(bearergate.Claims{Scopes: scopes})
		for _, s := range scopes {
			if !token.HasScope(s) {
				t.Errorf("of %d, %s is not found", n, s)
			}
		}
		for _, s := range []string{"", "resource", "resource-0:rea", "resource-0:READ", fmt.Sprintf("resource-%d:read", n)} {
			if token.HasScope(s) {
				t.Errorf("of %d, %q is found", n, s)
			}
		}
	}
}
