package bearergatetest

import (
	"net/http"
	"net/http/httptest"
)

// Start serves the issuer over HTTP on this machine and sets its URL to where,
// for [jwtverifier.DiscoverKeys]. Close the server when the test ends.
func (i *Issuer) Start() *httptest.Server {
	server := httptest.NewServer(i)
	i.URL = server.URL
	return server
}

// ServeHTTP serves the issuer's metadata, at the places of RFC 8414 and OpenID
// Connect Discovery for a URL without path, and its keys, at /jwks.json.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	broken := i.broken
	i.mu.Unlock()
	if broken != nil {
		broken(w, r)
		return
	}
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration":
		w.Header().Set("Content-Type", "application/json")
		w.Write(mustJSON(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/jwks.json"}))
	case "/jwks.json":
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Write(i.JWKSet())
	default:
		http.NotFound(w, r)
	}
}

// Break makes the issuer answer every HTTP request with this, to see what
// happens then.
func (i *Issuer) Break(with http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.broken = with
}

// Mend ends what [Issuer.Break] began.
func (i *Issuer) Mend() { i.Break(nil) }
