package tokenendpoint_test

import (
	"errors"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

type response = tokenendpoint.AuthorizationResponse

// Rules: S7.68.
func TestRedirectURLHasTheParametersThatAreThere(t *testing.T) {
	const issuer = "https://as.example/a"
	for _, c := range []struct {
		name       string
		registered string
		response   response
		want       string
	}{
		{"a code", "https://app.example/cb", response{Code: "c", State: "s", Issuer: issuer}, "https://app.example/cb?code=c&iss=https%3A%2F%2Fas.example%2Fa&state=s"},
		{"no state", "https://app.example/cb", response{Code: "c", Issuer: issuer}, "https://app.example/cb?code=c&iss=https%3A%2F%2Fas.example%2Fa"},
		{"no issuer", "https://app.example/cb", response{Code: "c"}, "https://app.example/cb?code=c"},
		{"an error", "https://app.example/cb", response{Error: "access_denied", State: "s", Issuer: issuer}, "https://app.example/cb?error=access_denied&iss=https%3A%2F%2Fas.example%2Fa&state=s"},
		{"an error and a code", "https://app.example/cb", response{Code: "c", Error: "access_denied"}, "https://app.example/cb?error=access_denied"},
		{"a query, which is kept", "https://app.example/cb?z=%7e&a", response{Code: "c"}, "https://app.example/cb?z=%7e&a&code=c"},
		{"a state that injects", "https://app.example/cb", response{Code: "c", State: "&code=x#\r\n"}, "https://app.example/cb?code=c&state=%26code%3Dx%23%0D%0A"},
		{"an app's own scheme", "app:/cb", response{Code: "c"}, "app:/cb?code=c"},
		{"an app's own scheme without a path", "app:cb", response{Code: "c"}, "app:cb?code=c"},
		{"an escaped path", "https://app.example/a%2Fb", response{Code: "c"}, "https://app.example/a%2Fb?code=c"},
	} {
		client := tokenendpoint.Client{RedirectURIs: []string{c.registered}}
		for _, requested := range []string{c.registered, ""} {
			if got, err := client.RedirectURL(requested, c.response); got != c.want || err != nil {
				t.Errorf("%s, for %q: got %s, %v, want %s", c.name, requested, got, err, c.want)
			}
		}
	}
}

// Rules: S7.68.
func TestRedirectURLIsNeverOneThatIsNotRegistered(t *testing.T) {
	one := []string{"https://app.example/cb"}
	for _, c := range []struct {
		registered []string
		requested  string
	}{
		{one, "https://evil.example/cb"}, {one, "https://app.example/cb?"}, {one, "/oauth/"}, {one, "javascript:alert(1)"},
		{append(one, "https://app.example/2"), ""}, {nil, ""}, {nil, "https://app.example/cb"},
	} {
		for _, r := range []response{{Code: "c"}, {Error: "invalid_request"}} {
			got, err := tokenendpoint.Client{RedirectURIs: c.registered}.RedirectURL(c.requested, r)
			if got != "" || !errors.Is(err, bearergate.ErrInvalidRequest) {
				t.Errorf("%q of %q: got %s, %v, want %v", c.requested, c.registered, got, err, bearergate.ErrInvalidRequest)
			}
		}
	}
}

func TestRedirectURLKeepsTheRequestedLoopbackPort(t *testing.T) {
	client := tokenendpoint.Client{RedirectURIs: []string{"http://127.0.0.1/cb"}, AnyLoopbackPort: true}
	const want = "http://127.0.0.1:4321/cb?code=c"
	if got, err := client.RedirectURL("http://127.0.0.1:4321/cb", response{Code: "c"}); got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestRegisteredRedirectURIThatIsNoURLIsAnError(t *testing.T) {
	c := tokenendpoint.Client{RedirectURIs: []string{"https://app.example/%zz"}}
	if got, err := c.RedirectURL("", tokenendpoint.AuthorizationResponse{Code: "c"}); err == nil || got != "" {
		t.Errorf("got %q, %v, want an error", got, err)
	}
}
