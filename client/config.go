package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/loopback"
)

// DefaultMaxWait is the default of Config.MaxWait.
const DefaultMaxWait = time.Minute

// Config configures a [Transport]. All fields are required except ClientSecret, Base,
// MaxWait and Dead.
type Config struct {
	// APIURL has the origin (scheme, host and port) that receives the installation
	// token. Requests to another origin are sent without the token.
	APIURL string
	// TokenURL is the URL of the token endpoint (RFC 6749 section 3.2).
	TokenURL string
	// MintURL is the URL at which installation tokens are minted. {grantId} in it
	// is replaced by the GrantID of the connection.
	MintURL string
	// ClientID and ClientSecret authenticate the app at the token endpoint. A public
	// client has no secret.
	ClientID, ClientSecret string
	// Connections stores the connection of ConnectionID. A new refresh token is saved
	// before it is used.
	Connections ConnectionStore
	// ConnectionID is the id of the connection in Connections.
	ConnectionID string

	// Base sends the requests. If nil, [http.DefaultTransport] is used.
	Base http.RoundTripper
	// MaxWait is how long a request waits at most, in total, for answers with
	// Retry-After. If zero, [DefaultMaxWait] is used. If negative, no request
	// waits. If an answer asks for more time than is left, it is returned as an
	// error at once.
	MaxWait time.Duration
	// Dead, if set, is called once, with the error that ended the connection, so
	// that the app can ask the user to reconnect. When the user has connected
	// again, save the new connection and make a new Transport.
	Dead func(error)
}

// check returns all faults of the configuration.
func (c *Config) check() error {
	return errors.Join(
		checkURL("APIURL", c.APIURL),
		checkURL("TokenURL", c.TokenURL),
		checkURL("MintURL", c.MintURL),
		fault(c.ClientID == "", "ClientID is empty; set it to the client_id that the app is registered with"),
		fault(c.Connections == nil, "Connections is nil; set it to a store, such as new(client.MemoryConnections)"),
		fault(c.ConnectionID == "", "ConnectionID is empty; set it to the id that the connection is saved under"),
	)
}

func fault(is bool, text string) error {
	if !is {
		return nil
	}
	return errors.New("client: Config." + text)
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
	if u, err := url.Parse(raw); err == nil && u.User != nil {
		return u.Redacted()
	}
	return raw
}
