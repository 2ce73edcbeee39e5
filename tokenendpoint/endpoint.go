package tokenendpoint

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
)

// The defaults that hold where a [Config] says nothing.
const (
	DefaultCodeLifetime    = 10 * time.Minute
	DefaultRefreshLifetime = 30 * 24 * time.Hour
	DefaultGrace           = 30 * time.Second
)

// Config is what an [Endpoint] is made of. Clients, Store and Issue are
// required.
type Config struct {
	Clients ClientStore
	Store   Store
	// Issue makes the access token for what a user has allowed, with the scopes
	// that are asked for. It is called before the code is consumed or the refresh
	// token rotated: what it made for a request that then loses is dropped.
	// Its error is answered as that of a guard.
	Issue func(ctx context.Context, a Authorization) (AccessToken, error)
	// Grants, if set, is asked before Issue: a grant that it does not know, or that
	// was revoked, is answered invalid_grant.
	Grants bearergate.GrantStore

	// CodeLifetime is [DefaultCodeLifetime] where it is zero.
	CodeLifetime time.Duration
	// RefreshLifetime is how long a refresh token lives that is not used:
	// [DefaultRefreshLifetime] where it is zero. Where it is negative, none are
	// issued.
	RefreshLifetime time.Duration
	// Grace is how long a refresh token that was rotated still answers, with the
	// same successor, since the answer to the first request may have been lost or
	// two processes may have asked at once: [DefaultGrace] where it is zero, and no
	// time where it is negative.
	Grace time.Duration
}

// AccessToken is an access token as clients are given it.
type AccessToken struct {
	Token     string
	ExpiresIn time.Duration
}

// Endpoint is the handler of the token endpoint. It is safe for concurrent use.
type Endpoint struct {
	clients         ClientStore
	store           Store
	issue           func(context.Context, Authorization) (AccessToken, error)
	grants          bearergate.GrantStore
	codeLifetime    time.Duration
	refreshLifetime time.Duration
	grace           time.Duration
}

// New returns an endpoint. It returns all faults of the configuration at once.
func New(c Config) (*Endpoint, error) {
	var faults []error
	for _, required := range []struct {
		name    string
		missing bool
	}{{"Clients", c.Clients == nil}, {"Store", c.Store == nil}, {"Issue", c.Issue == nil}} {
		if required.missing {
			faults = append(faults, errors.New("tokenendpoint: Config."+required.name+" is missing"))
		}
	}
	if c.CodeLifetime < 0 {
		faults = append(faults, errors.New("tokenendpoint: Config.CodeLifetime is negative"))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &Endpoint{
		clients: c.Clients, store: c.Store, issue: c.Issue, grants: c.Grants,
		codeLifetime:    cmp.Or(c.CodeLifetime, DefaultCodeLifetime),
		refreshLifetime: cmp.Or(c.RefreshLifetime, DefaultRefreshLifetime),
		grace:           max(cmp.Or(c.Grace, DefaultGrace), 0),
	}, nil
}

// ServeHTTP implements [http.Handler]. Methods other than POST are answered 405.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	answer, err := e.exchange(r)
	if err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	writeTokens(w, answer)
}

func (e *Endpoint) exchange(r *http.Request) (*tokens, error) {
	f, err := readForm(r)
	if err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.grantType == "refresh_token" && e.refreshLifetime < 0 {
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

// check refuses what no client of any kind may send.
func (f *form) check() error {
	switch f.grantType {
	case "authorization_code":
		if f.code == "" {
			return malformed("no code")
		}
		if f.codeVerifier != "" && !isVerifier(f.codeVerifier) {
			return malformed("code_verifier is not of 43 to 128 unreserved characters")
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

var errUnsupported = malformed("an unsupported grant_type")

// tokens is the answer of RFC 6749 section 5.1.
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}

var errNoToken = errors.New("tokenendpoint: Issue returned neither an access token that lasts nor an error")

// issueFor makes the answer, but for the refresh token.
func (e *Endpoint) issueFor(ctx context.Context, a Authorization) (*tokens, error) {
	if err := e.checkGrant(ctx, a.GrantID); err != nil {
		return nil, err
	}
	a.Scopes = slices.Clone(a.Scopes)
	access, err := e.issue(ctx, a)
	if err != nil {
		return nil, err
	}
	if access.Token == "" || access.ExpiresIn < time.Second {
		return nil, errNoToken
	}
	return &tokens{
		AccessToken: access.Token, TokenType: "Bearer", ExpiresIn: int64(access.ExpiresIn / time.Second), Scope: strings.Join(a.Scopes, " "),
	}, nil
}

func (e *Endpoint) checkGrant(ctx context.Context, id string) error {
	if e.grants == nil {
		return nil
	}
	grant, err := e.grants.Grant(ctx, id)
	switch {
	case errors.Is(err, bearergate.ErrGrantNotFound), errors.Is(err, bearergate.ErrGrantRevoked):
		return refusal(bearergate.ErrInvalidGrant, "the grant is gone")
	case err != nil:
		return err
	case grant.ID != id:
		return errors.New("tokenendpoint: the grant store answered another grant than it was asked for")
	case !grant.RevokedAt.IsZero():
		return refusal(bearergate.ErrInvalidGrant, "the grant was revoked")
	}
	return nil
}

func writeTokens(w http.ResponseWriter, answer any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	json.NewEncoder(w).Encode(answer)
}
