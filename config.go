package bearergate

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/bearergate/bearergate/internal/scopetoken"
)

// ErrorWriter answers a refused request. It must write a complete answer: if it
// writes nothing, net/http sends 200. It owns the *Error and may change it. A
// writer that only adds to the answer calls [WriteError], or [Refuse] with the
// request that it received. If the writer panics, the panic propagates as a
// handler's does. The request stays refused in any case.
type ErrorWriter func(w http.ResponseWriter, r *http.Request, e *Error)

// Config holds the settings of [Configure]. The zero value of each is its default.
type Config struct {
	// Realm is the realm of the challenges (RFC 9110 section 11.5). The default is
	// [DefaultRealm]. It must be printable ASCII without quote and backslash.
	Realm string
	// DefaultScope is the "scope" of the challenges of 401 answers (RFC 6750
	// section 3): space-delimited scopes that a client may ask for. The default is
	// none.
	DefaultScope string
	// ResourceMetadataURL is the "resource_metadata" of every challenge (RFC 9728
	// section 5.1): an absolute http or https URL without fragment. The default is
	// none.
	ResourceMetadataURL string
	// ReferenceURL makes every error answer carry Link: <URL#CODE>; rel="help"
	// (RFC 8288). It is an absolute http or https URL without fragment. The default
	// is none.
	ReferenceURL string
	// MaxTokenLength is the maximum length of a token in bytes. A longer token is
	// answered 401 invalid_token and not verified. The default is
	// [DefaultMaxTokenLength], and the maximum 65,536. [http.Server.MaxHeaderBytes]
	// bounds the header as well.
	MaxTokenLength int
	// ErrorWriter answers every refusal. If nil, [WriteError] is used.
	ErrorWriter ErrorWriter
	// Observer receives each decision; see [LogDecisions]. If nil, and if no outer
	// Configure has one, refusals of 500 and 503 are logged to [slog.Default] at
	// error level, at most 10 at once and then one a second for the whole process.
	// The attribute left_out counts the lines that were dropped before one. Nothing is
	// logged if the client had closed the connection. To log nothing at all, use
	// LogDecisions with slog.New(slog.DiscardHandler).
	Observer Observer
}

// The defaults of [Config].
const (
	DefaultRealm          = "api"
	DefaultMaxTokenLength = 8 << 10
)

// maxMaxTokenLength bounds Config.MaxTokenLength.
const maxMaxTokenLength = 64 << 10

var defaultConfig = Config{Realm: DefaultRealm, MaxTokenLength: DefaultMaxTokenLength}

func (c *Config) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("bearergate: Config."+format, args...))
	}
	if strings.ContainsFunc(c.Realm, func(r rune) bool { return r != ' ' && !scopetoken.ValidRune(r) }) {
		fault("Realm is %q; use printable ASCII without quote and backslash", c.Realm)
	}
	if c.DefaultScope != "" && !isScopeList(c.DefaultScope) {
		fault("DefaultScope is %q; use scopes with one space between them, without quote and backslash", c.DefaultScope)
	}
	if c.ResourceMetadataURL != "" && !isHeaderURL(c.ResourceMetadataURL) {
		fault("ResourceMetadataURL is %q; use an absolute http or https URL without fragment", c.ResourceMetadataURL)
	}
	if c.ReferenceURL != "" && !isHeaderURL(c.ReferenceURL) {
		fault("ReferenceURL is %q; use an absolute http or https URL without fragment", c.ReferenceURL)
	}
	if c.MaxTokenLength < 0 || c.MaxTokenLength > maxMaxTokenLength {
		fault("MaxTokenLength is %d; use 1 to %d, or 0 for the default", c.MaxTokenLength, maxMaxTokenLength)
	}
	return errors.Join(faults...)
}

// isHeaderURL reports whether a URL can stand in a header without escapes.
func isHeaderURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.Contains(raw, "#") &&
		!strings.ContainsFunc(raw, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`<>"\`, c) })
}

// over returns c with the settings of outer that c does not set.
func (c *Config) over(outer *Config) *Config {
	merged := *outer
	merged.Realm = cmp.Or(c.Realm, outer.Realm)
	merged.DefaultScope = cmp.Or(c.DefaultScope, outer.DefaultScope)
	merged.ResourceMetadataURL = cmp.Or(c.ResourceMetadataURL, outer.ResourceMetadataURL)
	merged.ReferenceURL = cmp.Or(c.ReferenceURL, outer.ReferenceURL)
	merged.MaxTokenLength = cmp.Or(c.MaxTokenLength, outer.MaxTokenLength)
	if c.ErrorWriter != nil {
		merged.ErrorWriter = c.ErrorWriter
	}
	return &merged
}
