package bearergate

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/bearergate/bearergate/internal/scopetoken"
)

// KeyFunc selects the key whose budget a request is taken from. [UserKey],
// [ClientKey], [OrganizationKey] and [TokenKey] are KeyFuncs.
//
// A [Code] or an [*Error] in the tree of its error sets the answer, any other error
// is answered 503, and an empty key without an error is a wiring fault: 500. It is
// called concurrently, and must not read the body. If it panics, the panic
// propagates as a handler's does.
type KeyFunc func(*http.Request) (string, error)

// WithKey makes [RateLimit] count by key, and not by installation. The name is that
// of the policy in the RateLimit fields, and a part of the limiter's keys: equal
// keys of different names have different budgets. [WithPolicyName] cannot be given
// as well.
//
// A KeyFunc of the application's own may do without a token. RateLimit then needs
// no [RequireToken] in front, and can limit anonymous callers by address. A key that
// clients can choose, such as a header, gives them as many budgets as they like.
//
// It panics on a nil key, and on a name that is empty, or not printable ASCII
// without space, quote and backslash.
func WithKey(name string, key KeyFunc) RateLimitOption {
	if !scopetoken.Valid(name) {
		panic(fmt.Sprintf("bearergate: WithKey was given the name %q; use printable ASCII without space, quote and backslash", name))
	}
	if key == nil {
		panic("bearergate: WithKey needs a KeyFunc; UserKey is one")
	}
	return &namedKey{
		name: name, key: key, prefix: "key:" + part(name),
		errNothing: ErrServerError.because(fmt.Errorf("bearergate: the KeyFunc of WithKey(%q) found no key in the request or its token", name)),
	}
}

type namedKey struct {
	name       string
	key        KeyFunc
	prefix     string // of the limiter's keys: no other name has one that begins alike
	errNothing error
}

func (k *namedKey) applyRateLimit(g *rateLimit) { g.key = k }

func (k *namedKey) of(r *http.Request) (string, error) {
	key, err := k.key(r)
	switch {
	case err != nil:
		return "", err
	case key == "":
		return "", k.errNothing
	}
	return k.prefix + key, nil
}

// ofIssuer returns a key for an id that an issuer gives, empty if there is none.
func ofIssuer(t *Token, id string) string {
	if id == "" {
		return ""
	}
	return part(t.Issuer()) + id
}

var (
	userKeyNeed         = newTokenNeed("UserKey")
	clientKeyNeed       = newTokenNeed("ClientKey")
	organizationKeyNeed = newTokenNeed("OrganizationKey")
	tokenKeyNeed        = newTokenNeed("TokenKey")
)

// UserKey is a [KeyFunc]: the token's issuer and subject. It returns an empty key if
// the token has no subject. Without [RequireToken] its error is [ErrServerError], and
// for an anonymous caller behind [OptionalToken] it is [ErrInvalidToken].
func UserKey(r *http.Request) (string, error) {
	s := stateFrom(r.Context())
	if err := userKeyNeed.check(s); err != nil {
		return "", err
	}
	return ofIssuer(s.token(), s.token().Subject()), nil
}

// ClientKey is a [KeyFunc]: the token's issuer and client id. It returns an empty
// key if the token has no client id. Its errors are those of [UserKey].
func ClientKey(r *http.Request) (string, error) {
	s := stateFrom(r.Context())
	if err := clientKeyNeed.check(s); err != nil {
		return "", err
	}
	return ofIssuer(s.token(), s.token().ClientID()), nil
}

// OrganizationKey is a [KeyFunc]: the organization of the grant inside of
// [RequireGrant], else that of the token. It returns an empty key if there is no
// organization. Its errors are those of [UserKey].
func OrganizationKey(r *http.Request) (string, error) {
	s := stateFrom(r.Context())
	if err := organizationKeyNeed.check(s); err != nil {
		return "", err
	}
	return s.organization(), nil
}

// TokenKey is a [KeyFunc]: the SHA-256 of the token that was sent, so that tokens
// without an id have a key too, and a limiter never sees a token. It returns an empty
// key if the token is that of [ContextWithToken]. Its errors are those of [UserKey].
//
// A client that can obtain many tokens has as many budgets; a client with an
// ECDSA-signed token has two for it, since such a signature has two forms.
func TokenKey(r *http.Request) (string, error) {
	s := stateFrom(r.Context())
	if err := tokenKeyNeed.check(s); err != nil {
		return "", err
	}
	sent := s.caller().sent
	if sent == "" {
		return "", nil
	}
	sum := sha256.Sum256([]byte(sent))
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
