package bearergate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Middleware wraps a handler. It is an alias, so that routers that take
// func(http.Handler) http.Handler take it as it is.
type Middleware = func(http.Handler) http.Handler

// Chain composes guards into one Middleware. The first guard is outermost: it
// sees the request first.
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

// Require returns a guard that lets a request pass when check returns nil.
// It is what the other guards are made of, and the way to add rules that answer
// alike. An [*Error] in the tree of check's error sets the answer; any other
// error is answered 503 temporarily_unavailable, since a fault of the server
// must not look like one of the client. check may be called concurrently; it
// must not read the body.
func Require(check func(*http.Request) error) Middleware {
	if check == nil {
		panic("bearergate: Require needs a check; pass a func(*http.Request) error")
	}
	return require(func(r *http.Request, _ *state) error { return check(r) })
}

func require(check func(*http.Request, *state) error) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			state := stateFrom(r.Context())
			state.record.deciding()
			if err := check(r, state); err != nil {
				refuseGuarded(w, r, err)
				return
			}
			state.record.passed(r)
			next.ServeHTTP(w, r)
		})
	}
}

// requireToken is Require for what needs to know the caller. Without
// RequireToken in front the route is wired wrongly, which no client can help.
func requireToken(guard string, check func(*http.Request, *state) error) Middleware {
	errUnguarded := ErrServerError.because(fmt.Errorf("bearergate: %s without RequireToken before it; put RequireToken outside of it", guard))
	return require(func(r *http.Request, state *state) error {
		if state.token == nil {
			return errUnguarded
		}
		return check(r, state)
	})
}

// RequireToken returns a guard that lets a request pass when its Authorization
// header carries a bearer token (RFC 6750 section 2.1) that v accepts and that
// is of one of the types; with no type named, of either. The verified token is
// there for the guards and the handler inside: [TokenFrom].
//
// A request without a bearer token, and a token that v refuses or that is of
// another type, is answered 401 invalid_token; a malformed header 400
// invalid_request; an error of v that is none of ours 503. Neither query, form
// nor cookie is read.
func RequireToken(v Verifier, types ...TokenType) Middleware {
	if v == nil {
		panic("bearergate: RequireToken needs a Verifier; see jwtverifier.New and NewOpaqueVerifier")
	}
	for _, t := range types {
		if !t.known() {
			panic(fmt.Sprintf("bearergate: RequireToken was given the type %q; use AccessToken or InstallationToken", string(t)))
		}
	}
	guard := &tokenGuard{v, acceptsOnlyB64Tokens(v), slices.Clone(types)}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			state := extend(r.Context())
			state.record.deciding()
			token, err := guard.authenticate(r, state.settings)
			if err != nil {
				refuseGuarded(w, r, state.failures.charge(w, r, err))
				return
			}
			state.token, state.grant = token, nil
			state.record.verified(r, token)
			next.ServeHTTP(w, r.WithContext(state))
		})
	}
}

type tokenGuard struct {
	verifier Verifier
	checked  bool // the verifier accepts only b64tokens
	types    []TokenType
}

func (g *tokenGuard) authenticate(r *http.Request, s *settings) (*Token, error) {
	raw, err := bearerToken(r.Header, s.maxTokenLength)
	if err != nil {
		return nil, err
	}
	token, err := verify(r.Context(), g.verifier, g.checked, raw)
	if err != nil {
		return nil, withoutSecret(err, raw)
	}
	switch {
	case token == nil:
		return nil, errNoAnswer
	case !token.Type().known():
		return nil, errNoType
	case token.claims.Confirmation != nil:
		return nil, errSenderConstrained
	case len(g.types) > 0 && !slices.Contains(g.types, token.Type()):
		return nil, errWrongType
	}
	return token, nil
}

var (
	errNoAnswer          = ErrTemporarilyUnavailable.because(errors.New("bearergate: the verifier answered neither token nor error"))
	errNoType            = ErrTemporarilyUnavailable.because(errors.New("bearergate: the verifier answered a token without a type; set Claims.Type"))
	errSenderConstrained = ErrInvalidToken.because(errors.New("the token is sender-constrained, and was sent as bearer"))
	errWrongType         = ErrInvalidToken.because(errors.New("a token of this type is not taken here"))
)

// minSecretLength is below that of any token which could not be guessed.
const minSecretLength = 16

// withoutSecret keeps a token out of the text of an error that goes to the log
// and the observer. What is too short to be one, a client may send to garble
// the log.
func withoutSecret(err error, secret string) error {
	text := fmt.Sprint(err)
	if len(secret) < minSecretLength || !strings.Contains(text, secret) {
		return err
	}
	e := errorFrom(err)
	e.cause = errors.New(strings.ReplaceAll(text, secret, "[token]"))
	return e
}

// TokenFrom returns the token that RequireToken verified for this request.
func TokenFrom(ctx context.Context) (*Token, bool) {
	t := stateFrom(ctx).token
	return t, t != nil
}

// ContextWithToken returns a context in which [TokenFrom] finds t, as behind
// RequireToken: for tests of handlers, and for servers that verify by other
// means.
func ContextWithToken(ctx context.Context, t *Token) context.Context {
	s := extend(ctx)
	s.token, s.grant = t, nil
	return s
}

type settings struct {
	realm          string
	reference      string
	writer         ErrorWriter
	observer       Observer
	maxTokenLength int
}

// The defaults that hold where no option of Configure says otherwise.
const (
	DefaultRealm          = "api"
	DefaultMaxTokenLength = 8 << 10
)

// maxMaxTokenLength bounds what WithMaxTokenLength takes.
const maxMaxTokenLength = 64 << 10

var defaultSettings = settings{realm: DefaultRealm, maxTokenLength: DefaultMaxTokenLength}

// Option is a setting of [Configure].
type Option func(*settings)

// Configure returns the outermost middleware: what its options say holds for
// every guard and every [Refuse] inside. Without it the defaults hold. Inside
// another Configure, what is not said is taken from that one.
func Configure(opts ...Option) Middleware {
	if slices.ContainsFunc(opts, func(o Option) bool { return o == nil }) {
		panic("bearergate: Configure was given a nil Option; leave it out")
	}
	opts = slices.Clone(opts)
	standalone := defaultSettings.with(opts)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			state := extend(r.Context())
			settings := standalone
			if state.settings != &defaultSettings {
				settings = state.settings.with(opts)
			}
			state.settings = settings
			if standalone.observer != nil {
				if state.record == nil {
					state.record = &record{started: time.Now()}
				}
				defer state.record.report(r.Context(), standalone.observer)
			}
			next.ServeHTTP(w, r.WithContext(state))
		})
	}
}

func (s *settings) with(opts []Option) *settings {
	c := *s
	for _, set := range opts {
		set(&c)
	}
	return &c
}

// WithRealm sets the realm of the challenges (RFC 9110 section 11.5). The
// default is [DefaultRealm]. It panics on an empty realm and on one with a
// character that RFC 6750 section 3 does not allow unescaped.
func WithRealm(realm string) Option {
	if realm == "" || strings.ContainsFunc(realm, func(c rune) bool { return c != ' ' && !isScopeRune(c) }) {
		panic(fmt.Sprintf("bearergate: the realm %q must be printable ASCII without quote and backslash, and not empty", realm))
	}
	return func(s *settings) { s.realm = realm }
}

// WithErrorWriter replaces [WriteError] for every refusal.
func WithErrorWriter(w ErrorWriter) Option {
	if w == nil {
		panic("bearergate: WithErrorWriter was given nil; leave it out for the default")
	}
	return func(s *settings) { s.writer = w }
}

// WithObserver sets who is told about each decision; see [LogDecisions].
func WithObserver(o Observer) Option {
	if o == nil {
		panic("bearergate: WithObserver was given nil; leave it out")
	}
	return func(s *settings) { s.observer = o }
}

// WithReferenceURL makes every error answer carry Link: <URL#CODE>; rel="help"
// (RFC 8288). It panics unless rawURL is an absolute http or https URL without
// fragment.
func WithReferenceURL(rawURL string) Option {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Host == "", strings.Contains(rawURL, "#"),
		strings.ContainsFunc(rawURL, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`<>"\`, c) }):
		panic(fmt.Sprintf("bearergate: the reference URL %q must be an absolute http or https URL without fragment", rawURL))
	}
	return func(s *settings) { s.reference = rawURL }
}

// WithMaxTokenLength sets how many bytes a token may have; a longer one is
// answered 401 invalid_token before anything of it is looked at. The default is
// [DefaultMaxTokenLength]. It panics outside of 1 to 65,536. Mind that
// [http.Server.MaxHeaderBytes] bounds the header as well.
func WithMaxTokenLength(bytes int) Option {
	if bytes < 1 || bytes > maxMaxTokenLength {
		panic(fmt.Sprintf("bearergate: the token length %d must lie between 1 and %d", bytes, maxMaxTokenLength))
	}
	return func(s *settings) { s.maxTokenLength = bytes }
}
