package routing

import "strings"

// OnTheWay returns what r.Pattern is for a request that a router has matched so
// far, and has yet to route: a pattern of no route, so that guards which need the
// route refuse. Path values may be set all the same.
//
// It ends in a segment that is a star, and is empty if the pattern is.
func OnTheWay(pattern string) string {
	if pattern == "" || strings.HasSuffix(pattern, "/*") {
		return pattern
	}
	return strings.TrimRight(pattern, "/") + "/*"
}
