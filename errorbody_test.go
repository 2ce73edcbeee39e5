package bearergate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// base are the headers of every error answer, with others added in pairs.
func base(length int, others ...string) http.Header {
	h := http.Header{
		"Content-Type":           {"application/json"},
		"Content-Length":         {fmt.Sprint(length)},
		"Cache-Control":          {"no-store"},
		"X-Content-Type-Options": {"nosniff"},
	}
	for i := 0; i < len(others); i += 2 {
		h.Set(others[i], others[i+1])
	}
	return h
}

const challenge = "WWW-Authenticate"

type refusal struct {
	name   string
	guard  bearergate.Middleware
	claims *bearergate.Claims // nil: no RequireToken in front
	edit   func(*http.Request)
	status int
	body   string
	extra  []string // headers beyond those of every answer
}

// refusals has every row of the table by every guard that can answer it.
func refusals() []refusal {
	claims := func(change func(*bearergate.Claims)) *bearergate.Claims {
		c := bearergatetest.InstallationClaims("projects:read")
		if change != nil {
			change(&c)
		}
		return &c
	}
	authorization := func(values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Authorization"] = values }
	}
	active, revoked := new(bearergate.MemoryGrants), new(bearergate.MemoryGrants)
	for _, m := range []*bearergate.MemoryGrants{active, revoked} {
		m.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "other-organization"})
	}
	revoked.Revoke(bearergatetest.DefaultGrantID, time.Time{})
	brokenGrants := bearergate.GrantStoreFunc(func(context.Context, string) (bearergate.Grant, error) {
		return bearergate.Grant{}, errInner
	})
	inPath := func(id string) func(*http.Request) {
		return func(r *http.Request) { r.SetPathValue("grantId", id) }
	}
	acme := func(*http.Request) (string, error) { return "acme", nil }
	noOrg := func(*http.Request) (string, error) { return "", nil }
	brokenOrg := func(*http.Request) (string, error) { return "", errInner }
	refusing := func(err error) bearergate.Middleware {
		return bearergate.Require(func(*http.Request) error { return fmt.Errorf("%w: %w", err, errInner) })
	}
	verify := bearergate.RequireToken(issuer.Verifier(), bearergate.InstallationToken)
	bare := `Bearer realm="api"`
	invalidToken := `Bearer realm="api", error="invalid_token"`
	invalidRequest := `Bearer realm="api", error="invalid_request"`
	unavailable := []string{"Retry-After", "5"}
	const in90s = 89*time.Second + 500*time.Millisecond
	limited := []string{
		"Retry-After", "90", "RateLimit-Policy", `"installation";q=1000;w=60`,
		"RateLimit", `"installation";r=0;t=90`,
	}
	return []refusal{
		{"no credentials", verify, nil, nil, 401, "invalid_token", []string{challenge, bare}},
		{"another scheme", verify, nil, authorization("Basic c2VjcmV0LXRva2Vu"), 401, "invalid_token", []string{challenge, bare}},
		{"malformed credentials", verify, nil, authorization("Bearer secret token"), 400, "invalid_request", []string{challenge, invalidRequest}},
		{"forged token", verify, nil, authorization("Bearer " + bearergatetest.NewStranger().InstallationToken()), 401, "invalid_token", []string{challenge, invalidToken}},
		{"wrong type", verify, nil, authorization("Bearer " + issuer.AccessToken()), 401, "invalid_token", []string{challenge, invalidToken}},
		{"verifier cannot tell", bearergate.RequireToken(failing(errInner)), nil, authorization("Bearer secret-token"), 503, "temporarily_unavailable", unavailable},
		{"verifier quotes the token", bearergate.RequireToken(failing(fmt.Errorf("no secret-token: %w", bearergate.ErrInvalidToken))), nil, authorization("Bearer secret-token"), 401, "invalid_token", []string{challenge, invalidToken}},

		{"limit reached", bearergate.RateLimit(exhaustedFor(1000, in90s, time.Minute)), claims(nil), nil, 429, "rate_limited", limited},
		{"limiter fails", bearergate.RateLimit(brokenLimiter()), claims(nil), nil, 503, "temporarily_unavailable", unavailable},
		{"limiter without token", bearergate.RateLimit(brokenLimiter()), nil, nil, 500, "server_error", nil},
		{"limiter for nobody", bearergate.RateLimit(brokenLimiter()), &bearergate.Claims{Type: bearergate.AccessToken}, nil, 500, "server_error", nil},
		{"limit of nothing", bearergate.RateLimit(exhaustedFor(0, in90s, 0)), claims(nil), nil, 503, "temporarily_unavailable", unavailable},
		{"address limiter fails", bearergate.Chain(bearergate.LimitFailedAuthentication(brokenLimiter()), verify), nil, authorization("Bearer forged"), 503, "temporarily_unavailable", unavailable},
		{"address unknown", bearergate.LimitFailedAuthentication(brokenLimiter()), nil, func(r *http.Request) { r.RemoteAddr = "@" }, 500, "server_error", nil},

		{"grant unknown", bearergate.RequireGrant(new(bearergate.MemoryGrants)), claims(nil), nil, 404, "grant_not_found", nil},
		{"no grant in token", bearergate.RequireGrant(active), claims(func(c *bearergate.Claims) { c.GrantID = "" }), nil, 404, "grant_not_found", nil},
		{"another grant in route", bearergate.RequireGrant(active, bearergate.WithGrantInPath("grantId")), claims(nil), inPath("grant-2"), 404, "grant_not_found", nil},
		{"no grant in route", bearergate.RequireGrant(active, bearergate.WithGrantInPath("grantId")), claims(nil), nil, 500, "server_error", nil},
		{"grant revoked", bearergate.RequireGrant(revoked), claims(nil), nil, 410, "grant_revoked", nil},
		{"grant store fails", bearergate.RequireGrant(brokenGrants), claims(nil), nil, 503, "temporarily_unavailable", unavailable},
		{"grant guard without token", bearergate.RequireGrant(active), nil, nil, 500, "server_error", nil},

		{"wrong organization", bearergate.RequireOrg(acme), claims(func(c *bearergate.Claims) { c.OrganizationID = "Acme" }), nil, 403, "wrong_organization", nil},
		{"no organization in token", bearergate.RequireOrg(acme), claims(func(c *bearergate.Claims) { c.OrganizationID = "" }), nil, 403, "wrong_organization", nil},
		{"organization of the grant", bearergate.Chain(bearergate.RequireGrant(active), bearergate.RequireOrg(acme)), claims(nil), nil, 403, "wrong_organization", nil},
		{"no organization in request", bearergate.RequireOrg(noOrg), claims(nil), nil, 500, "server_error", nil},
		{"organization not in route", bearergate.RequireOrg(bearergate.PathValue("org")), claims(nil), nil, 500, "server_error", nil},
		{"organization lookup fails", bearergate.RequireOrg(brokenOrg), claims(nil), nil, 503, "temporarily_unavailable", unavailable},
		{"organization guard without token", bearergate.RequireOrg(acme), nil, nil, 500, "server_error", nil},

		{"missing scope", bearergate.RequireScope("projects:write"), claims(nil), nil, 403, `missing_scope","required":"projects:write`, []string{challenge, `Bearer realm="api", error="insufficient_scope", scope="projects:write"`}},
		{"missing two of three scopes", bearergate.RequireScope("b", "projects:read", "a"), claims(nil), nil, 403, `missing_scope","required":"b a`, []string{challenge, `Bearer realm="api", error="insufficient_scope", scope="b projects:read a"`}},
		{"missing any scope", bearergate.RequireAnyScope("b", "a"), claims(nil), nil, 403, `missing_scope","required":"b`, []string{challenge, `Bearer realm="api", error="insufficient_scope", scope="b a"`}},
		{"scope guard without token", bearergate.RequireScope("a"), nil, nil, 500, "server_error", nil},
		{"any-scope guard without token", bearergate.RequireAnyScope("a"), nil, nil, 500, "server_error", nil},

		{"own rule, cannot tell", bearergate.Require(func(*http.Request) error { return errInner }), nil, nil, 503, "temporarily_unavailable", unavailable},
		{"own rule, invalid_request", refusing(bearergate.ErrInvalidRequest), nil, nil, 400, "invalid_request", []string{challenge, invalidRequest}},
		{"own rule, invalid_grant", refusing(bearergate.ErrInvalidGrant), nil, nil, 401, "invalid_grant", []string{challenge, bare, "Pragma", "no-cache"}},
		{"own rule, invalid_client", refusing(bearergate.ErrInvalidClient), nil, nil, 401, "invalid_client", []string{challenge, bare, "Pragma", "no-cache"}},
		{"own rule, forbidden", refusing(bearergate.ErrForbidden), nil, nil, 403, "forbidden", nil},
		{"own rule, rate_limited", refusing(bearergate.ErrRateLimited), nil, nil, 429, "rate_limited", []string{"Retry-After", "1"}},
		{"own rule, own wait", refusing(&bearergate.Error{Code: bearergate.ErrRateLimited, RetryAfter: 61_000_000_001}), nil, nil, 429, "rate_limited", []string{"Retry-After", "62"}},
		{"own rule, scope that needs escaping", refusing(&bearergate.Error{Code: bearergate.ErrMissingScope, Required: "a<\"\r\nX: y"}), nil, nil, 403, `missing_scope","required":"a<\"\r\nX: y`, []string{challenge, `Bearer realm="api", error="insufficient_scope"`}},
		{"own rule, unknown code", refusing(&bearergate.Error{Code: "teapot"}), nil, nil, 500, "server_error", nil},
		{"own rule, nil *Error", bearergate.Require(func(*http.Request) error { return (*bearergate.Error)(nil) }), nil, nil, 500, "server_error", nil},
	}
}

func (c refusal) request(method string) *http.Request {
	r := bearergatetest.NewRequest(method, "/projects?q=secret-query", "")
	r.Header.Set("X-Secret", "secret-header")
	if c.claims != nil {
		r = r.WithContext(bearergatetest.ContextWithToken(r.Context(), *c.claims))
	}
	if c.edit != nil {
		c.edit(r)
	}
	return r
}

// Rules: S1.1, S1.2, S1.3, S1.4, S1.5, S1.6, S1.7, S1.8, S1.9, S1.11, S1.12,
// S1.14, S1.15, S1.16, S1.17, S1.18, S1.19, S1.22, S1.23, S1.30, S1.31,
// S1.35, S1.40, S1.41, S4.2, S4.3, S4.4, S4.5, S4.8, S4.9, S4.10, S4.24,
// S4.25, S4.26, S4.29, S5.4, S5.5, S6.4, S6.12, S6.15, S6.16, S6.31.
func TestEveryRefusalIsDocumentedToTheByte(t *testing.T) {
	for _, c := range refusals() {
		t.Run(c.name, func(t *testing.T) {
			body := `{"error":"` + c.body + "\"}\n"
			want := answer{Status: c.status, Header: base(len(body), c.extra...), Body: body}
			got := serve(c.guard, c.request("GET"))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("GET (-want +got):\n%s", diff)
			}
			want.Body = ""
			if diff := cmp.Diff(want, serve(c.guard, c.request("HEAD"))); diff != "" {
				t.Errorf("HEAD (-want +got):\n%s", diff)
			}
			for _, secret := range []string{"secret", "inner-error", "hunter2", "projects:read,", "c2Vj"} {
				if text := fmt.Sprint(got); strings.Contains(text, secret) {
					t.Errorf("%q of the request or of an inner error is in the answer:\n%s", secret, text)
				}
			}
		})
	}
}

// Rules: S1.17, S1.19.
func TestRefusalsAreTheSameOverTheWire(t *testing.T) {
	for _, c := range refusals() {
		if c.edit != nil && c.request("GET").RemoteAddr == "@" {
			continue // a peer over TCP has an address
		}
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				in := c.request(r.Method)
				in.RemoteAddr = r.RemoteAddr
				c.guard(http.NotFoundHandler()).ServeHTTP(w, in)
			}))
			defer server.Close()
			resp, err := http.Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := bufio.NewReader(resp.Body).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			resp.Header.Del("Date")
			wantBody := `{"error":"` + c.body + "\"}\n"
			want := answer{Status: c.status, Header: base(len(wantBody), c.extra...), Body: wantBody}
			got := answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestResponsesShareNothingThatMayBeChanged changes each value of one response in
// place, and lengthens each field, as middleware outside may.
func TestResponsesShareNothingThatMayBeChanged(t *testing.T) {
	for _, c := range refusals() {
		t.Run(c.name, func(t *testing.T) {
			header := func() http.Header {
				rec := httptest.NewRecorder()
				c.guard(http.NotFoundHandler()).ServeHTTP(rec, c.request("GET"))
				return rec.Header()
			}
			want, got, changed := header(), header(), header()
			for name := range got {
				got[name] = append(got[name], "added")
			}
			for name, values := range got {
				if diff := cmp.Diff(append(slices.Clone(want[name]), "added"), values); diff != "" {
					t.Errorf("%s, after each field was added to (-want +got):\n%s", name, diff)
				}
			}
			for _, values := range changed {
				values[0] = "changed"
			}
			if diff := cmp.Diff(want, header()); diff != "" {
				t.Errorf("after another response was changed (-want +got):\n%s", diff)
			}
		})
	}
}

// Rules: S1.1, S1.36.
func TestInvalidRequestNamesBearerOnGuardedRoutesOnly(t *testing.T) {
	refuse := func(r *http.Request) string {
		rec := httptest.NewRecorder()
		bearergate.Refuse(rec, r, bearergate.ErrInvalidRequest)
		return rec.Header().Get(challenge)
	}
	if got := refuse(get("")); got != "" {
		t.Errorf("endpoint without guard: got challenge %q, want none", got)
	}
	want := `Bearer realm="api", error="invalid_request"`
	if got := refuse(as(bearergatetest.InstallationClaims())); got != want {
		t.Errorf("handler behind RequireToken: got challenge %q, want %q", got, want)
	}
}

// Rules: S1.20, S1.21.
func TestHeadersOfASuccessGoAndOthersStay(t *testing.T) {
	rec := httptest.NewRecorder()
	h := rec.Header()
	stale := []string{
		"Accept-Ranges", "Age", "Content-Digest", "Content-MD5", "Digest", "Repr-Digest", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location", "Content-Range",
		"ETag", "Expires", "Last-Modified", "CDN-Cache-Control", "Surrogate-Control", "Retry-After", "Trailer", "Transfer-Encoding", "WWW-Authenticate",
	}
	for _, name := range stale {
		h.Set(name, "stale")
	}
	h.Set("Content-Length", "5000000")
	h.Set("Cache-Control", "public, max-age=31536000")
	kept := map[string]string{
		"Access-Control-Allow-Origin": "https://app.example", "Vary": "Origin", "X-Request-Id": "r-1", "Set-Cookie": "a=b",
	}
	for name, value := range kept {
		h.Set(name, value)
	}
	bearergate.WriteError(rec, get(""), &bearergate.Error{Code: bearergate.ErrGrantRevoked})
	for _, name := range stale {
		if got := h.Get(name); got != "" {
			t.Errorf("%s: got %q, want it gone", name, got)
		}
	}
	for name, want := range kept {
		if got := h.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := h.Get("Content-Length"); got != "26" {
		t.Errorf("Content-Length: got %s, want 26", got)
	}
	if got := h.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: got %s, want no-store", got)
	}
}

func TestEveryCodeHasStatusMeaningAndRemedy(t *testing.T) {
	want := []string{
		"400 invalid_request", "401 invalid_grant", "401 invalid_token", "403 missing_scope", "403 wrong_organization", "403 forbidden",
		"404 grant_not_found", "410 grant_revoked", "429 rate_limited",
		"401 invalid_client", "503 temporarily_unavailable", "500 server_error",
	}
	var got []string
	for _, c := range bearergate.Codes() {
		got = append(got, fmt.Sprintf("%d %s", c.Status(), c))
		if c.Meaning() == "" || c.Remedy() == "" {
			t.Errorf("%s has no meaning or no remedy", c)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if unknown := bearergate.Code("teapot"); unknown.Status() != 0 || unknown.Meaning() != "" || unknown.Remedy() != "" {
		t.Error("an unknown code has a status, a meaning or a remedy")
	}
}

func TestErrorsAreComparedByCode(t *testing.T) {
	err := fmt.Errorf("while publishing: %w", &bearergate.Error{Code: bearergate.ErrMissingScope, Required: "a"})
	if !errors.Is(err, bearergate.ErrMissingScope) {
		t.Error("an error of the same code is not the sentinel")
	}
	if errors.Is(err, bearergate.ErrGrantRevoked) {
		t.Error("an error of another code is the sentinel")
	}
	var none *bearergate.Error
	if errors.Is(none, bearergate.ErrGrantRevoked) || errors.Is(&bearergate.Error{}, none) || errors.Unwrap(none) != nil {
		t.Error("a nil *Error is something")
	}
	if none.Error() == "" {
		t.Error("a nil *Error has no text")
	}
}

// Rules: S1.24.
func TestCauseIsForTheProgram(t *testing.T) {
	var seen *bearergate.Error
	configure := configured(bearergate.Config{ErrorWriter: func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
		seen = e
		bearergate.WriteError(w, r, e)
	}})
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"of the server", errInner, "temporarily_unavailable: " + errInner.Error()},
		{"of the client", fmt.Errorf("%w: %w", bearergate.ErrGrantRevoked, errInner), "grant_revoked: " + errInner.Error()},
		{"none", bearergate.ErrGrantRevoked, "grant_revoked"},
	} {
		serve(bearergate.Chain(configure, bearergate.Require(func(*http.Request) error { return c.err })), get(""))
		if errors.Is(seen, errInner) != errors.Is(c.err, errInner) {
			t.Errorf("%s: the cause is not in the tree of %v", c.name, seen)
		}
		if c.name == "none" && errors.Unwrap(seen) != nil {
			t.Errorf("%s: got cause %v", c.name, errors.Unwrap(seen))
		}
		if got := seen.Error(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSentinelsAreNeverChanged(t *testing.T) {
	configure := configured(bearergate.Config{ErrorWriter: func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
		e.Code, e.Required, e.RetryAfter = bearergate.ErrServerError, "changed", time.Hour
		bearergate.WriteError(w, r, e)
	}})
	guard := bearergate.Require(func(*http.Request) error { return bearergate.ErrGrantRevoked })
	if got := serve(bearergate.Chain(configure, guard), get("")).Status; got != 500 {
		t.Fatalf("got %d, want what the writer made of it: 500", got)
	}
	refuses(t, guard, get(""), bearergate.ErrGrantRevoked)
}

// Rules: S1.16.
func TestRefusalWithoutErrorIsAWiringFault(t *testing.T) {
	rec := httptest.NewRecorder()
	bearergate.Refuse(rec, get(""), nil)
	if rec.Code != 500 {
		t.Errorf("got %d, want 500", rec.Code)
	}
}

// Rules: S1.37.
func TestReferenceLinkNamesTheCode(t *testing.T) {
	guard := bearergate.Chain(
		configured(bearergate.Config{ReferenceURL: "https://docs.example/errors?v=1", Realm: "Translations, v1"}),
		bearergate.RequireToken(issuer.Verifier()))
	got := refuses(t, guard, get(issuer.AccessToken(bearergatetest.Expired())), bearergate.ErrInvalidToken).Header
	if want := `<https://docs.example/errors?v=1#invalid_token>; rel="help"`; got.Get("Link") != want {
		t.Errorf("got Link %q, want %q", got.Get("Link"), want)
	}
	if want := `Bearer realm="Translations, v1", error="invalid_token"`; got.Get(challenge) != want {
		t.Errorf("got %q, want %q", got.Get(challenge), want)
	}
}

// Rules: S1.28, S1.30.
func TestRetryAfterIsWholeSecondsRoundedUp(t *testing.T) {
	for _, c := range []struct {
		wait time.Duration
		want string
	}{
		{-time.Hour, "1"}, {0, "1"}, {1, "1"}, {time.Second, "1"}, {time.Second + 1, "2"}, {59*time.Second + 1, "60"},
		{1<<63 - 1, "9223372037"},
	} {
		rec := httptest.NewRecorder()
		bearergate.WriteError(rec, get(""), &bearergate.Error{Code: bearergate.ErrRateLimited, RetryAfter: c.wait})
		if got := rec.Header().Get("Retry-After"); got != c.want {
			t.Errorf("%v: got %s, want %s", c.wait, got, c.want)
		}
	}
}

// TestResponseWriterIsTheServersOwn holds that nothing wraps it: a streaming
// handler behind the whole chain flushes, and another hijacks.
//
// Rules: S5.8.
func TestResponseWriterIsTheServersOwn(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "acme"})
	chain := bearergate.Chain(
		configured(bearergate.Config{Observer: func(context.Context, bearergate.Decision) {}}),
		bearergate.LimitFailedAuthentication(budgetOf(t, 10)),
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RateLimit(budgetOf(t, 10)),
		bearergate.RequireGrant(grants),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("a"),
	)
	mux := http.NewServeMux()
	mux.Handle("GET /{org}/stream", chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		fmt.Fprintln(w, "first")
		w.(http.Flusher).Flush()
		fmt.Fprintln(w, "second")
	})))
	mux.Handle("GET /{org}/hijack", chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\nhijacked\n")
	})))
	server := httptest.NewServer(mux)
	defer server.Close()
	for path, want := range map[string]string{"/acme/stream": "first", "/acme/hijack": "hijacked"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		token := issuer.InstallationToken(bearergatetest.WithScopes("a"))
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer %s\r\n\r\n", path, token)
		lines := bufio.NewScanner(conn)
		for lines.Scan() && lines.Text() != want {
		}
		if lines.Text() != want {
			t.Errorf("%s: the handler's %q did not arrive", path, want)
		}
	}
}
