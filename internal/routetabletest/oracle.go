package routetabletest

import (
	"regexp"
	"slices"
)

// ask is what a table asks of a request.
type ask int

const (
	pass ask = iota
	scopeMissing
	notListed
)

// asks decides from the route that served the request, and from nothing that the
// request says but its method.
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

// canonical is one spelling for the paths of which the tables make no difference.
func canonical(path string) string {
	return name.ReplaceAllString(rest.ReplaceAllString(path, ""), "{x")
}
