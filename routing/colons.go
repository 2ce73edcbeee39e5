package routing

import "strings"

// FromColons translates a route of a router that writes parameters with colons, as
// echo and gin do, into a pattern of [net/http.ServeMux]: /orgs/:org is
// /orgs/{org}, /files/* is /files/, and /files/*path is /files/{path...}. A route
// that ends in a slash matches only that path: /files/ is /files/{$}. A colon after
// a backslash is literal: /orgs/:org/\:publish is /orgs/{org}/%3Apublish.
func FromColons(route string) string {
	segments := strings.Split(route, "/")
	for i, segment := range segments {
		segments[i] = fromColon(segment)
	}
	last := &segments[len(segments)-1]
	switch name, star := strings.CutPrefix(*last, "*"); {
	case star && name != "":
		*last = "{" + name + "...}"
	case star:
		*last = ""
	case *last == "":
		*last = "{$}"
	}
	return strings.Join(segments, "/")
}

func fromColon(segment string) string {
	text, name, ok := strings.Cut(segment, ":")
	switch {
	case !ok:
		return segment
	case text == `\`: // a segment that begins with a colon looks like a parameter
		return "%3A" + strings.ReplaceAll(name, `\:`, ":")
	case strings.HasSuffix(text, `\`):
		return strings.ReplaceAll(segment, `\:`, ":")
	}
	return text + "{" + name + "}"
}
