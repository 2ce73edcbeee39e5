package routing

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/bearergate/bearergate/internal/pattern"
)

// SetPattern sets r.Pattern and the path values as [http.ServeMux] would, for a
// request that another router has routed. The values come from the escaped path of
// r.URL, decoded once. However the router itself reads an encoded slash, a plus or
// an extra segment, guards see the same values as behind http.ServeMux.
//
// The route is a pattern of http.ServeMux without method and host, such as
// "/orgs/{org}/projects", "/files/{path...}", "/files/" for all paths below it, and
// "/files/{$}" for that path only. A segment may also have text around its
// parameter, such as "v{version}".
//
// SetPattern reports whether http.ServeMux would match the path with the route. If
// it reports false, the path values are empty, so that guards which need one
// refuse.
func SetPattern(r *http.Request, route string) bool {
	r.Pattern = route
	if setPathValues(r, route, r.URL.EscapedPath()) {
		return true
	}
	for name := range pattern.Parameters(route) {
		r.SetPathValue(name, "")
	}
	return false
}

func setPathValues(r *http.Request, route, escaped string) bool {
	for route != "" {
		if route[0] != '/' || !strings.HasPrefix(escaped, "/") {
			return false
		}
		switch route {
		case "/":
			return IsClean(escaped)
		case "/{$}":
			return escaped == "/" || strings.EqualFold(escaped, "/%2F") // like http.ServeMux
		}
		var want, have string
		want, route = cutSegment(route[1:])
		before, name, after := pattern.CutParameter(want)
		name, toTheEnd := strings.CutSuffix(name, "...")
		switch {
		case toTheEnd && !IsClean(escaped):
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
		if !begins || !ends || !toTheEnd && (value == "" || value == "/") {
			return false
		}
		r.SetPathValue(name, value)
	}
	return escaped == ""
}

// IsClean reports whether the escaped path has no empty or dot segments, so that
// http.ServeMux serves it and does not redirect it.
func IsClean(escaped string) bool {
	clean := path.Clean(escaped)
	return clean == escaped || clean != "/" && clean+"/" == escaped
}

// unescaped decodes the text of a pattern.
func unescaped(text string) string {
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text
}

// cutSegment cuts s before the next slash.
func cutSegment(s string) (segment, rest string) {
	if i := strings.IndexByte(s, '/'); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
