package client_test

import (
	"strings"
	"testing"

	"github.com/bearergate/bearergate/client"
)

func TestNewReturnsAllFaultsOfTheConfiguration(t *testing.T) {
	_, err := client.New(client.Config{
		APIURL: "http://api.example", TokenURL: "x", MintURL: "x", RevokeURL: "x", AuthorizeURL: "x", Connections: (*client.MemoryConnections)(nil),
	})
	for _, want := range []string{
		`Config.APIURL is "http://api.example"; write an https URL`,
		`Config.TokenURL is "x"; write an absolute URL`,
		`Config.MintURL is "x"; write an absolute URL`,
		`Config.RevokeURL is "x"; write an absolute URL`,
		`Config.AuthorizeURL is "x"; write an absolute URL`,
		`Config.ClientID is empty; set it to the client_id`,
		`Config.Connections is nil; set it to a store`,
		`Config.AuthorizeURL and RedirectURL are set one without the other`,
		`Config.ConnectionID is empty; set it to the id`,
	} {
		if !errorContains(err, want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

func TestURLsAreHTTPSOrOfThisMachine(t *testing.T) {
	for raw, want := range map[string]bool{
		"https://api.example":                true,
		"https://api.example:8443/{grantId}": true,
		"http://localhost:8080":              true,
		"http://127.0.0.1:8080":              true,
		"http://[::1]:8080":                  true,
		"http://[::ffff:127.0.0.1]:8080":     true,
		"http://api.example":                 false,
		"http://10.0.0.1":                    false,
		"http://localhost.example":           false,
		"ftp://localhost":                    false,
		"api.example":                        false,
		"/token":                             false,
		"https://":                           false,
		"https://api.example:port":           false,
		"":                                   false,
	} {
		for _, field := range []func(*client.Config) *string{
			func(c *client.Config) *string { return &c.APIURL },
			func(c *client.Config) *string { return &c.TokenURL },
			func(c *client.Config) *string { return &c.MintURL },
		} {
			c := client.Config{
				APIURL: origin, TokenURL: origin, MintURL: origin,
				ClientID: "app", Connections: new(client.MemoryConnections), ConnectionID: "user-1",
			}
			*field(&c) = raw
			optional := raw == "" && field(&c) == &c.MintURL
			if _, err := client.New(c); (err == nil) != (want || optional) {
				t.Errorf("%q: got error %v, want it accepted: %t", raw, err, want || optional)
			}
		}
	}
}

func TestFaultsShowNoPassword(t *testing.T) {
	_, err := client.New(client.Config{APIURL: "http://user:pa55@api.example"})
	if want := "…@api.example"; errorContains(err, "pa55") || !errorContains(err, want) {
		t.Errorf("got error %v, want one with %q and without the password", err, want)
	}
}

// TestFaultOfAURLThatCannotBeParsedShowsNoPassword has a port that is none.
func TestFaultOfAURLThatCannotBeParsedShowsNoPassword(t *testing.T) {
	for _, raw := range []string{"https://user:pa55%zz@api.example", "https://user:pa55@api.example:x", "user:pa55@api.example"} {
		_, err := client.New(client.Config{APIURL: raw})
		if strings.Contains(err.Error(), "pa55") {
			t.Errorf("%s: got %.120v, want an error without the password", raw, err)
		}
	}
}

func TestNewNamesTheURLsThatAreMissing(t *testing.T) {
	_, err := client.New(client.Config{})
	for _, field := range []string{"APIURL", "TokenURL"} {
		if want := "client: Config." + field + " is empty; set it to an https URL"; !errorContains(err, want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	for _, field := range []string{"MintURL", "RevokeURL", "AuthorizeURL"} {
		if errorContains(err, field) {
			t.Errorf("got error %v, want none of %s", err, field)
		}
	}
}
