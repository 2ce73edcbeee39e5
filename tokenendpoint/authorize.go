package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/scopetoken"
	"github.com/bearergate/bearergate/internal/secret"
)

// CodeRequest is an authorization request that a user has consented to.
type CodeRequest struct {
	// Authorization is the user's consent. FamilyID is ignored.
	Authorization
	// RedirectURI is the redirect_uri of the request, empty if it had none.
	RedirectURI string
	// CodeChallenge and CodeChallengeMethod are the request's, RFC 7636 section 4.3.
	CodeChallenge       string
	CodeChallengeMethod string
}

// NewCode returns a new authorization code (RFC 6749 section 4.1.2). The code is
// bound to the client, redirect_uri and code challenge of r. Redirect the user with
// it, by [Client.RedirectURL].
//
// The error wraps [bearergate.ErrInvalidClient] if there is no such client. It wraps
// [bearergate.ErrInvalidRequest] if redirect_uri is not registered, if the
// challenge is not of method S256, if a public client sent no challenge, or if a scope
// is not a scope-token of RFC 6749 section 3.3. After such an error, redirect the user
// only with [Client.RedirectURL]. Any other error is a fault of a store.
func (e *Endpoint) NewCode(ctx context.Context, r CodeRequest) (string, error) {
	client, err := e.clients.Client(ctx, r.ClientID)
	if err != nil {
		return "", err
	}
	switch {
	case client.ID != r.ClientID:
		return "", errOtherClient
	case !client.HasRedirectURI(r.RedirectURI):
		return "", errUnregistered
	case r.CodeChallenge == "" && (client.isPublic() || r.CodeChallengeMethod != ""):
		return "", malformed("no code_challenge")
	case r.CodeChallenge != "" && (r.CodeChallengeMethod != "S256" || !isChallenge(r.CodeChallenge)):
		return "", malformed("code_challenge is not S256")
	case slices.ContainsFunc(r.Scopes, func(s string) bool { return !scopetoken.Valid(s) }):
		return "", malformed("a scope is not a scope-token")
	}
	code, a := secret.New(), r.Authorization
	a.FamilyID = ""
	err = e.store.SaveCode(ctx, sha256.Sum256([]byte(code)), AuthorizationCode{
		Authorization: a, RedirectURI: r.RedirectURI, Challenge: r.CodeChallenge, ExpiresAt: time.Now().Add(e.codeLifetime),
	})
	if err != nil {
		return "", err
	}
	return code, nil
}

// HasRedirectURI reports whether the client registered this redirect_uri of a request,
// so that a user may be redirected there. If uri is empty, the request had none: it
// reports whether the client registered exactly one.
func (c Client) HasRedirectURI(uri string) bool {
	if uri == "" {
		return len(c.RedirectURIs) == 1
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		return uri == registered || c.AnyLoopbackPort && differInLoopbackPort(uri, registered)
	})
}

// differInLoopbackPort reports whether two http URIs of a loopback address are
// equal, byte for byte, apart from their ports.
func differInLoopbackPort(a, b string) bool {
	origin, path, ok := cutLoopbackPort(a)
	otherOrigin, otherPath, alsoOK := cutLoopbackPort(b)
	return ok && alsoOK && origin == otherOrigin && path == otherPath
}

// cutLoopbackPort returns the parts of an http URI of a loopback address before and
// after its port.
func cutLoopbackPort(uri string) (origin, path string, ok bool) {
	for _, origin := range []string{"http://127.0.0.1", "http://[::1]"} {
		if path, ok := strings.CutPrefix(uri, origin); ok {
			path, ok = cutPort(path)
			return origin, path, ok
		}
	}
	return "", "", false
}

// cutPort removes the port, if there is one. It reports false if no path or query
// follows.
func cutPort(s string) (path string, ok bool) {
	if port, hasPort := strings.CutPrefix(s, ":"); hasPort {
		path = strings.TrimLeft(port, "0123456789")
		if _, err := strconv.ParseUint(port[:len(port)-len(path)], 10, 16); err != nil {
			return "", false
		}
		s = path
	}
	return s, s == "" || s[0] == '/' || s[0] == '?'
}
