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

// ErrorWriter answers a refused request. It must write a complete answer: a
// writer that writes nothing makes net/http send 200. It owns the *Error, and may
// change it. A writer that only adds something delegates to [WriteError];
// one that calls [Refuse] with the request that it received does the same. A
// panic of the writer propagates as a handler's does. The request stays refused in
// any case.
type ErrorWriter func(w http.ResponseWriter, r *http.Request, e *Error)

// Config is the settings of [Configure]. The zero value is the default of each.
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
	// MaxTokenLength is how many bytes a token may have. A longer one is answered
	// 401 invalid_token before it is looked at. The default is
	// [DefaultMaxTokenLength], the most is 65,536. [http.Server.MaxHeaderBytes]
	// bounds the header as well.
	MaxTokenLength int
	// ErrorWriter answers every refusal. If nil, [WriteError] does.
	ErrorWriter ErrorWriter
	// Observer receives each decision; see [LogDecisions]. If nil, nothing is
	// reported, also not the cause of a 500 or 503.
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

// over returns c with what it does not set from outer.
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
