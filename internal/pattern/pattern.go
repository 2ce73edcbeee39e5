// Package pattern parses route patterns in the syntax of [net/http.ServeMux].
package pattern

import (
	"iter"
	"strings"
)

// CutMethod splits a pattern into its method and the rest, its host and path.
// method is empty if the pattern is for all methods.
func CutMethod(pattern string) (method, path string) {
	i := strings.IndexAny(pattern, " \t")
	if i < 0 {
		return "", pattern
	}
	return pattern[:i], strings.TrimLeft(pattern[i:], " \t")
}

// CutParameter returns the text in the first braces of a segment, and the text
// before and after them.
func CutParameter(segment string) (before, name, after string) {
	before, rest, ok := strings.Cut(segment, "{")
	if !ok {
		return segment, "", ""
	}
	name, after, _ = strings.Cut(rest, "}")
	return before, name, after
}

// Parameters yields the names of the parameters of a pattern, including chi's
// parameters with regular expressions.
func Parameters(pattern string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for pattern != "" {
			_, name, rest := CutParameter(pattern)
			if name, _, _ = strings.Cut(strings.TrimSuffix(name, "..."), ":"); name != "" && name != "$" && !yield(name) {
				return
			}
			pattern = rest
		}
	}
}

// Canonical returns the same text for all patterns of a path that match the same
// requests: it drops the names of parameters, writes a parameter for the rest of a
// path as a slash, and escapes the colon at the beginning of a segment.
func Canonical(path string) string {
	path = strings.ReplaceAll(path, "/:", "/%3A")
	if strings.HasSuffix(path, "...}") {
		path = path[:strings.LastIndexByte(path, '{')]
	}
	if !strings.Contains(path, "{") {
		return path
	}
	var b strings.Builder
	for path != "" {
		before, name, after := CutParameter(path)
		b.WriteString(before)
		if len(before) < len(path) {
			b.WriteString("{" + withoutName(name) + "}")
		}
		path = after
	}
	return b.String()
}

// withoutName drops the name of a parameter, and keeps "$" and chi's regular
// expressions.
func withoutName(name string) string {
	if name == "$" {
		return name
	}
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[i:]
	}
	return ""
}
