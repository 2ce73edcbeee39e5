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
	return p.accepted(r.Header["Accept"])
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

// accepted returns the first of the formats with the greatest quality (RFC 9110 section
// 12.5.1).
func (p *Page) accepted(accept []string) (*format, *refusal) {
	qualities, preference := p.qualities(accept)
	if !preference {
		return p.formats[0], nil
	}
	var best *format
	var types []string
	greatest := 0.0
	for _, f := range p.formats {
		if q := f.quality(qualities); q > greatest {
			best, greatest = f, q
		}
		types = append(types, f.mediaType)
	}
	if best == nil {
		return nil, &refusal{http.StatusNotAcceptable, "The media types are " + strings.Join(types, ", ") + "."}
	}
	return best, nil
}

// qualities returns the qualities of the media ranges that match a format, and whether
// the fields list any range. Parameters other than q are ignored. The first of two equal
// ranges counts.
func (p *Page) qualities(accept []string) (qualities map[string]float64, preference bool) {
	qualities = make(map[string]float64)
	for _, field := range accept {
		for member := range strings.SplitSeq(field, ",") {
			name, parameters, _ := strings.Cut(member, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			preference = preference || name != ""
			if _, known := qualities[name]; !known && p.ranges[name] {
				qualities[name] = parseQuality(parameters)
			}
		}
	}
	return qualities, preference
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

// ranges returns the media ranges that match the format, the most specific first.
func (f *format) ranges() [3]string {
	kind, _, _ := strings.Cut(f.mediaType, "/")
	return [...]string{f.mediaType, kind + "/*", "*/*"}
}

// quality is that of the most specific range that matches.
func (f *format) quality(qualities map[string]float64) float64 {
	for _, name := range f.ranges() {
		if q, ok := qualities[name]; ok {
			return q
		}
	}
	return 0
}
