package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/bearergate/bearergate/internal/secret"
)

// CodeRequest is an authorization request that a user has consented to.
type CodeRequest struct {
	// Authorization is the user's consent. Family is ignored.
	Authorization
	// RedirectURI is the redirect_uri of the request, empty if it had none.
	RedirectURI string
	// CodeChallenge and CodeChallengeMethod are the request's, RFC 7636 section 4.3.
	CodeChallenge       string
	CodeChallengeMethod string
}

// NewCode returns a new authorization code (RFC 6749 section 4.1.2). The code is
// bound to the client, redirect_uri and code challenge of r. Redirect the user with
// it.
//
// The error is [bearergate.ErrInvalidClient] if there is no such client. It is
// [bearergate.ErrInvalidRequest] if redirect_uri is not registered, if the
// challenge is not of method S256, or if a public client sent no challenge. After
// such an error, redirect the user to redirect_uri only if [Client.HasRedirectURI]
// reports true. Any other error is a fault of a store.
func (e *Endpoint) NewCode(ctx context.Context, r CodeRequest) (string, error) {
	client, err := e.clients.Client(ctx, r.ClientID)
	if err != nil {
		return "", err
	}
	switch {
	case client.ID != r.ClientID:
		return "", errOtherClient
	case r.RedirectURI == "" && len(client.RedirectURIs) != 1, r.RedirectURI != "" && !client.HasRedirectURI(r.RedirectURI):
		return "", malformed("redirect_uri is not registered")
	case r.CodeChallenge == "" && (len(client.Secrets) == 0 || r.CodeChallengeMethod != ""):
		return "", malformed("no code_challenge")
	case r.CodeChallenge != "" && (r.CodeChallengeMethod != "S256" || !isChallenge(r.CodeChallenge)):
		return "", malformed("code_challenge is not S256")
	}
	code, a := secret.New(), r.Authorization
	a.Scopes, a.Family = slices.Clone(a.Scopes), secret.New()
	err = e.store.SaveCode(ctx, sha256.Sum256([]byte(code)), AuthorizationCode{
		Authorization: a, RedirectURI: r.RedirectURI, Challenge: r.CodeChallenge, ExpiresAt: time.Now().Add(e.codeLifetime),
	})
	if err != nil {
		return "", err
	}
	return code, nil
}

// HasRedirectURI reports whether the client registered this redirect URI, so
// that a user may be redirected there.
func (c Client) HasRedirectURI(uri string) bool {
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		return uri == registered || c.AnyLoopbackPort && differInLoopbackPort(uri, registered)
	})
}

// differInLoopbackPort reports whether two http URIs of a loopback address are
// equal apart from their ports.
func differInLoopbackPort(a, b string) bool {
	withoutPort := func(uri string) (string, bool) {
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "http" || u.String() != uri {
			return "", false
		}
		ip, err := netip.ParseAddr(u.Hostname())
		if err != nil || ip != netip.AddrFrom4([4]byte{127, 0, 0, 1}) && ip != netip.IPv6Loopback() {
			return "", false
		}
		u.Host = ip.String()
		return u.String(), true
	}
	first, ok := withoutPort(a)
	second, alsoOK := withoutPort(b)
	return ok && alsoOK && first == second
}
