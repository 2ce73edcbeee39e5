package reference

import (
	"net/http"
	"strconv"
	"strings"
)

// refusal is a request for a format that there is not.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

// choose returns the format that the query names, or else the one that Accept prefers.
func (p *Page) choose(r *http.Request) (*format, *refusal) {
	if r.URL.RawQuery != "" {
		if name := r.URL.Query().Get("format"); name != "" {
			return p.named(name)
		}
	}
	accept := r.Header["Accept"]
	if len(accept) == 0 {
		return p.formats[0], nil
	}
	return p.accepted(parseAccept(accept))
}

func (p *Page) named(name string) (*format, *refusal) {
	var names []string
	for _, f := range p.formats {
		if f.name == name {
			return f, nil
		}
		names = append(names, f.name)
	}
	return nil, &refusal{http.StatusNotFound, "The formats are " + strings.Join(names, ", ") + "."}
}

// accepted returns the first of the formats with the greatest quality.
func (p *Page) accepted(ranges []mediaRange) (*format, *refusal) {
	if len(ranges) == 0 {
		return p.formats[0], nil // the header lists nothing
	}
	var best *format
	var types []string
	greatest := 0.0
	for _, f := range p.formats {
		if q := quality(ranges, f.mediaType); q > greatest {
			best, greatest = f, q
		}
		types = append(types, f.mediaType)
	}
	if best == nil {
		return nil, &refusal{http.StatusNotAcceptable, "The media types are " + strings.Join(types, ", ") + "."}
	}
	return best, nil
}

// mediaRange is a member of Accept (RFC 9110 section 12.5.1). Parameters other than q
// are ignored.
type mediaRange struct {
	pattern string // such as text/html, text/* or */*
	q       float64
}

func parseAccept(fields []string) (ranges []mediaRange) {
	for _, field := range fields {
		for member := range strings.SplitSeq(field, ",") {
			pattern, parameters, _ := strings.Cut(member, ";")
			if pattern = strings.ToLower(strings.TrimSpace(pattern)); pattern != "" {
				ranges = append(ranges, mediaRange{pattern, parseQuality(parameters)})
			}
		}
	}
	return ranges
}

// parseQuality returns the value of q, or 1 if there is none. A value that is no
// quality is 0.
func parseQuality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return q
		}
	}
	return 1
}

// quality is that of the most specific range that matches.
func quality(ranges []mediaRange, mediaType string) float64 {
	kind, _, _ := strings.Cut(mediaType, "/")
	for _, pattern := range [...]string{mediaType, kind + "/*", "*/*"} {
		for _, r := range ranges {
			if r.pattern == pattern {
				return r.q
			}
		}
	}
	return 0
}
