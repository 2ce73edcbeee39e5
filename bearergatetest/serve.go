package bearergatetest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// Start serves the issuer over HTTP on this machine, for
// [jwtverifier.DiscoverKeys]. It sets the scheme and the host of URL, and keeps the
// path:
//
//	issuer := bearergatetest.NewIssuer()
//	issuer.URL = "https://sso.example.com/realms/acme"
//	server := issuer.Start() // issuer.URL is now http://127.0.0.1:…/realms/acme
//	defer server.Close()
//
// A URL that ends in a slash, as those of Auth0 do, still ends in one.
func (i *Issuer) Start() *httptest.Server {
	path := must(url.Parse(i.URL)).EscapedPath()
	server := httptest.NewServer(i)
	i.URL = server.URL + path
	return server
}

// ServeHTTP serves the issuer's metadata and its keys. The path of URL selects the
// places, as in RFC 8414 section 3.1 and OpenID Connect Discovery section 4.1. For
// https://sso.example.com/realms/acme they are:
//
//	/.well-known/oauth-authorization-server/realms/acme
//	/realms/acme/.well-known/openid-configuration
//	/realms/acme/jwks.json
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	broken := i.broken
	i.mu.Unlock()
	if broken != nil {
		broken(w, r)
		return
	}
	path := strings.TrimSuffix(must(url.Parse(i.URL)).EscapedPath(), "/")
	switch r.URL.EscapedPath() {
	case "/.well-known/oauth-authorization-server" + path, path + "/.well-known/openid-configuration":
		i.serveMetadata(w)
	case path + "/jwks.json":
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Write(i.JWKSet())
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) serveMetadata(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(mustJSON(map[string]any{"issuer": i.URL, "jwks_uri": strings.TrimSuffix(i.URL, "/") + "/jwks.json"}))
}

// Break makes the issuer answer every HTTP request with this handler, as one that
// is down or misconfigured.
func (i *Issuer) Break(with http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.broken = with
}

// Mend undoes [Issuer.Break].
func (i *Issuer) Mend() { i.Break(nil) }
