package reference

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/scopetoken"
)

// Config configures a [Page]. Title, APIURL and TokenURL are required. Every text is
// escaped in the page, so that a Config may come from a file.
type Config struct {
	// Title is the heading of the page, such as "Errors of the translations API".
	Title string
	// APIURL is the URL of the API. The paths of Scopes follow it in the snippets.
	APIURL string
	// TokenURL is the URL at which clients get and refresh their tokens: the token
	// endpoint of the API, or that of its identity provider.
	TokenURL string
	// MintURL is the URL at which clients mint installation tokens, with {grantId} in
	// it. If empty, the snippets send requests with the access token.
	MintURL string
	// Answers is the Config that the API passes to [bearergate.Configure]. The page
	// shows each answer as it is with these settings. An ErrorWriter keeps the status of
	// the code. The Observer is not used.
	Answers bearergate.Config
	// Scopes lists the scopes of the routes. If empty, the page has no such list.
	Scopes bearergate.RouteScopes
	// Examples lists requests that are answered with a code. The page shows each as a
	// curl command, with a button that sends it and shows the answer. A browser sends it
	// to the origin of the page alone, so the page is served from that of APIURL. Every
	// visitor can read the tokens in it.
	Examples map[bearergate.Code][]Example
}

// Example is a request that is answered with an error.
type Example struct {
	// Title says why the request is refused, such as "The token expired."
	Title string
	// Method is GET by default.
	Method string
	// Path is the path of the request on the origin of APIURL, perhaps with a query.
	Path string
	// Header holds the header fields of the request, such as Authorization.
	Header map[string]string
	// Body is the body of the request, in printable text. GET and HEAD have none.
	Body string
}

// check returns all faults of the configuration.
func (c *Config) check() error {
	faults := []error{
		checkText("Title", c.Title),
		checkURL("APIURL", c.APIURL),
		checkURL("TokenURL", c.TokenURL),
	}
	if c.MintURL != "" {
		faults = append(faults, checkURL("MintURL", c.MintURL))
	}
	if _, err := bearergate.Configure(c.Answers); err != nil {
		faults = append(faults, fmt.Errorf("reference: Config.Answers: %w", err))
	}
	for _, route := range slices.Sorted(maps.Keys(c.Scopes)) {
		faults = append(faults, checkRoute(route, c.Scopes[route]))
	}
	for _, code := range slices.Sorted(maps.Keys(c.Examples)) {
		faults = append(faults, checkExamples(code, c.Examples[code]))
	}
	return errors.Join(faults...)
}

func fault(format string, args ...any) error {
	return fmt.Errorf("reference: Config."+format, args...)
}

func checkText(field, text string) error {
	if text == "" || !printable(text) {
		return fault("%s is %q; write one line of text", field, text)
	}
	return nil
}

func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// lineBreaks removes line breaks and tabs, which a body may have.
var lineBreaks = strings.NewReplacer("\r", "", "\n", "", "\t", "")

func checkURL(field, raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fault("%s is not an absolute URL; write one such as https://api.example", field)
	case u.User != nil:
		return fault("%s has a user or password, and everybody can read the page; remove it", field)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(raw, "#"):
		return fault("%s is %q; remove the query and the fragment", field, raw)
	case !printable(raw):
		return fault("%s is %q; escape what is not printable", field, raw)
	}
	return nil
}

func checkRoute(route string, scopes []string) error {
	if !strings.Contains(route, "/") || !printable(route) {
		return fault("Scopes has the route %q; write a method, a space and a path", route)
	}
	for _, scope := range scopes {
		if !scopetoken.Valid(scope) {
			return fault("Scopes has the scope %q of %q; a scope is printable ASCII without space, quote and backslash, and not empty", scope, route)
		}
	}
	return nil
}

func checkExamples(code bearergate.Code, examples []Example) error {
	if code.Status() == 0 {
		return fault("Examples has the code %q; the codes are those of bearergate.Codes", string(code))
	}
	var faults []error
	for i, e := range examples {
		if err := e.check(); err != nil {
			faults = append(faults, fault("Examples[%q][%d]: %w", string(code), i, err))
		}
	}
	return errors.Join(faults...)
}

func (e *Example) check() error {
	var faults []error
	add := func(is bool, text string, args ...any) {
		if is {
			faults = append(faults, fmt.Errorf(text, args...))
		}
	}
	add(e.Title == "" || !printable(e.Title), "Title is %q; write one line of text", e.Title)
	add(!isSent(e.method()), "Method is %q; write one such as POST", e.Method)
	add(!isOwnPath(e.Path), "Path is %q; write a path of this origin, such as /v1/projects", e.Path)
	add(e.Body != "" && !e.mayHaveBody(), "a request with the method %s has no Body in a browser", e.method())
	add(!printable(lineBreaks.Replace(e.Body)), "Body is %q; write printable text", e.Body)
	for _, name := range slices.Sorted(maps.Keys(e.Header)) {
		add(!isToken(name), "Header has the name %q; write one such as Authorization", name)
		add(!isFieldValue(e.Header[name]), "Header has a value of %q that is not printable ASCII", name)
	}
	return errors.Join(faults...)
}

func (e *Example) method() string {
	if e.Method == "" {
		return http.MethodGet
	}
	return e.Method
}

func (e *Example) mayHaveBody() bool {
	return e.method() != http.MethodGet && e.method() != http.MethodHead
}

// isSent reports whether a browser sends the method, and as it is written.
func isSent(method string) bool {
	refused := []string{http.MethodConnect, http.MethodTrace, "TRACK"}
	return isToken(method) && method == strings.ToUpper(method) && !slices.Contains(refused, method)
}

// isOwnPath reports whether a browser resolves the path on the origin of the page:
// not so //host, and not /\host.
func isOwnPath(path string) bool {
	u, err := url.Parse(path)
	return err == nil && strings.HasPrefix(path, "/") && u.Host == "" && !strings.HasPrefix(path, "//") &&
		u.Fragment == "" && !strings.ContainsAny(path, `\ `) && isFieldValue(path)
}

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func isFieldValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f })
}
