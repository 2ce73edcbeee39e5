package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bearergate/bearergate"
)

// tour asks the API for every answer of the table, over HTTP.
type tour struct {
	api    *api
	base   string
	client *http.Client
}

func newTour(a *api, base string) *tour {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &tour{api: a, base: base, client: &http.Client{Timeout: 10 * time.Second, CheckRedirect: stay}}
}

// stop is one answer on the tour.
type stop struct {
	when          string
	code          bearergate.Code // empty: a success
	required      string
	method, path  string
	authorization string
	form          form // for the token endpoint
	before, after func(context.Context) error
	// headers must be there, with this text in them; with an empty text, with
	// any.
	headers map[string]string
}

type answer struct {
	status int
	body   string
	header http.Header
}

const (
	projects     = "/v1/orgs/acme/projects"
	translations = "/v1/orgs/acme/projects/website/translations"
)

func mintPath(grant string) string {
	return "/api/oauth-client/installations/" + grant + "/tokens"
}

// take goes from stop to stop and prints the answers. The error names those
// that were not as documented.
func (t *tour) take(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "A tour of the answers of %s:\n\n", t.base)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "STATUS\tWHEN\tANSWER")
	stops, err := t.stops(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, s := range stops {
		got, err := t.visit(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.when, err)
		}
		s.print(table, got)
		if err := s.check(got); err != nil {
			faults = append(faults, err)
		}
	}
	table.Flush()
	fmt.Fprintln(out)
	if len(faults) > 0 {
		return fmt.Errorf("not as documented:\n%w", errors.Join(faults...))
	}
	fmt.Fprintln(out, "Every answer was as documented.")
	return nil
}

func (t *tour) stops(ctx context.Context) ([]stop, error) {
	_, connected, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	access := connected.AccessToken
	minted, err := t.mint(ctx, acmeGrant, access)
	if err != nil {
		return nil, err
	}
	leaving, err := t.mint(ctx, leavingGrant, t.api.issuer.accessToken(leavingGrant, readProjects, nil))
	if err != nil {
		return nil, err
	}
	busy := t.api.issuer.installationToken(busyGrant, readProjects, nil)
	ofApp := t.api.issuer.installationToken(acmeGrant, publishTranslations, claims{"projectIds": []string{"app"}})
	expired := t.api.issuer.installationToken(acmeGrant, readProjects, claims{"exp": time.Now().Add(-time.Hour).Unix()})
	bearer := func(token string) string { return "Bearer " + token }
	challenge := func(text string) map[string]string { return map[string]string{"WWW-Authenticate": text} }

	answers := map[bearergate.Code][]stop{
		bearergate.ErrInvalidRequest: {{
			when: "the Authorization header is malformed", method: "GET", path: projects, authorization: "Bearer two words",
			headers: challenge(`Bearer realm="translations", error="invalid_request"`),
		}, {
			when: "a code is sent without grant_type", form: t.changed("grant_type", ""), authorization: basic(clientSecret),
		}},
		bearergate.ErrInvalidGrant: {
			{when: "the code expired", form: t.expired, authorization: basic(clientSecret), headers: map[string]string{"Pragma": "no-cache"}},
			{when: "the code was used before", form: t.replayed, authorization: basic(clientSecret)},
			{when: "the redirect_uri is another", form: t.changed("redirect_uri", callback+"/2"), authorization: basic(clientSecret)},
			{when: "the code_verifier is another", form: t.changed("code_verifier", strings.Repeat("x", 43)), authorization: basic(clientSecret)},
			{when: "the refresh token was revoked", form: t.revoked, authorization: basic(clientSecret)},
		},
		bearergate.ErrInvalidClient: {
			{when: "the client's secret is wrong", form: t.changed("", ""), authorization: basic("x"), headers: challenge(`Basic realm="translations"`)},
		},
		bearergate.ErrInvalidToken: {{
			when: "the installation token expired", method: "GET", path: projects, authorization: bearer(expired),
			headers: challenge(`Bearer realm="translations", error="invalid_token"`),
		}},
		bearergate.ErrMissingScope: {{
			when: "the token may read, and publishes", method: "POST", path: translations, authorization: bearer(minted),
			required: publishTranslations,
			headers:  challenge(`Bearer realm="translations", error="insufficient_scope", scope="translations:publish"`),
		}},
		bearergate.ErrWrongOrganization: {{
			when: "the projects are another organization's", method: "GET", path: "/v1/orgs/umbrella/projects", authorization: bearer(minted),
		}},
		bearergate.ErrForbidden: {{
			when: "the token is for another project", method: "POST", path: translations, authorization: bearer(ofApp),
		}},
		bearergate.ErrGrantNotFound: {{
			when: "a token is minted for an unknown grant", method: "POST", path: mintPath("grant-unknown"), authorization: bearer(access),
		}},
		bearergate.ErrGrantRevoked: {{
			when: "the grant was revoked", method: "GET", path: projects, authorization: bearer(leaving),
			before: func(ctx context.Context) error { return t.revoke(ctx, leavingGrant) },
		}},
		bearergate.ErrRateLimited: {{
			when: "1,000 requests were made in this minute", method: "GET", path: projects, authorization: bearer(busy),
			before:  func(ctx context.Context) error { return t.useUpBudget(ctx, bearer(busy)) },
			headers: map[string]string{"Retry-After": "", "RateLimit-Policy": `"installation";q=1000;w=60`, "RateLimit": `"installation";r=0;t=`},
		}},
		bearergate.ErrTemporarilyUnavailable: {{
			when: "the grant store is down", method: "GET", path: projects, authorization: bearer(minted),
			before:  func(context.Context) error { t.api.grantsUp.Store(false); return nil },
			after:   func(context.Context) error { t.api.grantsUp.Store(true); return nil },
			headers: map[string]string{"Retry-After": ""},
		}},
		bearergate.ErrServerError: {{
			when: "RequireScope stands without RequireToken", method: "GET", path: miswired, authorization: bearer(minted),
		}},
	}
	stops := []stop{{
		when: "a user comes back with a code", form: t.changed("", ""), authorization: basic(clientSecret),
		headers: map[string]string{"Cache-Control": "no-store"},
	}, {
		when: "a refresh token is rotated", authorization: basic(clientSecret),
		form: func(context.Context) (url.Values, error) { return refreshing(connected.RefreshToken), nil },
	}, {
		when: "an installation token reads projects", method: "GET", path: projects, authorization: bearer(minted),
		headers: map[string]string{"RateLimit-Policy": `"installation";q=1000;w=60`, "RateLimit": `"installation";r=`},
	}}
	for _, code := range bearergate.Codes() {
		for _, s := range answers[code] {
			s.code = code
			stops = append(stops, s)
		}
	}
	return stops, nil
}

func (t *tour) visit(ctx context.Context, s stop) (answer, error) {
	if s.before != nil {
		if err := s.before(ctx); err != nil {
			return answer{}, err
		}
	}
	got, err := t.send(ctx, s)
	if s.after != nil {
		err = errors.Join(err, s.after(ctx))
	}
	return got, err
}

func (t *tour) send(ctx context.Context, s stop) (answer, error) {
	if s.form == nil {
		return t.request(ctx, s.method, s.path, s.authorization)
	}
	form, err := s.form(ctx)
	if err != nil {
		return answer{}, err
	}
	return t.post(ctx, form, s.authorization)
}

// post asks the token endpoint.
func (t *tour) post(ctx context.Context, form url.Values, authorization string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", t.base+tokenPath, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return t.do(r, authorization)
}

func (t *tour) request(ctx context.Context, method, path, authorization string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, t.base+path, nil)
	if err != nil {
		return answer{}, err
	}
	return t.do(r, authorization)
}

func (t *tour) do(r *http.Request, authorization string) (answer, error) {
	r.Header.Set("Authorization", authorization)
	resp, err := t.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return answer{resp.StatusCode, string(body), resp.Header}, err
}

// mint gets an installation token as an app does: with its access token.
func (t *tour) mint(ctx context.Context, grant, accessToken string) (string, error) {
	got, err := t.request(ctx, "POST", mintPath(grant), "Bearer "+accessToken)
	if err != nil {
		return "", err
	}
	var minted struct{ Token string }
	if err := json.Unmarshal([]byte(got.body), &minted); err != nil || minted.Token == "" {
		return "", fmt.Errorf("minting a token for %s answered %d %s", grant, got.status, got.body)
	}
	return minted.Token, nil
}

func (t *tour) revoke(ctx context.Context, grant string) error {
	got, err := t.request(ctx, "DELETE", "/api/oauth-client/installations/"+grant, "Bearer "+t.api.issuer.accessToken(grant, readProjects, nil))
	if err == nil && got.status != http.StatusNoContent {
		err = fmt.Errorf("revoking %s answered %d %s", grant, got.status, got.body)
	}
	return err
}

func (t *tour) useUpBudget(ctx context.Context, authorization string) error {
	for i := range bearergate.DefaultRequestsPerMinute {
		got, err := t.request(ctx, "GET", projects, authorization)
		if err != nil {
			return err
		}
		if got.status != http.StatusOK {
			return fmt.Errorf("request %d of the budget answered %d %s", i+1, got.status, got.body)
		}
	}
	return nil
}

// check compares an answer with the table.
func (s stop) check(got answer) error {
	wantStatus, wantBody := http.StatusOK, got.body
	if s.code != "" {
		wantStatus = s.code.Status()
		wantBody = fmt.Sprintf("{\"error\":%q}\n", s.code)
		if s.required != "" {
			wantBody = fmt.Sprintf("{\"error\":%q,\"required\":%q}\n", s.code, s.required)
		}
	}
	if got.status != wantStatus || got.body != wantBody {
		return fmt.Errorf("%s: got %d %s, want %d %s", s.when, got.status, got.body, wantStatus, wantBody)
	}
	for name, text := range s.headers {
		if value := got.header.Get(name); value == "" || !strings.Contains(value, text) {
			return fmt.Errorf("%s: got %s %q, want %q in it", s.when, name, value, text)
		}
	}
	return nil
}

// print writes a row: the body, and below it the headers that matter.
func (s stop) print(table io.Writer, got answer) {
	body := strings.TrimSpace(got.body)
	if s.form != nil && s.code == "" {
		body = fmt.Sprintf("%d bytes with an access token and a refresh token", len(body))
	}
	fmt.Fprintf(table, "%d\t%s\t%s\n", got.status, s.when, body)
	for _, name := range []string{"WWW-Authenticate", "Retry-After", "RateLimit-Policy", "RateLimit"} {
		if value := got.header.Get(name); value != "" {
			fmt.Fprintf(table, "\t\t%s: %s\n", name, value)
		}
	}
}
