package bearergate

import (
	"iter"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// SetPattern makes of a request that another router has routed what
// [http.ServeMux] makes of one: it sets r.Pattern, and each parameter of the
// pattern as a path value, taken from the escaped path of r.URL and decoded
// once. It is for adapters: whatever the router itself makes of an encoded
// slash, a plus or a segment too many, guards see what they would see behind
// http.ServeMux.
//
// The pattern is one of http.ServeMux without method and host, such as
// "/orgs/{org}/projects", "/files/{path...}", "/files/" for all below it, and
// "/files/{$}" for that path alone. A segment may also have text around its
// parameter, as in "v{version}".
//
// SetPattern reports whether http.ServeMux would take the path for one of this
// pattern. If not, the path values are set empty, so that guards which need one
// refuse.
func SetPattern(r *http.Request, pattern string) bool {
	r.Pattern = pattern
	if setPathValues(r, pattern, r.URL.EscapedPath()) {
		return true
	}
	for name := range parameters(pattern) {
		r.SetPathValue(name, "")
	}
	return false
}

func setPathValues(r *http.Request, pattern, escaped string) bool {
	for pattern != "" {
		if pattern[0] != '/' || !strings.HasPrefix(escaped, "/") {
			return false
		}
		switch pattern {
		case "/":
			return isClean(escaped)
		case "/{$}":
			return escaped == "/"
		}
		var want, have string
		want, pattern = cutSegment(pattern[1:])
		before, name, after := cutParameter(want)
		name, toTheEnd := strings.CutSuffix(name, "...")
		switch {
		case toTheEnd && !isClean(escaped):
			return false
		case toTheEnd:
			have, escaped = escaped[1:], ""
		default:
			have, escaped = cutSegment(escaped[1:])
		}
		value, err := url.PathUnescape(have)
		switch {
		case err != nil, have == ".", have == "..":
			return false
		case name == "":
			if have != before && value != unescaped(before) {
				return false
			}
			continue
		}
		value, begins := strings.CutPrefix(value, before)
		value, ends := strings.CutSuffix(value, after)
		if !begins || !ends || value == "" && !toTheEnd {
			return false
		}
		r.SetPathValue(name, value)
	}
	return escaped == ""
}

// isClean reports whether http.ServeMux would serve the path, and not redirect
// it to one without empty and dot segments.
func isClean(escaped string) bool {
	clean := path.Clean(escaped)
	return clean == escaped || clean != "/" && clean+"/" == escaped
}

// unescaped decodes text of a pattern.
func unescaped(text string) string {
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text
}

// cutSegment cuts in front of the next slash.
func cutSegment(s string) (segment, rest string) {
	if i := strings.IndexByte(s, '/'); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// cutParameter returns the name in braces, and what is around it.
func cutParameter(segment string) (before, name, after string) {
	before, rest, ok := strings.Cut(segment, "{")
	if !ok {
		return segment, "", ""
	}
	name, after, _ = strings.Cut(rest, "}")
	return before, name, after
}

// parameters yields the names of the parameters of a pattern, also of chi's
// with regular expressions.
func parameters(pattern string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for pattern != "" {
			_, name, rest := cutParameter(pattern)
			if name, _, _ = strings.Cut(strings.TrimSuffix(name, "..."), ":"); name != "" && name != "$" && !yield(name) {
				return
			}
			pattern = rest
		}
	}
}
