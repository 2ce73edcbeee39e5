// Sync is an app that calls the quickstart's API. It connects, reads the projects
// again and again, and prints the refusals on the way. It survives expired tokens
// and used-up budgets, and ends when its grant is revoked.
//
//	go run ./examples/quickstart -lifetime 5s     # in one terminal
//	go run ./examples/sync                        # in another
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/bearergate/bearergate/client"
)

// The app's registration with the quickstart.
const (
	clientID     = "app-1"
	clientSecret = "quickstart"
	callback     = "http://127.0.0.1/callback"
	grantID      = "grant-acme"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	base := flag.String("api", "http://127.0.0.1:8080", "`URL` of the quickstart")
	pages := flag.Int("pages", 1500, "how `many` requests to make")
	pause := flag.Duration("pause", 10*time.Millisecond, "how `long` to rest between them")
	flag.Parse()
	if err := run(ctx, os.Stdout, *base, *pages, *pause); err != nil {
		fmt.Fprintln(os.Stderr, "sync:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, base string, pages int, pause time.Duration) error {
	connection, err := connect(ctx, base)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	connections := new(client.MemoryConnections) // use a database in a real app
	if err := client.SaveConnection(ctx, connections, "user-1", connection); err != nil {
		return err
	}
	transport, err := client.New(client.Config{
		APIURL:       base,
		TokenURL:     base + "/oauth/token",
		MintURL:      base + "/api/oauth-client/installations/{grantId}/tokens",
		ClientID:     clientID,
		ClientSecret: clientSecret,
		Connections:  connections,
		ConnectionID: "user-1",
		Base:         progress{out},
		MaxWait:      2 * time.Minute,
		Dead:         func(err error) { fmt.Fprintln(out, "the connection is dead, reconnect:", err) },
	})
	if err != nil {
		return err
	}
	return sync(ctx, out, &http.Client{Transport: transport}, base, pages, pause)
}

func sync(ctx context.Context, out io.Writer, api *http.Client, base string, pages int, pause time.Duration) error {
	for page := range pages {
		if err := read(ctx, api, base+"/v1/orgs/acme/projects"); err != nil {
			return fmt.Errorf("page %d: %w", page+1, err)
		}
		if (page+1)%100 == 0 {
			fmt.Fprintf(out, "%d of %d pages\n", page+1, pages)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func read(ctx context.Context, api *http.Client, target string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	resp, err := api.Do(r)
	if err != nil {
		return err // errors.As with a *client.Error finds its Action
	}
	defer resp.Body.Close()
	if err := client.CheckResponse(resp); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// progress prints the requests that the transport makes in addition to the
// program's.
type progress struct{ out io.Writer }

func (p progress) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	switch {
	case err != nil:
		fmt.Fprintln(p.out, r.URL.Path, err)
	case resp.StatusCode == http.StatusTooManyRequests:
		fmt.Fprintln(p.out, "the budget is used up; waiting", resp.Header.Get("Retry-After"), "seconds")
	case r.Method == http.MethodPost:
		fmt.Fprintln(p.out, r.URL.Path, resp.Status)
	}
	return resp, err
}

// connect sends the user to the API and exchanges the code. The quickstart's user
// consents at once.
func connect(ctx context.Context, base string) (client.Connection, error) {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	state := rand.Text()
	query := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {callback}, "scope": {"projects:read"}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/oauth/authorize?"+query.Encode(), nil)
	if err != nil {
		return client.Connection{}, err
	}
	resp, err := stay.Do(r)
	if err != nil {
		return client.Connection{}, err
	}
	defer resp.Body.Close()
	if err := client.CheckResponse(resp); err != nil {
		return client.Connection{}, err
	}
	back, err := resp.Location()
	if err != nil {
		return client.Connection{}, err
	}
	if back.Query().Get("state") != state {
		return client.Connection{}, errors.New("the redirect has another state than the request")
	}
	return exchange(ctx, base, url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier},
	})
}

func exchange(ctx context.Context, base string, form url.Values) (client.Connection, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return client.Connection{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, clientSecret)
	issued := time.Now()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return client.Connection{}, err
	}
	defer resp.Body.Close()
	if err := client.CheckResponse(resp); err != nil {
		return client.Connection{}, err
	}
	var tokens struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		ExpiresIn    int64  `json:"expires_in"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&tokens); err != nil {
		return client.Connection{}, err
	}
	return client.Connection{
		GrantID: grantID, RefreshToken: tokens.RefreshToken,
		Access: client.StoredToken{Text: tokens.AccessToken, IssuedAt: issued, ExpiresAt: issued.Add(time.Duration(tokens.ExpiresIn) * time.Second)},
	}, nil
}
