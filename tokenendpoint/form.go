package tokenendpoint

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/bearergate/bearergate"
)

const (
	maxForm       = 64 << 10
	maxParameters = 64
)

// form is the parameters that the endpoint knows. An empty parameter is a missing
// one (RFC 6749 section 3.2).
type form struct {
	grantType    string
	clientID     string
	clientSecret string
	code         string
	redirectURI  string
	codeVerifier string
	refreshToken string
	scope        string
}

func (f *form) parameter(name string) *string {
	switch name {
	case "grant_type":
		return &f.grantType
	case "client_id":
		return &f.clientID
	case "client_secret":
		return &f.clientSecret
	case "code":
		return &f.code
	case "redirect_uri":
		return &f.redirectURI
	case "code_verifier":
		return &f.codeVerifier
	case "refresh_token":
		return &f.refreshToken
	case "scope":
		return &f.scope
	}
	return nil
}

// refusal returns an answer of the table. The reason appears in the log alone.
func refusal(answer bearergate.Code, reason string) error {
	return fmt.Errorf("%w: %s", answer, reason)
}

func malformed(reason string) error { return refusal(bearergate.ErrInvalidRequest, reason) }

// readForm reads the parameters from the body alone.
func readForm(r *http.Request) (*form, error) {
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, ok := parameters["charset"]
	switch {
	case err != nil, mediaType != "application/x-www-form-urlencoded", len(r.Header.Values("Content-Type")) > 1:
		return nil, malformed("not a form")
	case ok && !strings.EqualFold(charset, "utf-8"):
		return nil, malformed("a charset other than UTF-8")
	case r.Header.Get("Content-Encoding") != "":
		return nil, malformed("an encoded body")
	case r.ContentLength > maxForm:
		return nil, errTooLong
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	switch {
	case err != nil:
		return nil, malformed("the body did not arrive")
	case len(body) > maxForm:
		return nil, errTooLong
	}
	if err := refuseQuery(r.URL.RawQuery); err != nil {
		return nil, err
	}
	return parseForm(string(body))
}

var errTooLong = malformed("a form of more than 64 KiB")

// refuseQuery refuses parameters in the query, from where secrets get into logs.
func refuseQuery(query string) error {
	f, err := parseForm(query)
	if err == nil && *f != (form{}) {
		return malformed("a parameter in the query")
	}
	return err
}

func parseForm(text string) (*form, error) {
	f, seen := new(form), make(map[string]bool)
	parameters := 0
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		if parameters++; parameters > maxParameters {
			return nil, malformed("too many parameters")
		}
		name, value, err := parsePair(pair)
		if err != nil {
			return nil, err
		}
		known := f.parameter(name)
		if known == nil {
			continue
		}
		if seen[name] {
			return nil, malformed("a parameter twice")
		}
		seen[name], *known = true, value
	}
	return f, nil
}

func parsePair(pair string) (name, value string, err error) {
	name, value, _ = strings.Cut(pair, "=")
	name, nameErr := url.QueryUnescape(name)
	value, valueErr := url.QueryUnescape(value)
	switch {
	case nameErr != nil, valueErr != nil:
		return "", "", malformed("bad percent-encoding")
	case !isText(name), !isText(value):
		return "", "", malformed("not UTF-8, or a control character")
	}
	return name, value, nil
}

func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}
