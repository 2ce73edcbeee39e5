package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/loopback"
	"github.com/bearergate/bearergate/internal/typednil"
)

// DefaultMaxWait is the default of Config.MaxWait.
const DefaultMaxWait = time.Minute

// Config configures a [Transport]. APIURL, TokenURL, ClientID, Connections and
// ConnectionID are required.
type Config struct {
	// APIURL has the origin (scheme, host and port) that receives the token. Requests
	// to another origin are sent without it.
	APIURL string
	// TokenURL is the URL of the token endpoint (RFC 6749 section 3.2).
	TokenURL string
	// MintURL is the URL at which installation tokens are minted. {grantId} in it
	// is replaced by the GrantID of the connection. If MintURL is empty, requests
	// are sent with the access token.
	MintURL string
	// RevokeURL is the URL at which the grant is revoked, for
	// [Transport.Disconnect]. {grantId} in it is replaced as in MintURL.
	RevokeURL string
	// AuthorizeURL is the URL of the authorization endpoint (RFC 6749 section 3.1),
	// and RedirectURL the page of the app to which it sends the user back. Both are
	// for [Transport.Authorize].
	AuthorizeURL, RedirectURL string
	// Issuer is the issuer of the authorization server. If set, [Transport.Connect]
	// accepts no callback with another "iss", or without one (RFC 9207).
	Issuer string
	// ClientID and ClientSecret authenticate the app at the token endpoint. A public
	// client has no secret.
	ClientID, ClientSecret string
	// Connections stores the connection of ConnectionID. A new refresh token is saved
	// before it is sent.
	Connections ConnectionStore
	// ConnectionID is the id of the connection in Connections.
	ConnectionID string

	// Base sends the requests. If nil, [http.DefaultTransport] is used.
	Base http.RoundTripper
	// MaxWait is how much Retry-After a request waits for at most, in total. The
	// quarter that is added at random does not count. If zero, [DefaultMaxWait] is
	// used. If negative, no request waits. If an answer asks for more time than is
	// left, it is returned as an error at once.
	MaxWait time.Duration
	// Dead, if set, is called with the error that ended the connection, once for
	// each death, in a goroutine of its own, so that the app can ask the user to
	// reconnect. When the user has
	// connected again, by [Transport.Connect] or [SaveConnection], every Transport
	// goes on with the new connection.
	Dead func(error)
	// Renewed, if set, is called after each attempt to renew the tokens, whether it
	// succeeded or not, in a goroutine of its own. It is for metrics.
	Renewed func(Renewal)
}

// Renewal is an attempt to renew the tokens of a connection. All requests share it. It
// may take several token requests, or none if another process renewed the tokens.
type Renewal struct {
	// Err is nil if there are new tokens. If an answer of the API caused the failure,
	// the tree of Err has an [*Error].
	Err error
	// Duration is how long the renewal took, with the wait for other processes.
	Duration time.Duration
}

// check returns all faults of the configuration.
func (c *Config) check() error {
	return errors.Join(
		checkURL("APIURL", c.APIURL),
		checkURL("TokenURL", c.TokenURL),
		checkOptionalURL("MintURL", c.MintURL),
		checkOptionalURL("RevokeURL", c.RevokeURL),
		checkOptionalURL("AuthorizeURL", c.AuthorizeURL),
		fault((c.AuthorizeURL == "") != (c.RedirectURL == ""), "AuthorizeURL and RedirectURL are set one without the other; set both, or none"),
		fault(c.ClientID == "", "ClientID is empty; set it to the client_id that the app is registered with"),
		fault(typednil.Is(c.Connections), "Connections is nil; set it to a store, such as new(client.MemoryConnections)"),
		fault(c.ConnectionID == "", "ConnectionID is empty; set it to the id that the connection is saved under"),
	)
}

func fault(is bool, text string) error {
	if !is {
		return nil
	}
	return errors.New("client: Config." + text)
}

func checkOptionalURL(field, raw string) error {
	if raw == "" {
		return nil
	}
	return checkURL(field, raw)
}

// checkURL accepts https, and http on this machine.
func checkURL(field, raw string) error {
	u, err := url.Parse(strings.ReplaceAll(raw, "{grantId}", "id"))
	switch {
	case raw == "":
		return fault(true, field+" is empty; set it to an https URL, such as https://api.example")
	case err != nil || u.Host == "":
		return fault(true, fmt.Sprintf("%s is %q; write an absolute URL, such as https://api.example", field, withoutPassword(raw)))
	case u.Scheme == "https", u.Scheme == "http" && loopback.IsHost(u.Hostname()):
		return nil
	}
	return fault(true, fmt.Sprintf("%s is %q; write an https URL, or an http one of this machine", field, withoutPassword(raw)))
}

// withoutPassword returns the URL without its password, for an error message.
func withoutPassword(raw string) string {
	if i := strings.LastIndexByte(raw, '@'); i >= 0 {
		return "…" + raw[i:]
	}
	return raw
}
