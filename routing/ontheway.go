package routing

import "strings"

// OnTheWay returns the r.Pattern of a request that a router has matched as far as
// pattern, but not yet routed. It is the pattern of no route, so that guards which
// need the route refuse. Path values may be set nevertheless.
//
// The result ends in the segment *. It is empty if the pattern is empty.
func OnTheWay(pattern string) string {
	if pattern == "" || strings.HasSuffix(pattern, "/*") {
		return pattern
	}
	return strings.TrimRight(pattern, "/") + "/*"
}
