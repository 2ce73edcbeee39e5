package routingtest

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

const readScope = "projects:read"

// errAnswered is the error that a handler returns after it has answered.
var errAnswered = errors.New("answered already")

// routes returns routes with every guard, each of its answers, and every kind of
// handler.
func (tr *trial) routes() []Route {
	var routes []Route
	add := func(methods, pattern string, handle handleFunc, guards ...bearergate.Middleware) {
		guards = append([]bearergate.Middleware{mark, tr.countBuilds}, guards...)
		for method := range strings.FieldsSeq(methods) {
			routes = append(routes, Route{method, pattern, guards, handle})
		}
	}
	installation := bearergate.RequireToken(testTokens, bearergate.InstallationToken)
	org := bearergate.RequireOrg(bearergate.PathValue("org"))
	scope := bearergate.RequireScope(readScope)

	add("GET", "/orgs/{org}", tellOrganization, installation, org)
	add("GET", "/orgs/{org}/projects", tellOrganization, installation, org)
	add("GET HEAD OPTIONS POST", "/all/{org}/projects", tell, installation,
		bearergate.RateLimit(counting(1000)), bearergate.RequireGrant(testGrants), org, scope)
	add("GET", "/orgs/{org}/chained", tellOrganization, bearergate.Chain(installation, bearergate.RequireGrant(testGrants), org, scope))
	add("GET", "/orgs/{org}/any/{project}", tellOrganization, installation, org, bearergate.RequireAnyScope("admin", readScope))
	add("POST", "/installations/{grantId}/tokens", tell, bearergate.RequireToken(testTokens, bearergate.AccessToken),
		bearergate.RequireGrant(testGrants, bearergate.WithGrantInPath("grantId")))

	add("GET HEAD", "/limited", tell, installation, bearergate.RateLimit(counting(2)))
	add("GET", "/limited/down", tell, installation, bearergate.RateLimit(limiterDown()))
	add("GET", "/limited/fallback", tell, tr.observe(), installation, bearergate.RateLimit(limiterDown(), bearergate.WithFallback(counting(1))))
	add("GET", "/grants/down", tell, installation, bearergate.RequireGrant(grantsDown))
	add("GET", "/guesses", tell, bearergate.LimitFailedAuthentication(counting(2)), installation)

	add("GET", "/wrong/no-token", tell, scope)
	add("GET", "/wrong/no-parameter", tell, installation, org)
	add("GET", "/observed/{org}", tellOrganization, tr.observe(), installation, org, scope)
	add("GET", "/configured", tell, configure(bearergate.Config{Realm: "other", ReferenceURL: "https://docs.example/errors"}), installation, scope)
	add("GET", "/own-writer", tell, configure(bearergate.Config{ErrorWriter: teapot}), installation)

	listed := bearergate.RequireRouteScopes(bearergate.RouteScopes{
		"GET /listed/{project}": {readScope}, "DELETE /listed/{project}": {readScope, "projects:write"}, "/listed/{project}/files/": {},
	})
	add("GET HEAD POST DELETE", "/listed/{project}", tell, installation, listed)
	add("GET POST", "/listed/{project}/files/", tell, installation, listed)
	add("GET", "/listed/{project}/other", tell, installation, listed)

	add("GET HEAD", "/refused/{code}", refuseCode)
	add("GET", "/refused/{code}/guarded", refuseCode, installation)
	add("GET", "/checked/{code}", tell, bearergate.Require(checkCode))
	add("GET", "/errors/{kind}", failWith, installation, scope)

	add("GET", "/stopped", tell, func(http.Handler) http.Handler { return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) })
	add("GET", "/wrapped", tell, loudly, installation, scope)
	add("GET", "/request-replaced", tellRequest, installation, replaceRequest, scope)
	add("GET", "/streams", tr.handleStream, installation)
	add("GET", "/streams/wrapped", tr.handleStream, loudly, installation)
	add("GET", "/hijacked", hijack, installation)
	add("GET", "/hijacked/wrapped", hijack, loudly, installation)
	add("GET", "/panics/{kind}", panicWith, tr.observe(), installation)
	return routes
}

type handleFunc = func(w http.ResponseWriter, r *http.Request, param func(string) string) error

func tell(w http.ResponseWriter, r *http.Request, _ func(string) string) error {
	token, _ := bearergate.TokenFrom(r.Context())
	grant, _ := bearergate.GrantFrom(r.Context())
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Handled", "yes")
	w.WriteHeader(http.StatusCreated)
	_, err := fmt.Fprintf(w, "%s, token of %s, grant %q, body %q\n", r.Method, subject(token), grant.ID, body)
	return err
}

func subject(token *bearergate.Token) string {
	if token == nil {
		return "nobody"
	}
	return string(token.Type()) + " " + token.Subject()
}

// tellOrganization answers with the organization that the handler reads and the one
// that the guards read: the router must not give them different ones.
func tellOrganization(w http.ResponseWriter, r *http.Request, param func(string) string) error {
	w.Header().Set("Content-Type", "text/plain")
	_, err := fmt.Fprintf(w, "organization %s\nfor guards  %s\n", param("org"), r.PathValue("org"))
	return err
}

func tellRequest(w http.ResponseWriter, r *http.Request, _ func(string) string) error {
	_, err := fmt.Fprintf(w, "%s %v\n", r.Header.Get("X-Replaced"), r.Context().Value(replacedKey{}))
	return err
}

func refuseCode(w http.ResponseWriter, r *http.Request, param func(string) string) error {
	bearergate.Refuse(w, r, errorOf(param("code")))
	return nil
}

func checkCode(r *http.Request) error { return errorOf(r.PathValue("code")) }

func errorOf(code string) error {
	return fmt.Errorf("not for clients: %w", &bearergate.Error{Code: bearergate.Code(code), Required: "a b", RetryAfter: 90 * time.Second})
}

func failWith(w http.ResponseWriter, _ *http.Request, param func(string) string) error {
	if param("kind") == "answered" {
		fmt.Fprintln(w, "answered")
		return errAnswered
	}
	return errorOf(param("kind"))
}

func hijack(w http.ResponseWriter, _ *http.Request, _ func(string) string) error {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\n\r\nhijacked")
	return err
}

func panicWith(w http.ResponseWriter, _ *http.Request, param func(string) string) error {
	if param("kind") == "late" {
		io.WriteString(w, "begun")
		http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler)
}

// mark sets a header that shows that a request has reached the guards.
func mark(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(guardedHeader, "yes")
		next.ServeHTTP(w, r)
	})
}

const guardedHeader = "X-Guarded"

// loudly is a middleware with its own ResponseWriter.
func loudly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(loudWriter{w}, r) })
}

type loudWriter struct{ http.ResponseWriter }

func (w loudWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w loudWriter) WriteHeader(status int) {
	w.Header().Set("X-Loud", http.StatusText(status))
	w.ResponseWriter.WriteHeader(status)
}

func (w loudWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	connection, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		io.WriteString(connection, "LOUD ")
	}
	return connection, buffered, err
}

func (w loudWriter) Write(p []byte) (int, error) {
	return w.ResponseWriter.Write([]byte(strings.ToUpper(string(p))))
}

type replacedKey struct{}

// replaceRequest is a middleware that passes another request on.
func replaceRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(context.WithValue(r.Context(), replacedKey{}, "in the context"))
		r.Header.Set("X-Replaced", "in the header")
		next.ServeHTTP(w, r)
	})
}

func teapot(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
	w.Header().Set("X-Code", string(e.Code))
	w.WriteHeader(http.StatusTeapot)
}

// testTokens accepts a few tokens by name, and a token for each organization.
var testTokens = bearergate.VerifierFunc(func(_ context.Context, raw string) (*bearergate.Token, error) {
	claims := bearergatetest.InstallationClaims(readScope)
	encoded, ofOrganization := strings.CutPrefix(raw, "org.")
	switch {
	case ofOrganization:
		name, err := base64.RawURLEncoding.DecodeString(encoded)
		if err != nil {
			return nil, bearergate.ErrInvalidToken
		}
		claims.OrganizationID = string(name)
	case raw == "good":
	case raw == "access":
		claims.Type = bearergate.AccessToken
	case raw == "no-scope":
		claims.Scopes = []string{"other"}
	case raw == "no-grant", raw == "revoked":
		claims.GrantID = raw
	case raw == "down":
		return nil, errors.New("the key server is down")
	default:
		return nil, bearergate.ErrInvalidToken
	}
	claims.IssuedAt, claims.ExpiresAt = time.Time{}, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	return bearergate.NewToken(claims), nil
})

func tokenOf(organization string) string {
	return "org." + base64.RawURLEncoding.EncodeToString([]byte(organization))
}

var testGrants = func() *bearergate.MemoryGrants {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: bearergatetest.DefaultOrganizationID})
	grants.Put(bearergate.Grant{ID: "revoked", OrganizationID: bearergatetest.DefaultOrganizationID, RevokedAt: time.Unix(1, 0)})
	return grants
}()

// counting returns a limiter that allows this many requests. Its budget is always
// restored in a minute.
func counting(limit uint64) bearergate.Limiter {
	var mu sync.Mutex
	taken := make(map[string]uint64)
	return bearergate.LimiterFunc(func(_ context.Context, key string) (bearergate.Quota, error) {
		mu.Lock()
		defer mu.Unlock()
		taken[key]++
		n := taken[key]
		return bearergate.Quota{Limit: limit, Remaining: limit - min(n, limit), Reset: time.Now().Add(time.Minute), Allowed: n <= limit}, nil
	})
}

func limiterDown() bearergate.Limiter {
	return bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
		return bearergate.Quota{}, errors.New("the limiter is down")
	})
}

var grantsDown = bearergate.GrantStoreFunc(func(context.Context, string) (bearergate.Grant, error) {
	return bearergate.Grant{}, errors.New("the database is down")
})

// configure returns bearergate.Configure(c), and panics if c has a fault.
func configure(c bearergate.Config) bearergate.Middleware {
	configure, err := bearergate.Configure(c)
	if err != nil {
		panic("routingtest: " + err.Error())
	}
	return configure
}
