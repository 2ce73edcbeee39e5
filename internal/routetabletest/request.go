package routetabletest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
)

var parameter = regexp.MustCompile(`\{p[^}]*\}`)

// request returns a random request for this route or a similar one.
func (g generator) request(route *Route) *http.Request {
	path := parameter.ReplaceAllStringFunc(route.Full, func(string) string {
		return pick(g, "7", "7", "a", "x", "%61", "%37", "a%2Fb", "%2F", "..", ".", "%2e%2e", "", ":p", "%25", "a+b", "*")
	})
	if below, ok := strings.CutSuffix(path, "{$}"); ok {
		path = below
	} else if strings.HasSuffix(path, "/") {
		path += pick(g, "", "", "x", "a", "7/b", "x/", "x/../y", "%2F", "a%2Fb", "/", "*")
	}
	path = g.spoil(path)
	u, err := url.ParseRequestURI(path)
	if err != nil || u.Host != "" {
		u = &url.URL{Path: "/a"}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Method = pick(g, route.Method, route.Method, "GET", "GET", "HEAD", "HEAD", "POST", "DELETE", "OPTIONS", "get", "BREW", "PATCH")
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	r.URL, r.RequestURI = u, path
	return r
}

// spoil changes a path so that routers may read it in different ways.
func (g generator) spoil(path string) string {
	switch g.IntN(12) {
	case 0:
		return path + "/"
	case 1:
		return strings.TrimSuffix(path, "/") + "//"
	case 2:
		return strings.ReplaceAll(path, "a", "%61")
	case 3:
		if below, ok := strings.CutSuffix(path, "/"); ok && below != "" {
			return below
		}
	case 4:
		return "/." + path
	case 5:
		return "/a/.." + path
	case 6:
		return "/" + path
	case 7:
		return strings.Replace(path, "/", "%2F", 2)
	}
	return path
}
