package jwtverifier_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// outages are what a key server does when it is not itself.
func outages(t *testing.T, i *bearergatetest.Issuer) map[string]http.HandlerFunc {
	redirected := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(redirected.Close)
	megabyte := strings.Repeat(" ", 1<<20)
	onlyKeys := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/jwks.json" {
				h(w, r)
				return
			}
			io.WriteString(w, `{"issuer":"`+i.URL+`","jwks_uri":"`+i.URL+`/jwks.json"}`)
		}
	}
	return map[string]http.HandlerFunc{
		"500":                  text(500, "oops"),
		"500 with the keys":    onlyKeys(text(500, string(i.JWKSet()))),
		"503 with a JSON body": text(503, `{"error":"temporarily_unavailable"}`),
		"503 at the keys":      onlyKeys(text(503, `{"keys":[]}`)),
		"204":                  onlyKeys(text(204, "")),
		"garbage":              text(200, "\x00\xff garbage"),
		"garbage at the keys":  onlyKeys(text(200, "<html>")),
		"empty":                onlyKeys(text(200, "")),
		"an empty set":         onlyKeys(text(200, `{"keys":[]}`)),
		"no set":               onlyKeys(text(200, `{}`)),
		"a set of others":      onlyKeys(text(200, `{"keys":[{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}]}`)),
		"half a set":           onlyKeys(text(200, string(i.JWKSet()[:200]))),
		"64 MiB": onlyKeys(func(w http.ResponseWriter, _ *http.Request) {
			w.Write(i.JWKSet())
			for range 64 {
				if _, err := io.WriteString(w, megabyte); err != nil {
					return
				}
			}
		}),
		"64 MiB, as announced": onlyKeys(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "67108864")
			w.Write(i.JWKSet())
		}),
		"a byte at a time": func(w http.ResponseWriter, r *http.Request) {
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					io.WriteString(w, " ")
					http.NewResponseController(w).Flush()
				case <-r.Context().Done():
					return
				}
			}
		},
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, redirected.URL+r.URL.Path, http.StatusFound)
		},
		"nothing": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"the connection cut": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
		"a body cut": onlyKeys(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			w.Write(i.JWKSet())
			panic(http.ErrAbortHandler)
		}),
	}
}

// TestOutageOfTheKeyServerIsNeverToldAsAClientsFault goes through every outage,
// over HTTP and under load: before keys were had, and after.
//
// Rules: S1.11, S1.13, S3c.13, S3c.28, S3c.30.
func TestOutageOfTheKeyServerIsNeverToldAsAClientsFault(t *testing.T) {
	for name := range outages(t, issuer) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := bearergatetest.NewIssuer()
			server := i.Start()
			defer server.Close()
			outage := outages(t, i)[name]
			api := newGuardedAPI(t, i)

			i.Break(outage)
			api.answers(t, i.AccessToken(), 503, 20)
			i.Mend()
			api.comesToAnswer200(t, i.AccessToken())

			known := i.AccessToken()
			stop := api.underLoad(t, known)
			for range 2 {
				i.Break(outage)
				i.Rotate()
				rotated := i.AccessToken()
				api.answers(t, rotated, 503, 20)
				api.answers(t, i.AccessToken(bearergatetest.WithHeader("kid", "random")), 503, 5)
				i.Mend()
				api.comesToAnswer200(t, rotated)
			}
			stop()
		})
	}
}

// guardedAPI is an API behind RequireToken, over HTTP.
type guardedAPI struct {
	url    string
	issuer *bearergatetest.Issuer
}

func newGuardedAPI(t *testing.T, i *bearergatetest.Issuer) *guardedAPI {
	keys, err := jwtverifier.DiscoverKeys(i.URL, jwtverifier.WithMaxWait(2*time.Second),
		jwtverifier.WithTimes(time.Second, 50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	guarded := bearergate.RequireToken(verifierWith(t, i, keys))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server := httptest.NewServer(guarded)
	t.Cleanup(func() { server.Close(); keys.Close() })
	return &guardedAPI{server.URL, i}
}

func (a *guardedAPI) get(t *testing.T, token string) *http.Response {
	r, _ := http.NewRequest("GET", a.url, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return &http.Response{}
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode == 503 && resp.Header.Get("Retry-After") == "" {
		t.Error("got 503 without Retry-After, want one")
	}
	return resp
}

// answers sends requests at once and wants each answered with this status.
func (a *guardedAPI) answers(t *testing.T, token string, want, n int) {
	t.Helper()
	var clients sync.WaitGroup
	for range n {
		clients.Go(func() {
			if got := a.get(t, token).StatusCode; got != want {
				t.Errorf("answered %d, want %d", got, want)
			}
		})
	}
	clients.Wait()
}

// comesToAnswer200 wants nothing but 503 until it does.
func (a *guardedAPI) comesToAnswer200(t *testing.T, token string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		switch got := a.get(t, token).StatusCode; got {
		case 200:
			return
		case 503:
			time.Sleep(10 * time.Millisecond)
		default:
			t.Errorf("got %d for a good token, want 200 or 503", got)
			return
		}
	}
	t.Error("got 503 for ten seconds, want 200 after the outage")
}

// underLoad sends requests with a cached token, and with ones never seen, until
// stopped, and wants all answered 200.
func (a *guardedAPI) underLoad(t *testing.T, known string) (stop func()) {
	stopped := make(chan struct{})
	issued := make([]string, 200) // by the key of known, before it is rotated
	for n := range issued {
		issued[n] = a.issuer.AccessToken(bearergatetest.WithClaim("jti", n))
	}
	var clients sync.WaitGroup
	for client := range 2 {
		clients.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stopped:
					return
				default:
				}
				token := known
				if n%2 == 1 {
					token = issued[(2*n+client)%len(issued)]
				}
				if got := a.get(t, token).StatusCode; got != 200 {
					t.Errorf("got %d for a token whose key is known, want 200", got)
					return
				}
			}
		})
	}
	return func() { close(stopped); clients.Wait() }
}

// TestUnusableKeyBesideAGoodOneDoesNotMatter holds over HTTP too.
//
// Rules: S3c.23.
func TestUnusableKeyBesideAGoodOneDoesNotMatter(t *testing.T) {
	i := bearergatetest.NewIssuer()
	server := i.Start()
	defer server.Close()
	good := string(i.JWKSet())
	i.Break(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/jwks.json" {
			io.WriteString(w, strings.Replace(good, `{"keys":[`, `{"keys":[{"kty":"AKP","alg":"ML-DSA-44","kid":"pq","pub":"AA"},`, 1))
			return
		}
		io.WriteString(w, `{"issuer":"`+i.URL+`","jwks_uri":"`+i.URL+`/jwks.json"}`)
	})
	api := newGuardedAPI(t, i)
	api.answers(t, i.AccessToken(), 200, 10)
	api.answers(t, i.AccessToken(bearergatetest.WithHeader("kid", "pq")), 401, 2)
}

// TestServerThatIsNotThereYet is an API that starts before its issuer.
func TestServerThatIsNotThereYet(t *testing.T) {
	i := bearergatetest.NewIssuer()
	server := httptest.NewUnstartedServer(i)
	i.URL = "http://" + server.Listener.Addr().String()
	address := server.Listener.Addr().String()
	server.Listener.Close()
	api := newGuardedAPI(t, i)
	api.answers(t, i.AccessToken(), 503, 5)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	server.Listener = listener
	server.Start()
	defer server.Close()
	api.comesToAnswer200(t, i.AccessToken())
}
