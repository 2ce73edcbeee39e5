package jwtverifier_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// idClaims are the claims that hold an id, and what a token says that has one.
var idClaims = map[string]func(*bearergate.Token) string{
	"sub":            (*bearergate.Token).Subject,
	"client_id":      (*bearergate.Token).ClientID,
	"grantId":        (*bearergate.Token).GrantID,
	"organizationId": (*bearergate.Token).OrganizationID,
	"installationId": (*bearergate.Token).InstallationID,
	"projectIds": func(t *bearergate.Token) string {
		return strings.Join(t.ProjectIDs(), " ")
	},
}

// withID returns a token of which the claim is this JSON text.
func withID(t *testing.T, name, value string) string {
	t.Helper()
	if name == "projectIds" {
		value = "[" + value + "]"
	}
	var members []string
	for claim, v := range map[string]string{
		"iss": `"` + issuer.URL + `"`, "aud": `"` + issuer.Audience + `"`, "sub": `"user-1"`, "exp": "4102444800", name: value,
	} {
		members = append(members, fmt.Sprintf("%q:%s", claim, v))
	}
	return issuer.AccessToken(bearergatetest.Payload("{" + strings.Join(members, ",") + "}"))
}

func TestIntegerIDsAreReadAsTheirDigits(t *testing.T) {
	values := []string{
		"0", "7", "10", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615", "99999999999999999999",
		"1" + strings.Repeat("0", 19),
	}
	for range 50 {
		values = append(values, fmt.Sprint(rand.Uint64()))
	}
	v := issuer.Verifier()
	for name, read := range idClaims {
		for _, value := range values {
			if got := read(accepts(t, v, withID(t, name, value))); got != value {
				t.Errorf("%s %s: got %q, want its digits", name, value, got)
			}
			quoted := `"` + value + `"`
			if got := read(accepts(t, v, withID(t, name, quoted))); got != value {
				t.Errorf("%s %s: got %q, want %q", name, quoted, got, value)
			}
		}
	}
}

func TestWhatIsNoIDWhereOneBelongsIsRefused(t *testing.T) {
	v := issuer.Verifier()
	for name := range idClaims {
		for _, value := range []string{
			"-0", "-1", "01", "00", "1.0", "1.5", "0.0", "1e3", "1E3", "1e0", "1e+3", "1e-3", "-1e3", "0x1", "+1", "1_000", "\u0661",
			"1" + strings.Repeat("0", 20), "100000000000000000000", strings.Repeat("1", 400),
			"true", "false", "null", "{}", `{"id":"7"}`, "[]", `["7"]`, "[7]", `"a" "b"`, "",
		} {
			if name == "projectIds" && value == "" {
				continue // [] is all projects
			}
			refuses(t, v, withID(t, name, value))
		}
	}
	for _, value := range []string{`"p1"`, "1", "true", "null", "{}", `{"p1":true}`} { // in place of the array
		refuses(t, v, issuer.AccessToken(bearergatetest.WithClaim("projectIds", json.RawMessage(value))))
	}
}

// TestClaimsThatAreNoIDsAreStrings holds it for those two that decide by their
// text.
func TestClaimsThatAreNoIDsAreStrings(t *testing.T) {
	v := issuer.Verifier()
	for _, name := range []string{"iss", "type"} {
		for _, value := range []string{"7", "0", "true", "null", "{}", `["access"]`} {
			refuses(t, v, issuer.AccessToken(bearergatetest.WithClaim(name, json.RawMessage(value))))
		}
	}
}

func TestSpellingsOfAnIDAgreeByItsDigits(t *testing.T) {
	v := issuer.Verifier()
	with := func(one, other string) string {
		return issuer.AccessToken(bearergatetest.WithoutClaim("organizationId"),
			bearergatetest.WithClaim("org_id", json.RawMessage(one)), bearergatetest.WithClaim("organization_id", json.RawMessage(other)))
	}
	for _, value := range []string{"42", `"42"`} {
		for _, other := range []string{"42", `"42"`} {
			if got := accepts(t, v, with(value, other)).OrganizationID(); got != "42" {
				t.Errorf("%s and %s: got %q, want 42", value, other, got)
			}
		}
		for _, other := range []string{"43", `"042"`, `"42 "`, `""`, "4"} {
			refuses(t, v, with(value, other))
		}
	}
}

// Rules: S3a.53.
func TestSpellingsOfASetAgreeInAnyOrder(t *testing.T) {
	v := issuer.Verifier()
	for _, c := range []struct {
		one, other []string
		agree      bool
	}{
		{[]string{"a", "b"}, []string{"b", "a"}, true},
		{[]string{"a", "b", "a"}, []string{"a", "b", "b", "b"}, true},
		{[]string{"a"}, []string{"a", "a"}, true},
		{nil, nil, true},
		{[]string{"a"}, nil, false},
		{nil, []string{"a"}, false},
		{[]string{"a", "b"}, []string{"a"}, false},
		{[]string{"a", "a"}, []string{"a", "b"}, false},
		{[]string{"a"}, []string{"A"}, false},
	} {
		token := issuer.AccessToken(bearergatetest.WithClaim("projectIds", list(c.one)), bearergatetest.WithClaim("project_ids", list(c.other)))
		if !c.agree {
			refuses(t, v, token)
			continue
		}
		got := accepts(t, v, token)
		for _, id := range c.one {
			if !got.HasProject(id) {
				t.Errorf("%v and %v: got %v, want %v", c.one, c.other, got.ProjectIDs(), c.one)
			}
		}
	}
}

// list is never null in JSON.
func list(elements []string) []string { return append([]string{}, elements...) }
