package tokenendpoint

import (
	"context"
	"net/http"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/internal/guess"
)

// Endpoint is the handler of the token endpoint. It is safe for concurrent use.
type Endpoint struct {
	clients      ClientStore
	store        Store
	issue        func(context.Context, IssueRequest) (Issued, error)
	grants       bearergate.GrantStore
	revoked      func(context.Context, Authorization) error // nil: none
	codeLifetime time.Duration
	rules        rules
}

// ServeHTTP answers a token request (RFC 6749 section 3.2). A method other than
// POST is answered 405.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		refuseMethod(w, r)
		return
	}
	r, facts := audit.Collect(r)
	answer, err := e.exchange(r)
	audit.Report(r, *facts)
	if err != nil {
		bearergate.Refuse(w, chargedTo(r, facts.ClientID), err)
		return
	}
	answer.write(w)
}

// chargedTo names the client that a failed authentication counts for. It is a
// registered one.
func chargedTo(r *http.Request, client string) *http.Request {
	if client == "" {
		return r
	}
	return r.WithContext(guess.WithClient(r.Context(), client))
}

func (e *Endpoint) exchange(r *http.Request) (*tokens, error) {
	f, err := readForm(r)
	if err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.grantType == "refresh_token" && e.rules.lifetime < 0 {
		return nil, errUnsupported
	}
	credentials, err := clientCredentials(r.Header, f)
	if err != nil {
		return nil, err
	}
	client, err := e.authenticate(r.Context(), credentials)
	if err != nil {
		return nil, err
	}
	if f.grantType == "refresh_token" {
		return e.refresh(r.Context(), client, f)
	}
	return e.redeem(r.Context(), client, f)
}

// check rejects a form that no client may send.
func (f *form) check() error {
	switch f.grantType {
	case "authorization_code":
		if f.code == "" {
			return malformed("no code")
		}
		if f.codeVerifier != "" && !isVerifier(f.codeVerifier) {
			return malformed("code_verifier is not 43 to 128 unreserved characters")
		}
	case "refresh_token":
		if f.refreshToken == "" {
			return malformed("no refresh_token")
		}
	case "":
		return malformed("no grant_type")
	default:
		return errUnsupported
	}
	return nil
}

var errUnsupported = malformed("the grant_type is not supported")
