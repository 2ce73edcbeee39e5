package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
)

// traffic is what clients, attackers and outages do to a service.
type traffic struct {
	*service
	base   string
	client *http.Client
	reader string // a token that passes
	app    *app   // that lives; others die
}

func (s *service) traffic(base string) *traffic {
	return &traffic{
		service: s, base: base, client: &http.Client{Timeout: 10 * time.Second},
		reader: s.issuer.InstallationToken(bearergatetest.WithScopes("projects:read"), bearergatetest.WithInstallation("reader")),
	}
}

// run repeats rounds until ctx ends. Every tenth has an outage.
func (t *traffic) run(ctx context.Context, pause time.Duration) (err error) {
	if t.app, err = t.connect(ctx, "user-1"); err != nil {
		return fmt.Errorf("connecting the app: %w", err)
	}
	for round := 0; ; round++ {
		if err := t.round(ctx, round%10 == 0); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (t *traffic) round(ctx context.Context, outage bool) error {
	for range 10 {
		t.get(ctx, "/orgs/acme/projects", t.reader)
	}
	t.refusals(ctx)
	t.app.read(ctx, t.base)
	if !outage {
		return nil
	}
	t.outages(ctx)
	return t.death(ctx)
}

// refusals has each code answered but those of an outage.
func (t *traffic) refusals(ctx context.Context) {
	token := func(opts ...bearergatetest.TokenOption) string {
		return t.issuer.InstallationToken(append(opts, bearergatetest.WithScopes("projects:read"))...)
	}
	const projects = "/orgs/acme/projects"
	t.get(ctx, projects, "")                                                                  // invalid_token
	t.get(ctx, projects, token(bearergatetest.Expired()))                                     // invalid_token
	t.get(ctx, projects, "not a token")                                                       // invalid_request
	t.get(ctx, projects, t.issuer.InstallationToken())                                        // missing_scope
	t.get(ctx, "/orgs/umbrella/projects", t.reader)                                           // wrong_organization
	t.get(ctx, projects, token(bearergatetest.WithGrant("unknown")))                          // grant_not_found
	t.get(ctx, projects, token(bearergatetest.WithGrant("revoked")))                          // grant_revoked
	t.get(ctx, "/premium", t.reader)                                                          // forbidden
	t.get(ctx, "/misplaced", t.reader)                                                        // server_error
	t.post(ctx, "wrong", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}) // invalid_client
	t.thief(ctx)                                                                              // invalid_grant
}

// outages has the key server, the limiter and the token endpoint fail.
func (t *traffic) outages(ctx context.Context) {
	busy := t.issuer.InstallationToken(bearergatetest.WithScopes("projects:read"), bearergatetest.WithInstallation("busy"))
	for range 1005 {
		t.get(ctx, "/orgs/acme/projects", busy) // rate_limited in the end
	}
	t.limiter.down.Store(true)
	t.get(ctx, "/orgs/acme/projects", t.reader)
	t.limiter.down.Store(false)

	t.issuer.Break(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	t.issuer.Rotate()
	t.get(ctx, "/orgs/acme/projects", t.issuer.InstallationToken()) // temporarily_unavailable
	t.issuer.Mend()

	t.apps.Expire()
	t.apps.Down(http.StatusNotFound)
	t.app.read(ctx, t.base) // the renewal fails
	t.apps.Up()
}

// thief exchanges a code that was used, and sends a refresh token a second time.
func (t *traffic) thief(ctx context.Context) {
	code := url.Values{"grant_type": {"authorization_code"}, "code": {t.authorize(ctx)}, "redirect_uri": {bearergatetest.DefaultRedirectURL}}
	token := t.post(ctx, bearergatetest.DefaultClientSecret, code)
	for range 2 {
		t.post(ctx, bearergatetest.DefaultClientSecret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	}
	t.post(ctx, bearergatetest.DefaultClientSecret, code)
}

// get sends a request, whatever the answer is.
func (t *traffic) get(ctx context.Context, path, token string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+path, nil)
	if err != nil {
		return
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if resp, err := t.client.Do(r); err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

// post sends a form to the token endpoint, and returns the refresh token of the answer.
func (t *traffic) post(ctx context.Context, secret string, form url.Values) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.base+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return ""
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(bearergatetest.DefaultClientID), url.QueryEscape(secret))
	resp, err := t.client.Do(r)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	json.NewDecoder(resp.Body).Decode(&answer) // a refusal has none
	return answer.RefreshToken
}

// authorize returns a code, for the user consents to everything.
func (t *traffic) authorize(ctx context.Context) string {
	query := url.Values{"response_type": {"code"}, "client_id": {bearergatetest.DefaultClientID}, "redirect_uri": {bearergatetest.DefaultRedirectURL}}
	back, err := redirect(ctx, t.base+"/oauth/authorize?"+query.Encode())
	if err != nil {
		return ""
	}
	return back.Get("code")
}
