package routetabletest

import (
	"regexp"
	"slices"
)

// ask is the answer that a table requires for a request.
type ask int

const (
	pass ask = iota
	scopeMissing
	notListed
)

// asks decides from the route that served the request and from the request's
// method, and from nothing else in the request.
func asks(table map[string][]string, allowUnlisted bool, route *Route, method string, held []string) ask {
	path, listed := canonical(route.Full), false
	for _, m := range methods {
		listed = listed || table[join(m, path)] != nil
	}
	wanted := []string{method, ""}
	if method == "HEAD" {
		wanted = []string{"HEAD", "GET", ""}
	}
	for _, m := range wanted {
		scopes, ok := table[join(m, path)]
		if !ok {
			continue
		}
		if slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(held, s) }) {
			return scopeMissing
		}
		return pass
	}
	if allowUnlisted && !listed {
		return pass
	}
	return notListed
}

var methods = []string{"", "GET", "HEAD", "POST", "DELETE"}

var (
	rest = regexp.MustCompile(`\{\w+\.\.\.\}$`)
	name = regexp.MustCompile(`\{\w+`)
)

// canonical returns the same text for all paths that tables do not distinguish.
func canonical(path string) string {
	return name.ReplaceAllString(rest.ReplaceAllString(path, ""), "{x")
}
