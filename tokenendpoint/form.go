package tokenendpoint

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bearergate/bearergate"
)

const maxForm = 64 << 10

// form holds the parameters that the endpoint knows. An empty parameter counts as
// absent (RFC 6749 section 3.2).
type form struct {
	grantType           string
	clientID            string
	clientSecret        string
	clientAssertion     string
	clientAssertionType string
	code                string
	redirectURI         string
	codeVerifier        string
	refreshToken        string
	scope               string

	began, arrived time.Time // of the request: its begin, and the end of its form
}

func (f *form) parameter(name string) *string {
	switch name {
	case "grant_type":
		return &f.grantType
	case "client_id":
		return &f.clientID
	case "client_secret":
		return &f.clientSecret
	case "client_assertion":
		return &f.clientAssertion
	case "client_assertion_type":
		return &f.clientAssertionType
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

// refusal returns an answer of the error table. The reason appears only in the log.
func refusal(answer bearergate.Code, reason string) error {
	return fmt.Errorf("%w: %s", answer, reason)
}

func malformed(reason string) error { return refusal(bearergate.ErrInvalidRequest, reason) }

// readForm reads the parameters, from the body only.
func readForm(r *http.Request) (*form, error) {
	began := time.Now()
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, ok := parameters["charset"]
	switch {
	case err != nil, mediaType != "application/x-www-form-urlencoded", len(r.Header.Values("Content-Type")) > 1:
		return nil, malformed("the Content-Type is not application/x-www-form-urlencoded")
	case ok && !strings.EqualFold(charset, "utf-8"):
		return nil, malformed("the charset is not UTF-8")
	case strings.Join(r.Header.Values("Content-Encoding"), "") != "":
		return nil, malformed("the body has a Content-Encoding")
	case r.ContentLength > maxForm:
		return nil, errTooLong
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	switch {
	case err != nil:
		return nil, malformed("the body could not be read")
	case len(body) > maxForm:
		return nil, errTooLong
	}
	if err := refuseQuery(r.URL.RawQuery); err != nil {
		return nil, err
	}
	f, err := parseForm(string(body))
	if err != nil {
		return nil, err
	}
	f.began, f.arrived = began, time.Now()
	return f, nil
}

var errTooLong = malformed("the form is larger than 64 KiB")

// refuseQuery rejects parameters in the query, since queries with secrets end up in
// logs.
func refuseQuery(query string) error {
	f, err := parseForm(query)
	if err == nil && *f != (form{}) {
		return malformed("a parameter is in the query")
	}
	return err
}

func parseForm(text string) (*form, error) {
	f, seen := new(form), make(map[string]bool)
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, errEncoding
		}
		known := f.parameter(name)
		switch {
		case known == nil:
			continue
		case seen[name]:
			return nil, malformed("a parameter is repeated")
		}
		seen[name] = true
		if *known, err = parseValue(value); err != nil {
			return nil, err
		}
	}
	return f, nil
}

var errEncoding = malformed("bad percent-encoding")

func parseValue(value string) (string, error) {
	value, err := url.QueryUnescape(value)
	switch {
	case err != nil:
		return "", errEncoding
	case !isText(value):
		return "", malformed("a parameter is not UTF-8 or has a control character")
	}
	return value, nil
}

func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}
