package reference

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Page is the page. It serves GET and HEAD, at any path. It is immutable and safe for
// concurrent use. Make one with [New].
type Page struct {
	formats []*format       // in the order of preference
	ranges  map[string]bool // the media ranges that match one
	openAPI []byte
}

// New returns the page of the API. Everything that it serves is rendered now. The error
// names every fault of c.
func New(c Config) (*Page, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	d, err := newDocument(&c)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	html, policy, htmlErr := d.html()
	data, dataErr := d.json()
	markdown, markdownErr := d.markdown()
	openAPI, openAPIErr := d.openAPI()
	if err := errors.Join(htmlErr, dataErr, markdownErr, openAPIErr); err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	return newPage(openAPI,
		newFormat("html", "text/html", html, policy),
		newFormat("json", "application/json", data, bare),
		newFormat("markdown", "text/markdown", markdown, bare),
		newFormat("openapi", "application/vnd.oai.openapi+json", openAPI, bare),
	), nil
}

func newPage(openAPI []byte, formats ...*format) *Page {
	p := &Page{formats: formats, ranges: make(map[string]bool), openAPI: openAPI}
	for _, f := range formats {
		for _, name := range f.ranges() {
			p.ranges[name] = true
		}
	}
	return p
}

// OpenAPI returns an OpenAPI 3.1 document in JSON. It has a response for each code, by
// the name of the code, and the security scheme "bearer", for the document of the API
// to refer to.
func (p *Page) OpenAPI() []byte { return bytes.Clone(p.openAPI) }

// format is the page in one media type.
type format struct {
	name, mediaType   string
	contentType, etag string
	policy            string // Content-Security-Policy
	body              []byte
}

// bare is the policy of a format that is no page.
const bare = "default-src 'none'; frame-ancestors 'none'"

func newFormat(name, mediaType string, body []byte, policy string) *format {
	sum := sha256.Sum256(body)
	contentType := mediaType
	if strings.HasPrefix(mediaType, "text/") {
		contentType += "; charset=utf-8"
	}
	return &format{
		name: name, mediaType: mediaType, contentType: contentType, policy: policy, body: body,
		etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
	}
}

// ServeHTTP implements [http.Handler].
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "This page is for GET and HEAD.", http.StatusMethodNotAllowed)
		return
	}
	h.Add("Vary", "Accept")
	f, err := p.choose(r)
	if err != nil {
		http.Error(w, err.Error(), err.status)
		return
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Security-Policy", f.policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	h.Set("Etag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}
