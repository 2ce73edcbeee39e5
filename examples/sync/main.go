// Sync is an app that calls the quickstart's API. It connects, reads the projects
// again and again, and prints the refusals on the way. It survives expired tokens
// and used-up budgets, and ends when its grant is revoked.
//
//	go run ./examples/quickstart -lifetime 5s     # in one terminal
//	go run ./examples/sync                        # in another
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
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
	transport, err := client.New(client.Config{
		APIURL:       base,
		AuthorizeURL: base + "/oauth/authorize",
		RedirectURL:  callback,
		TokenURL:     base + "/oauth/token",
		MintURL:      base + "/api/oauth-client/installations/{grantId}/tokens",
		ClientID:     clientID,
		ClientSecret: clientSecret,
		Issuer:       base,
		Connections:  new(client.MemoryConnections), // use a database in a real app
		ConnectionID: "user-1",
		Base:         progress{out},
		MaxWait:      2 * time.Minute,
	})
	if err != nil {
		return err
	}
	if err := connect(ctx, transport); err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	err = readPages(ctx, out, &http.Client{Transport: transport}, base, pages, pause)
	var e *client.Error
	if errors.As(err, &e) && e.Action == client.Reconnect {
		fmt.Fprintln(out, "the connection is dead, reconnect:", err)
	}
	return err
}

func readPages(ctx context.Context, out io.Writer, api *http.Client, base string, pages int, pause time.Duration) error {
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

// connect sends the user to the authorization page, and ends with the callback. The
// quickstart's user signs in and consents.
func connect(ctx context.Context, transport *client.Transport) error {
	begun, err := transport.Authorize("projects:read")
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, begun.URL, strings.NewReader("password=open-sesame&consent=yes"))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := client.CheckResponse(resp); err != nil {
		return err
	}
	back, err := resp.Location()
	if err != nil {
		return err
	}
	return transport.Connect(ctx, begun, back.Query())
}
