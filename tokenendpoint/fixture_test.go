package tokenendpoint_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/google/go-cmp/cmp"
)

// RFC 7636 appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

const redirectURI = "https://app.example/callback?x=1"

// clients are the registered ones, by id.
type clients map[string]tokenendpoint.Client

func (c clients) Client(_ context.Context, id string) (tokenendpoint.Client, error) {
	if id == "down" {
		return tokenendpoint.Client{}, errDown
	}
	client, ok := c[id]
	if !ok {
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	return client, nil
}

func client(id string, secrets ...string) tokenendpoint.Client {
	c := tokenendpoint.Client{ID: id, RedirectURIs: []string{redirectURI}}
	for _, s := range secrets {
		c.Secrets = append(c.Secrets, tokenendpoint.SecretSum(s))
	}
	return c
}

var registered = clients{
	"app":    client("app", "s3cret: +%&ü", "the next secret"),
	"other":  client("other", "other secret"),
	"public": client("public"),
	"empty":  client("empty", ""),
	"a+b%41": client("a+b%41", "c+d%42"),
	"wrong":  client("another"),
}

var errDown = errors.New("dial tcp 10.0.0.7:5432: connection refused")

// trial is an endpoint with a store that fails on demand.
type trial struct {
	*tokenendpoint.Endpoint
	*testing.T
	memory tokenendpoint.MemoryStore
	grants bearergate.MemoryGrants
	issued atomic.Int64
	down   atomic.Bool // Issue fails

	mu    sync.Mutex
	calls []string
	fails string // the name of the store's method that fails
	late  bool   // after it has done its work
}

func newTrial(t *testing.T, configure ...func(*tokenendpoint.Config)) *trial {
	tr := &trial{T: t}
	tr.grants.Put(bearergate.Grant{ID: "grant", OrganizationID: "acme"})
	config := tokenendpoint.Config{Clients: registered, Store: tr, Grants: &tr.grants, Issue: func(_ context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
		if tr.down.Load() {
			return tokenendpoint.Issued{Token: "of a failure", ExpiresIn: time.Minute}, errDown
		}
		n := tr.issued.Add(1)
		text, _ := json.Marshal(map[string]any{"n": n, "client": a.ClientID, "grant": a.GrantID, "sub": a.Subject, "scopes": a.Scopes, "jti": a.TokenID})
		return tokenendpoint.Issued{Token: string(text), ExpiresIn: 90 * time.Second}, nil
	}}
	for _, set := range configure {
		set(&config)
	}
	var err error
	if tr.Endpoint, err = tokenendpoint.New(config); err != nil {
		t.Fatal(err)
	}
	return tr
}

// code returns a new one.
func (tr *trial) code(change ...func(*tokenendpoint.CodeRequest)) string {
	tr.Helper()
	request := tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{ClientID: "app", GrantID: "grant", Subject: "user", Scopes: []string{"read", "write"}},
		RedirectURI:   redirectURI, CodeChallenge: challenge, CodeChallengeMethod: "S256",
	}
	for _, set := range change {
		set(&request)
	}
	code, err := tr.NewCode(context.Background(), request)
	if err != nil {
		tr.Fatal(err)
	}
	return code
}

func exchange(code string, more ...string) url.Values {
	return with(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}, more...)
}

func refreshing(token string, more ...string) url.Values {
	return with(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, more...)
}

// with sets parameters by name and value; an empty value removes one.
func with(form url.Values, more ...string) url.Values {
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
		if more[i+1] == "" {
			form.Del(more[i])
		}
	}
	return form
}

func post(body string) *http.Request {
	r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// as authenticates a client by Basic.
func as(r *http.Request, id, secret string) *http.Request {
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	return r
}

// basic authenticates by Basic with credentials that are not form-encoded.
func basic(r *http.Request, scheme, credentials string) *http.Request {
	r.Header.Set("Authorization", scheme+" "+base64.StdEncoding.EncodeToString([]byte(credentials)))
	return r
}

func app(body string) *http.Request { return as(post(body), "app", "s3cret: +%&ü") }

func asApp(form url.Values) *http.Request { return as(post(form.Encode()), "app", "s3cret: +%&ü") }

func asPublic(form url.Values) *http.Request {
	return post(with(form, "client_id", "public").Encode())
}

type answer struct {
	Status int
	Header http.Header
	Body   string
}

func (tr *trial) ask(r *http.Request) answer {
	rec := httptest.NewRecorder()
	tr.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Result().Header, rec.Body.String()}
}

type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
	GrantID      string `json:"grant_id"`
}

func (tr *trial) succeeds(r *http.Request) (t tokens) {
	tr.Helper()
	got := tr.ask(r)
	if err := json.Unmarshal([]byte(got.Body), &t); got.Status != 200 || err != nil || t.AccessToken == "" {
		tr.Errorf("got %d %s, want tokens", got.Status, got.Body)
	}
	return t
}

func (tr *trial) refuses(r *http.Request, want bearergate.Code) answer {
	tr.Helper()
	got := tr.ask(r)
	if got.Status != want.Status() || got.Body != `{"error":"`+string(want)+"\"}\n" {
		tr.Errorf("got %d %s, want %s", got.Status, got.Body, want)
	}
	return got
}

// refusesAlike refuses all requests with one answer, without a call of the store.
func (tr *trial) refusesAlike(want bearergate.Code, requests map[string]*http.Request) answer {
	tr.Helper()
	var all []answer
	for name, r := range requests {
		calls := tr.called(func() { all = append(all, tr.refuses(r, want)) })
		if len(calls) > 0 || tr.Failed() {
			tr.Fatalf("%s: got the calls %v of the store, want none", name, calls)
		}
	}
	tr.areAlike(all)
	return all[0]
}

// areAlike wants all answers to be identical in every byte.
func (tr *trial) areAlike(answers []answer) {
	tr.Helper()
	for _, got := range answers {
		if diff := cmp.Diff(answers[0], got); diff != "" {
			tr.Errorf("got answers that differ, want them alike:\n%s", diff)
		}
	}
}

func (tr *trial) hasChallenge(a answer, want string) {
	tr.Helper()
	if got := a.Header.Get("WWW-Authenticate"); got != want {
		tr.Errorf("got the challenge %q, want %q", got, want)
	}
}

// called runs do and returns the methods of the store that it called.
func (tr *trial) called(do func()) []string {
	tr.mu.Lock()
	tr.calls = nil
	tr.mu.Unlock()
	do()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.calls
}

// call is the store's part of each method: it may fail, before it did its work
// or after.
func (tr *trial) call(name string, do func() error) error {
	tr.mu.Lock()
	tr.calls = append(tr.calls, name)
	fails, late := tr.fails == name, tr.late
	tr.mu.Unlock()
	if fails && !late {
		return errDown
	}
	if err := do(); err != nil || !fails {
		return err
	}
	return errDown
}

func (tr *trial) SaveCode(ctx context.Context, sum tokenendpoint.Sum, c tokenendpoint.AuthorizationCode) error {
	return tr.call("SaveCode", func() error { return tr.memory.SaveCode(ctx, sum, c) })
}

func (tr *trial) Code(ctx context.Context, sum tokenendpoint.Sum) (c tokenendpoint.AuthorizationCode, ok bool, err error) {
	err = tr.call("Code", func() error { c, ok, err = tr.memory.Code(ctx, sum); return err })
	return c, ok, err
}

func (tr *trial) Consume(ctx context.Context, sum tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (o tokenendpoint.Outcome, err error) {
	err = tr.call("Consume", func() error { o, err = tr.memory.Consume(ctx, sum, at, first); return err })
	return o, err
}

func (tr *trial) Family(ctx context.Context, id string) (f tokenendpoint.Family, ok bool, err error) {
	err = tr.call("Family", func() error { f, ok, err = tr.memory.Family(ctx, id); return err })
	return f, ok, err
}

func (tr *trial) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (ok bool, err error) {
	err = tr.call("ReplaceFamily", func() error { ok, err = tr.memory.ReplaceFamily(ctx, f); return err })
	return ok, err
}

func (tr *trial) RevokeGrant(ctx context.Context, id string) error {
	return tr.call("RevokeGrant", func() error { return tr.memory.RevokeGrant(ctx, id) })
}

// family returns the family of a refresh token as the store keeps it.
func (tr *trial) family(t tokens) tokenendpoint.Family {
	tr.Helper()
	secret, _, _ := strings.Cut(t.RefreshToken, ".")
	sum := sha256.Sum256([]byte(secret))
	family, found, _ := tr.memory.Family(context.Background(), base64url(sum[:]))
	if !found {
		tr.Errorf("got no family of %+v, want one", t)
	}
	return family
}

// uses reports a use of the access token.
func (tr *trial) uses(t tokens) error {
	return tr.ReportUse(context.Background(), bearergate.NewToken(bearergate.Claims{ID: idOf(t)}))
}

// idOf returns the TokenID of the access token.
func idOf(t tokens) string {
	var claims struct {
		ID string `json:"jti"`
	}
	json.Unmarshal([]byte(t.AccessToken), &claims)
	return claims.ID
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
