package bearergate

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bearergate/bearergate/internal/quote"
	"github.com/bearergate/bearergate/internal/secretless"
)

// Middleware wraps a handler. It is an alias, so that it fits routers that accept
// a func(http.Handler) http.Handler.
type Middleware = func(http.Handler) http.Handler

// Chain composes guards into one Middleware. The first guard is outermost: it
// sees the request first. It panics if one of them is nil.
func Chain(guards ...Middleware) Middleware {
	if slices.ContainsFunc(guards, func(g Middleware) bool { return g == nil }) {
		panic("bearergate: Chain was given a nil guard; leave it out")
	}
	guards = slices.Clone(guards)
	return func(next http.Handler) http.Handler {
		for _, guard := range slices.Backward(guards) {
			next = guard(next)
		}
		return next
	}
}

// Require returns a guard that lets a request pass if check returns nil. A [Code]
// or an [*Error] in the tree of check's error sets the answer; return
// [ErrForbidden] if no other code fits. Any other error is answered 503
// temporarily_unavailable, so that a fault of the server does not look like a fault
// of the client. The error's text is logged and not sent: write into it what was
// required and what was found. Require needs no [RequireToken]. check is called
// concurrently, and must not read the body.
func Require(check func(*http.Request) error) Middleware {
	if check == nil {
		panic("bearergate: Require needs a check; pass a func(*http.Request) error")
	}
	return errorGuard(func(_ http.ResponseWriter, r *http.Request, v visit) (visit, error) {
		return v, check(r)
	}).middleware()
}

// TokenOption is a setting of [RequireToken] and [OptionalToken]. A [TokenType] is
// one.
type TokenOption interface{ applyToken(*tokenGuard) }

func (t TokenType) applyToken(g *tokenGuard) {
	if !t.known() {
		panic(fmt.Sprintf("bearergate: %s was given the type %q; use AccessToken or InstallationToken", g.guard, string(t)))
	}
	g.types = append(g.types, t)
}

// RequireToken returns a guard that lets a request pass if its Authorization
// header carries a bearer token (RFC 6750 section 2.1) that v accepts. If there are
// types among the options, the token must be of one of them; without, both are
// accepted. [TokenFrom] returns
// the token to the guards and the handler inside. A [RequestVerifier] receives
// tokens of other schemes as well.
//
// A request without a token is answered 401 invalid_token. So is a token that v
// refuses, or that is of another type, or that has a [Confirmation] and was sent as
// bearer; a RequestVerifier may return tokens with one. A malformed header is
// answered 400 invalid_request. An error of v without a [Code] or [*Error] in its
// tree is answered 503 temporarily_unavailable. Query, form and cookies are not read.
func RequireToken(v Verifier, opts ...TokenOption) Middleware {
	return guard(newTokenGuard("RequireToken", v, opts).check).middleware()
}

type tokenGuard struct {
	guard   string            // its constructor
	schemes []*acceptedScheme // for each scheme by which a token can be sent
	verify  requestVerification
	types   []TokenType
}

func newTokenGuard(guard string, v Verifier, opts []TokenOption) *tokenGuard {
	checkVerifier(guard, v)
	schemes, verify := verificationOf(v)
	g := &tokenGuard{guard: guard, schemes: newSchemes(guard, schemes), verify: verify}
	for _, o := range opts {
		if o == nil {
			panic(nilOption(guard, "TokenOption"))
		}
		o.applyToken(g)
	}
	return g
}

func (g *tokenGuard) check(w http.ResponseWriter, r *http.Request, outer visit) (visit, *Error) {
	outer.record.verifying()
	raw, scheme, err := credentials(r.Header, g.schemes, outer.settings.MaxTokenLength)
	var token *Token
	if err == nil {
		token, err = g.authenticate(r, scheme, raw)
	}
	if err != nil {
		e := errorFrom(err)
		e.schemes = scheme
		return visit{}, outer.failures().charge(w, r, outer, e)
	}
	v := outer.own(r, outer.hasCaller())
	v.setCaller(caller{token: token, schemes: scheme, sent: raw})
	return v, nil
}

func (g *tokenGuard) authenticate(r *http.Request, scheme *acceptedScheme, raw string) (*Token, error) {
	token, err := g.verify(r, scheme.name(), raw)
	if err != nil {
		return nil, withoutSecret(err, raw)
	}
	switch {
	case token == nil:
		return nil, errNoAnswer
	case !token.Type().known():
		return nil, becauseOf(Error{Code: ErrTemporarilyUnavailable}, unknownType{token.Type()})
	case len(g.types) > 0 && !slices.Contains(g.types, token.Type()):
		return nil, becauseOf(Error{Code: ErrInvalidToken}, wrongType{g.types, token.Type()})
	}
	return token, nil
}

var errNoAnswer = ErrTemporarilyUnavailable.because(errors.New("bearergate: the verifier returned neither a token nor an error"))

// unknownType is the type of a token that is neither of the two.
type unknownType struct{ got TokenType }

func (u unknownType) String() string {
	return fmt.Sprintf("bearergate: the verifier returned a token of the type %s; set Claims.Type to AccessToken or InstallationToken", quote.Text(string(u.got)))
}

// wrongType is the types that a route accepts, and that of the token.
type wrongType struct {
	want []TokenType
	got  TokenType
}

func (t wrongType) String() string {
	return fmt.Sprintf("this route accepts %s tokens, and the token is an %s token. A JWT is an installation token if it has the claim type=installation, "+
		"and otherwise an access token: see jwtverifier's Config.ClaimNames and Config.TokenTypes. The type of an opaque token is the Claims.Type of its lookup", t.want[0], t.got)
}

// minSecretLength is the length from which a token can be unguessable.
const minSecretLength = 16

// withoutSecret keeps a token out of the text of an error, which goes to the log
// and the observer. It ignores short tokens: a client could send them to blank out
// parts of the log. Refusals of this package and of jwtverifier have no token in
// them, and their texts need not be made for this.
func withoutSecret(err error, secret string) error {
	switch err.(type) {
	case tokenless, secretless.Refusal:
		return err
	}
	if len(secret) < minSecretLength {
		return err
	}
	text := fmt.Sprint(err)
	clean := strings.NewReplacer(secret, "[token]", url.QueryEscape(secret), "[token]").Replace(text)
	if clean == text {
		return err
	}
	e := errorFrom(err)
	e.cause = errors.New(clean)
	return e
}
