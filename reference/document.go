package reference

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/pattern"
)

// document is the data that every format is made of.
type document struct {
	Title    string  `json:"title"`
	APIURL   string  `json:"apiUrl"`
	TokenURL string  `json:"tokenUrl"`
	MintURL  string  `json:"mintUrl,omitempty"`
	Errors   []entry `json:"errors"`
	Routes   []route `json:"routes,omitempty"`

	Setup []snippet `json:"-"`
}

// entry is a row of the error table, with all that the page says about it.
type entry struct {
	Code       bearergate.Code `json:"code"`
	Status     int             `json:"status"`
	Meaning    string          `json:"meaning"`
	Remedy     string          `json:"remedy"`
	Action     string          `json:"action"`
	RetryAfter int             `json:"retryAfter,omitempty"` // the least, in seconds
	Answer     answer          `json:"answer"`

	Reason   string    `json:"-"`
	Class    string    `json:"-"` // its colour
	Snippets []snippet `json:"-"`
	Examples []example `json:"-"`
}

// route is a route of the API and the scopes that it requires.
type route struct {
	Pattern string   `json:"route"`
	Scopes  []string `json:"scopes"`
}

func newDocument(c *Config) (*document, error) {
	d := &document{
		Title: c.Title, APIURL: strings.TrimRight(c.APIURL, "/"), TokenURL: c.TokenURL, MintURL: c.MintURL,
		Routes: routes(c.Scopes),
	}
	answers, err := newAnswers(c.Answers, d.scope())
	if err != nil {
		return nil, err
	}
	if d.Setup, err = d.snippets("setup"); err != nil {
		return nil, err
	}
	var faults []error
	for _, code := range bearergate.Codes() {
		e, err := d.entry(code, answers.answer(code), c.Examples[code])
		d.Errors, faults = append(d.Errors, e), append(faults, err)
	}
	return d, errors.Join(faults...)
}

func (d *document) entry(code bearergate.Code, a answer, list []Example) (entry, error) {
	snippets, err := d.snippets(string(code))
	return entry{
		Code: code, Status: code.Status(), Meaning: code.Meaning(), Remedy: code.Remedy(), Action: code.Action().String(),
		RetryAfter: int(code.RetryAfter().Seconds()), Answer: a,
		Reason: http.StatusText(code.Status()), Class: class(code.Action()), Snippets: snippets, Examples: examples(list, d.origin()),
	}, errors.Join(err, a.check(code))
}

func routes(table bearergate.RouteScopes) (list []route) {
	for _, pattern := range slices.Sorted(maps.Keys(table)) {
		list = append(list, route{pattern, append([]string{}, table[pattern]...)})
	}
	slices.SortStableFunc(list, func(a, b route) int { return strings.Compare(a.path(), b.path()) })
	return list
}

// path is the path of the pattern, without its method and host.
func (r route) path() string {
	_, path := pattern.CutMethod(r.Pattern)
	return path[max(0, strings.IndexByte(path, '/')):]
}

// origin is the origin of the API.
func (d *document) origin() string {
	scheme, rest, _ := strings.Cut(d.APIURL, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// scope is the scope for the answer missing_scope: the first of the API's.
func (d *document) scope() string {
	for _, r := range d.Routes {
		if len(r.Scopes) > 0 {
			return r.Scopes[0]
		}
	}
	return "projects:read"
}

// url is the URL that the snippets send requests to: the first route for GET.
func (d *document) url() string {
	for _, r := range d.Routes {
		if method, _ := pattern.CutMethod(r.Pattern); method == "" || method == http.MethodGet {
			return d.APIURL + fillIn(r.path())
		}
	}
	return d.APIURL + "/"
}

// fillIn replaces the parameters of a path by words to replace: {grantId} by GRANT_ID.
func fillIn(path string) string {
	var b strings.Builder
	for path != "" {
		before, name, after := pattern.CutParameter(path)
		b.WriteString(before)
		if name != "$" {
			b.WriteString(placeholder(strings.TrimSuffix(name, "...")))
		}
		path = after
	}
	return b.String()
}

// placeholder returns a name in upper case, with an underscore between its words.
func placeholder(name string) string {
	var b strings.Builder
	for i, c := range name {
		if unicode.IsUpper(c) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(c))
	}
	return b.String()
}

// class names the colour of a reaction.
func class(a bearergate.Action) string {
	switch a {
	case bearergate.FixRequest:
		return "fix"
	case bearergate.RefreshAndRemint:
		return "renew"
	case bearergate.RestartAuthorization, bearergate.Reauthorize:
		return "authorize"
	case bearergate.Reconnect:
		return "reconnect"
	case bearergate.Wait:
		return "wait"
	}
	return "keep"
}

func (d *document) json() ([]byte, error) {
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}
