package outages

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// stream is requests of one kind at a steady rate.
type stream struct {
	every       time.Duration
	first, last time.Duration // since the start; last 0 stands for the end
	send        func(w *world, n int)
}

// run sends until the end.
func (s stream) run(w *world, end time.Time, requests *sync.WaitGroup) {
	time.Sleep(s.first)
	last := end
	if s.last != 0 {
		last = time.Now().Add(s.last - s.first)
	}
	for n := 0; time.Now().Before(last); n++ {
		requests.Go(func() { s.send(w, n) })
		time.Sleep(s.every)
	}
}

// installations returns steady load of good clients, one request each in every period.
func installations(count int, every time.Duration) []stream {
	var all []stream
	for i := range count {
		all = append(all, stream{
			every: every, first: every * time.Duration(2*i+1) / time.Duration(2*count+1),
			send: func(w *world, _ int) { w.list(i, w.token(i)) },
		})
	}
	return all
}

// addressOf returns the address of a client. Each has a network of its own.
func addressOf(i int) net.IP { return net.IPv4(198, 51, byte(i), 9) }

// list gets the projects with a token.
func (w *world) list(i int, token string) answer {
	return w.send(addressOf(i), get("/orgs/acme/projects", token))
}

func get(path, token string) *http.Request {
	r := must(http.NewRequest(http.MethodGet, "https://api.example"+path, nil))
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// wallet keeps a token for ten minutes.
type wallet struct {
	token   string
	renewAt time.Time
}

// token returns the token of an installation, which has a grant of its own.
func (w *world) token(i int) string {
	w.walletLock.Lock()
	defer w.walletLock.Unlock()
	id := fmt.Sprint("installation-", i+1)
	kept := w.wallets[id]
	if kept == nil || !time.Now().Before(kept.renewAt) {
		kept = &wallet{w.mint(i), time.Now().Add(10 * time.Minute)}
		w.wallets[id] = kept
	}
	return kept.token
}

// forget has an installation get a new token.
func (w *world) forget(i int) {
	w.walletLock.Lock()
	defer w.walletLock.Unlock()
	delete(w.wallets, fmt.Sprint("installation-", i+1))
}

// mint returns a new token of an installation.
func (w *world) mint(i int, opts ...bearergatetest.TokenOption) string {
	w.putGrant(i)
	return w.issuer.InstallationToken(append([]bearergatetest.TokenOption{
		bearergatetest.SignedWith(bearergatetest.EdDSA), bearergatetest.WithGrant(grantID(i)), bearergatetest.WithScopes(scope),
		bearergatetest.WithInstallation(fmt.Sprint("installation-", i+1)), bearergatetest.WithClaim("jti", fmt.Sprint("token-", i+1)),
	}, opts...)...)
}

func grantID(i int) string { return fmt.Sprint("grant-", i+1) }

func (w *world) putGrant(i int) {
	if _, err := w.grants.MemoryGrants.Grant(context.Background(), grantID(i)); err != nil {
		must(0, w.grants.Put(bearergate.Grant{ID: grantID(i), OrganizationID: bearergatetest.DefaultOrganizationID}))
	}
}

// form posts a form to the token endpoint.
func (w *world) form(from net.IP, secret, form string) answer {
	r := must(http.NewRequest(http.MethodPost, "https://api.example/oauth/token", strings.NewReader(form)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(bearergatetest.DefaultClientID, strings.ReplaceAll(secret, " ", "+"))
	return w.send(from, r)
}
