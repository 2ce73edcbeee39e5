package bearergate_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// authorizing returns a guard that accepts every token, and the one that it was
// given.
func authorizing() (guard bearergate.Middleware, token *string) {
	v, token := remembering()
	return bearergate.RequireToken(v), token
}

// remembering returns a verifier that accepts every token, and the one that it was
// given.
func remembering() (v bearergate.Verifier, token *string) {
	token = new(string)
	return bearergate.VerifierFunc(func(_ context.Context, raw string) (*bearergate.Token, error) {
		*token = raw
		return bearergate.NewToken(bearergatetest.InstallationClaims()), nil
	}), token
}

func withAuthorization(values ...string) *http.Request {
	r := get("")
	if values != nil {
		r.Header["Authorization"] = values
	}
	return r
}

// TestAuthorizationMatrix holds for OptionalToken too, which answers as RequireToken
// does unless the header is absent.
//
// Rules: S2.1, S2.2, S2.3, S2.4, S2.5, S2.6, S2.7, S2.8, S2.10, S2.11, S2.12, S2.13,
// S2.14, S2.19.
func TestAuthorizationMatrix(t *testing.T) {
	const (
		bare      = `Bearer realm="api"`
		invalid   = `Bearer realm="api", error="invalid_token"`
		malformed = `Bearer realm="api", error="invalid_request"`
	)
	max := strings.Repeat("a", bearergate.DefaultMaxTokenLength)
	for _, c := range []struct {
		name   string
		values []string
		token  string // verified
		status int    // refused
		want   string // the challenge
	}{
		{"absent", nil, "", 401, bare},
		{"empty", []string{""}, "", 401, bare},
		{"spaces", []string{"  "}, "", 401, bare},
		{"Basic", []string{"Basic dXNlcjpwYXNz"}, "", 401, bare},
		{"DPoP", []string{"DPoP token"}, "", 401, bare},
		{"scheme without space", []string{"Bearertoken"}, "", 401, bare},
		{"longer scheme", []string{"Bearer2 token"}, "", 401, bare},
		{"shorter scheme", []string{"Beare token"}, "", 401, bare},
		{"scheme that folds outside ASCII", []string{"Be\u0430rer token"}, "", 401, bare},
		{"scheme that folds by bit alone", []string{"\x02earer token"}, "", 401, bare},

		{"token", []string{"Bearer token"}, "token", 0, ""},
		{"lower case", []string{"bearer token"}, "token", 0, ""},
		{"upper case", []string{"BEARER token"}, "token", 0, ""},
		{"mixed case", []string{"bEaReR token"}, "token", 0, ""},
		{"several spaces", []string{"Bearer    token"}, "token", 0, ""},
		{"every character", []string{"Bearer aZ09-._~+/=="}, "aZ09-._~+/==", 0, ""},
		{"longest token", []string{"Bearer " + max}, max, 0, ""},
		{"longest token behind the most spaces", []string{"Bearer" + strings.Repeat(" ", 1024) + max}, max, 0, ""},

		{"two headers", []string{"Bearer token", "Bearer token"}, "", 400, malformed},
		{"two headers of two schemes", []string{"Basic dXNlcg==", "Bearer token"}, "", 400, malformed},
		{"nothing after the scheme", []string{"Bearer"}, "", 400, malformed},
		{"spaces after the scheme", []string{"Bearer  "}, "", 400, malformed},
		{"tab for space", []string{"Bearer\ttoken"}, "", 400, malformed},
		{"tab after space", []string{"Bearer \ttoken"}, "", 400, malformed},
		{"tab at the end", []string{"Bearer token\t"}, "", 400, malformed},
		{"inner space", []string{"Bearer to ken"}, "", 400, malformed},
		{"comma", []string{"Bearer token,Bearer token"}, "", 400, malformed},
		{"comma after the scheme", []string{"Bearer,token"}, "", 400, malformed},
		{"quote", []string{`Bearer "token"`}, "", 400, malformed},
		{"brace", []string{`Bearer {"payload":"e30"}`}, "", 400, malformed},
		{"parameter", []string{"Bearer token=abc"}, "", 400, malformed},
		{"only padding", []string{"Bearer ="}, "", 400, malformed},
		{"padding first", []string{"Bearer =token"}, "", 400, malformed},
		{"NUL", []string{"Bearer tok\x00en"}, "", 400, malformed},
		{"line break", []string{"Bearer tok\r\nX: y"}, "", 400, malformed},
		{"DEL", []string{"Bearer token\x7f"}, "", 400, malformed},
		{"non-ASCII", []string{"Bearer tök"}, "", 400, malformed},
		{"invalid UTF-8", []string{"Bearer \xff\xfe"}, "", 400, malformed},

		{"too long by one", []string{"Bearer " + max + "a"}, "", 401, invalid},
		{"900 KiB", []string{"Bearer " + strings.Repeat("a", 900<<10)}, "", 401, invalid},
		{"900 KiB that is malformed", []string{"Bearer " + strings.Repeat("\x00", 900<<10)}, "", 401, invalid},
		{"one space too many", []string{"Bearer" + strings.Repeat(" ", 1025) + "a"}, "", 400, malformed},
		{"more spaces than there is a reason for", []string{"Bearer" + strings.Repeat(" ", 5000) + "a"}, "", 400, malformed},
		{"900 KiB of spaces", []string{"Bearer " + strings.Repeat(" ", 900<<10) + "a"}, "", 401, invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, token := remembering()
			guard, optional := bearergate.RequireToken(v), bearergate.OptionalToken(v)
			if c.status == 0 {
				for _, guard := range []bearergate.Middleware{guard, optional} {
					*token = ""
					passes(t, guard, withAuthorization(c.values...))
					if *token != c.token {
						t.Errorf("verified %q, want %q", *token, c.token)
					}
				}
				return
			}
			code := map[int]bearergate.Code{400: bearergate.ErrInvalidRequest, 401: bearergate.ErrInvalidToken}[c.status]
			got := refuses(t, guard, withAuthorization(c.values...), code)
			if h := got.Header.Get(challenge); h != c.want {
				t.Errorf("got challenge %q, want %q", h, c.want)
			}
			if c.values == nil {
				passes(t, optional, withAuthorization(c.values...))
			} else if diff := cmp.Diff(got, serve(optional, withAuthorization(c.values...))); diff != "" {
				t.Errorf("answers of RequireToken and OptionalToken differ (-required +optional):\n%s", diff)
			}
			if *token != "" {
				t.Errorf("the verifier was given %q", *token)
			}
			for name, v := range map[string]bearergate.Verifier{
				"which knows its tokens' syntax": issuer.Verifier(),
				"whose keys are down":            unreachableKeys(t),
				"of two kinds":                   bearergate.ByPrefix("tok", accepting(bearergatetest.InstallationClaims()), issuer.Verifier()),
				"of two kinds, and others":       bearergate.ByPrefix("bi_", accepting(bearergatetest.InstallationClaims()), accepting(bearergatetest.InstallationClaims())),
				"that was copied":                copied(issuer.Verifier()),
				"that is embedded":               struct{ *jwtverifier.Verifier }{issuer.Verifier()},
				"that is embedded, overridden":   overriding{t, issuer.Verifier()},
				"that is overridden, among two":  bearergate.ByPrefix("tok", overriding{t, issuer.Verifier()}, overriding{t, nil}),
			} {
				t.Run(name, func(t *testing.T) {
					refuses(t, bearergate.RequireToken(v), withAuthorization(c.values...), code)
					if c.values == nil {
						passes(t, bearergate.OptionalToken(v), withAuthorization(c.values...))
						return
					}
					refuses(t, bearergate.OptionalToken(v), withAuthorization(c.values...), code)
				})
			}
		})
	}
}

// overriding verifies in its own way, which is not to see what is no token.
type overriding struct {
	t *testing.T
	*jwtverifier.Verifier
}

func (v overriding) VerifyToken(_ context.Context, raw string) (*bearergate.Token, error) {
	if strings.ContainsFunc(raw, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`",{}`, c) }) {
		v.t.Errorf("the verifier was given %q, want a b64token", raw)
	}
	return bearergate.NewToken(bearergatetest.InstallationClaims()), nil
}

// copied returns a copy, which vet does not let one write.
func copied(v *jwtverifier.Verifier) bearergate.Verifier {
	c := reflect.New(reflect.TypeFor[jwtverifier.Verifier]())
	c.Elem().Set(reflect.ValueOf(v).Elem())
	return c.Interface().(bearergate.Verifier)
}

func TestVerifierThatIsEmbeddedOrCopiedVerifies(t *testing.T) {
	for name, v := range map[string]bearergate.Verifier{
		"copied": copied(issuer.Verifier()), "embedded": struct{ *jwtverifier.Verifier }{issuer.Verifier()}, "overridden": overriding{t, nil},
	} {
		t.Run(name, func(t *testing.T) { passes(t, bearergate.RequireToken(v), get(issuer.AccessToken())) })
	}
}

// TestVerifierThatNewDidNotReturnIsRefusedAtConstruction is a program that went on
// in spite of New's error.
func TestVerifierThatNewDidNotReturnIsRefusedAtConstruction(t *testing.T) {
	failed, err := jwtverifier.New(jwtverifier.Config{})
	if err == nil {
		t.Fatal("got no error, want one for an empty configuration")
	}
	for name, v := range map[string]*jwtverifier.Verifier{"of New, with an error": failed, "nil": nil, "zero": new(jwtverifier.Verifier)} {
		for guard, construct := range map[string]func(){
			"RequireToken":        func() { bearergate.RequireToken(v) },
			"ByPrefix":            func() { bearergate.ByPrefix("x", v, issuer.Verifier()) },
			"ByPrefix, otherwise": func() { bearergate.ByPrefix("x", issuer.Verifier(), v) },
		} {
			t.Run(name+" "+guard, func(t *testing.T) {
				defer func() {
					const want = "bearergate: a *jwtverifier.Verifier that New did not return; look at New's error"
					if got := recover(); got != want {
						t.Errorf("got panic %v, want %q", got, want)
					}
				}()
				construct()
			})
		}
	}
}

// unreachableKeys returns a verifier that cannot tell about any JWT.
func unreachableKeys(t *testing.T) bearergate.Verifier {
	keys, err := jwtverifier.RemoteKeys("http://127.0.0.1:1/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jwtverifier.New(jwtverifier.Config{Issuer: issuer.URL, Audience: issuer.Audience, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Rules: S2.15, S2.16.
func TestTokenIsReadFromTheHeaderAlone(t *testing.T) {
	guard, _ := authorizing()
	body := strings.NewReader("access_token=token")
	r, err := http.NewRequest("POST", "/projects?access_token=token", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", "access_token=token")
	refuses(t, guard, r, bearergate.ErrInvalidToken)
	if body.Len() != len("access_token=token") {
		t.Error("the body was read")
	}
}

// Rules: S2.17.
func TestOptionsIsARequestLikeAnyOther(t *testing.T) {
	guard, _ := authorizing()
	refuses(t, guard, bearergatetest.NewRequest("OPTIONS", "/projects", ""), bearergate.ErrInvalidToken)
}

// Rules: S2.9.
func TestTokenLengthCanBeSet(t *testing.T) {
	guard, _ := authorizing()
	guard = bearergate.Chain(configured(bearergate.Config{MaxTokenLength: 3}), guard)
	passes(t, guard, get("abc"))
	passes(t, guard, withAuthorization("Bearer       abc"))
	refuses(t, guard, get("abcd"), bearergate.ErrInvalidToken)
}

// FuzzAuthorization holds that whatever the header is, the answer is one of
// three, and what the verifier is given is a b64token without a byte changed.
func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{"", "Bearer token", "bearer  a==", "Basic x", "Bearer\tx", "Bearer a b", "Bearer \xff", "Bearer a=b"} {
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, value string, twice bool) {
		guard, token := authorizing()
		values := []string{value}
		if twice {
			values = append(values, value)
		}
		got := serve(guard, withAuthorization(values...))
		switch got.Status {
		case 200:
			if !got.Handled || twice || !strings.HasSuffix(value, " "+*token) || strings.Trim(*token, "=") == "" {
				t.Errorf("%q was verified as %q", values, *token)
			}
			if strings.ContainsFunc(*token, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`",{}\`, c) }) {
				t.Errorf("the verifier was given %q", *token)
			}
			if scheme, _, _ := strings.Cut(value, " "); !strings.EqualFold(scheme, "bearer") {
				t.Errorf("the scheme %q was taken", scheme)
			}
		case 400, 401:
			if got.Handled || *token != "" {
				t.Errorf("%q was refused, and yet verified or handled", values)
			}
		default:
			t.Errorf("%q: got status %d", values, got.Status)
		}
	})
}

func BenchmarkRefusedHeaderOf900KiB(b *testing.B) {
	guard, _ := authorizing()
	r := withAuthorization("Bearer " + strings.Repeat("a", 900<<10))
	b.ReportAllocs()
	for b.Loop() {
		serve(guard, r)
	}
}
