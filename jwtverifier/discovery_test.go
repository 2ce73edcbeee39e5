package jwtverifier_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// site answers by URL, and remembers what was asked for.
type site struct {
	pages map[string]string
	asked []string
}

func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, r.URL.String())
	page, ok := s.pages[r.URL.String()]
	switch {
	case page == "hang":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case page == "refuse":
		return nil, errors.New("connection refused")
	}
	server := newKeyServer()
	server.Break(func(w http.ResponseWriter, _ *http.Request) {
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, page)
	})
	return server.RoundTrip(r)
}

func metadata(issuer, jwksURI string) string {
	return fmt.Sprintf(`{"token_endpoint":"https://x.example/token","issuer":%q,"jwks_uri":%q,"grant_types":["a"]}`, issuer, jwksURI)
}

// Rules: S3c.5, S3c.6, S3c.7.
func TestIssuerIsDiscovered(t *testing.T) {
	const (
		origin = "https://issuer.example"
		oauth  = origin + "/.well-known/oauth-authorization-server"
		openid = origin + "/.well-known/openid-configuration"
		keys   = "https://keys.example/set"
	)
	set := string(issuer.JWKSet())
	for _, c := range []struct {
		name   string
		issuer string
		pages  map[string]string
		asked  string // empty: no keys are had
	}{
		{"RFC 8414", origin, map[string]string{oauth: metadata(origin, keys), keys: set}, oauth + " " + keys},
		{"OpenID Connect", origin, map[string]string{openid: metadata(origin, keys), keys: set}, oauth + " " + openid + " " + keys},
		{
			"a path", origin + "/tenant/1",
			map[string]string{oauth + "/tenant/1": metadata(origin+"/tenant/1", keys), keys: set},
			oauth + "/tenant/1 " + keys,
		},
		{
			"a path, OpenID Connect", origin + "/tenant/1",
			map[string]string{origin + "/tenant/1/.well-known/openid-configuration": metadata(origin+"/tenant/1", keys), keys: set},
			oauth + "/tenant/1 " + origin + "/tenant/1/.well-known/openid-configuration " + keys,
		},
		{"a slash at the end", origin + "/", map[string]string{oauth: metadata(origin+"/", keys), keys: set}, oauth + " " + keys},
		{"first place hangs", origin, map[string]string{oauth: "hang", openid: metadata(origin, keys), keys: set}, oauth + " " + openid + " " + keys},
		{"first place is out of reach", origin, map[string]string{oauth: "refuse", openid: metadata(origin, keys), keys: set}, oauth + " " + openid + " " + keys},
		{"first place is a web page", origin, map[string]string{oauth: "<html>", openid: metadata(origin, keys), keys: set}, oauth + " " + openid + " " + keys},
		{"first place is another's", origin, map[string]string{oauth: metadata("https://other.example", keys), openid: metadata(origin, keys), keys: set}, oauth + " " + openid + " " + keys},
		{"keys of this machine, of an issuer of it", "http://localhost:80", map[string]string{
			"http://localhost:80/.well-known/oauth-authorization-server": metadata("http://localhost:80", "http://127.0.0.1/keys"), "http://127.0.0.1/keys": set,
		}, "http://localhost:80/.well-known/oauth-authorization-server http://127.0.0.1/keys"},

		{"no metadata", origin, map[string]string{keys: set}, ""},
		{"no keys", origin, map[string]string{oauth: metadata(origin, keys)}, ""},
		{"slash too much", origin, map[string]string{oauth: metadata(origin+"/", keys), keys: set}, ""},
		{"slash too few", origin + "/", map[string]string{oauth: metadata(origin, keys), keys: set}, ""},
		{"another case", origin, map[string]string{oauth: metadata("https://Issuer.example", keys), keys: set}, ""},
		{"no issuer", origin, map[string]string{oauth: fmt.Sprintf(`{"jwks_uri":%q}`, keys), keys: set}, ""},
		{"issuer a number", origin, map[string]string{oauth: fmt.Sprintf(`{"issuer":1,"jwks_uri":%q}`, keys), keys: set}, ""},
		{"two issuers", origin, map[string]string{oauth: fmt.Sprintf(`{"issuer":"x","issuer":%q,"jwks_uri":%q}`, origin, keys), keys: set}, ""},
		{"no jwks_uri", origin, map[string]string{oauth: fmt.Sprintf(`{"issuer":%q}`, origin), keys: set}, ""},
		{"jwks_uri of http", origin, map[string]string{oauth: metadata(origin, "http://keys.example/set"), "http://keys.example/set": set}, ""},
		{"jwks_uri of this machine", origin, map[string]string{oauth: metadata(origin, "http://127.0.0.1/set"), "http://127.0.0.1/set": set}, ""},
		{"jwks_uri a path", origin, map[string]string{oauth: metadata(origin, "/set"), origin + "/set": set}, ""},
		{"jwks_uri a file", origin, map[string]string{oauth: metadata(origin, "file:///set"), "file:///set": set}, ""},
		{"metadata of 2 MiB", origin, map[string]string{oauth: metadata(origin, keys) + strings.Repeat(" ", 2<<20), keys: set}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &site{pages: c.pages}
				source, err := jwtverifier.DiscoverKeys(c.issuer, jwtverifier.WithTransport(s))
				if err != nil {
					t.Fatal(err)
				}
				defer source.Close()
				i := bearergatetest.NewIssuer()
				i.URL = c.issuer
				v, err := jwtverifier.New(jwtverifier.Config{Audience: i.Audience, Keys: source}) // the issuer is the keys'
				if err != nil {
					t.Fatal(err)
				}
				if c.asked == "" {
					cannotTell(t, v, i.AccessToken())
					return
				}
				if err := source.Ready(t.Context()); err != nil {
					t.Fatal(err)
				}
				accepts(t, v, i.AccessToken())
				i.URL += "x"
				refuses(t, v, i.AccessToken())
				if diff := cmp.Diff(strings.Fields(c.asked), s.asked); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestKeysOfAnHTTPSIssuerAreHTTPS spells the schemes in every way that a URL may.
func TestKeysOfAnHTTPSIssuerAreHTTPS(t *testing.T) {
	secure, plain := []string{"https", "HTTPS", "Https", "httpS"}, []string{"http", "HTTP", "Http", "httP"}
	type pair struct{ issuer, keys string }
	good := make(map[pair]bool)
	for i := range secure {
		for j := range secure {
			good[pair{secure[i], secure[j]}] = true
			good[pair{plain[i], secure[j]}] = true
			good[pair{plain[i], plain[j]}] = true
			good[pair{secure[i], plain[j]}] = false
		}
	}
	for c, good := range good {
		i := bearergatetest.NewIssuer()
		i.URL = c.issuer + "://localhost:80"
		place := strings.ToLower(c.issuer) + "://localhost:80/.well-known/oauth-authorization-server"
		s := &site{pages: map[string]string{
			place: metadata(i.URL, c.keys+"://localhost:81/keys"), strings.ToLower(c.keys) + "://localhost:81/keys": string(i.JWKSet()),
		}}
		keys, err := jwtverifier.DiscoverKeys(i.URL, jwtverifier.WithTransport(s))
		if err != nil {
			t.Fatal(err)
		}
		v := newVerifierOf(t, jwtverifier.Config{Audience: i.Audience, Keys: keys})
		if good {
			accepts(t, v, i.AccessToken())
		} else {
			cannotTell(t, v, i.AccessToken())
			if fetched := slices.ContainsFunc(s.asked, func(url string) bool { return strings.HasSuffix(url, "/keys") }); fetched {
				t.Errorf("issuer %s, keys %s: got the keys fetched, want them not asked for", c.issuer, c.keys)
			}
		}
	}
}

// Rules: S3c.6.
func TestIssuerThatKeysAreNotOfIsAConfigurationFault(t *testing.T) {
	keys, err := jwtverifier.DiscoverKeys("https://issuer.example")
	if err != nil {
		t.Fatal(err)
	}
	_, err = jwtverifier.New(jwtverifier.Config{Issuer: "https://issuer.example/", Audience: "a", Keys: keys})
	if err == nil || !strings.Contains(err.Error(), `"https://issuer.example/"`) || !strings.Contains(err.Error(), `"https://issuer.example"`) {
		t.Errorf("got %v, want both named", err)
	}
}

// TestKeysAreFoundWhereTheyMovedTo is a rotation at which the issuer's keys move
// and the old ones stay where they were.
func TestKeysAreFoundWhereTheyMovedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := bearergatetest.NewIssuer()
		place := i.URL + "/.well-known/oauth-authorization-server"
		s := &site{pages: map[string]string{place: metadata(i.URL, i.URL+"/old"), i.URL + "/old": string(i.JWKSet())}}
		keys, err := jwtverifier.DiscoverKeys(i.URL, jwtverifier.WithTransport(s))
		if err != nil {
			t.Fatal(err)
		}
		v := verifierWith(t, i, keys)
		accepts(t, v, i.AccessToken())
		i.Rotate()
		s.pages[place] = metadata(i.URL, i.URL+"/new")
		s.pages[i.URL+"/new"] = string(i.JWKSet())
		time.Sleep(time.Minute)
		accepts(t, v, i.AccessToken())
	})
}
