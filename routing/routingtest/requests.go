package routingtest

import (
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

func get(path, token string) string { return request("GET", path, token) }

// request returns the bytes of a request. If token is empty, it has no
// Authorization.
func request(method, path, token string, lines ...string) string {
	if token != "" {
		lines = append(lines, "Authorization: Bearer "+token)
	}
	head := method + " " + path + " HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n"
	for _, line := range lines {
		head += line + "\r\n"
	}
	return head + "\r\n"
}

// requests returns the requests whose answers, in this order, are compared.
func requests() []string {
	const projects = "/all/acme/projects"
	asked := []string{
		request("POST", projects, "good", "Content-Length: 4") + "body",
		request("POST", projects, "good", "Transfer-Encoding: chunked") + "4\r\nbody\r\n0\r\n\r\n",
		request("POST", projects, "bad", "Content-Length: 4") + "body",
		request("GET", projects, "", "Authorization: Basic YTpi"),
		request("GET", projects, "good", "Authorization: Bearer good"),
		request("GET", projects, "go\tod"),
		get(projects, strings.Repeat("a", 9<<10)),
		get("/all/umbrella/projects", "good"), get("/all/umbrella/projects", "no-scope"), get("/all/umbrella/projects", "revoked"),
		get("/orgs/acme/any/p1", "good"), get("/orgs/acme/any/p1", "no-scope"), get("/orgs/umbrella/any/p1", "good"),
		get("/orgs/acme/chained", "good"), get("/orgs/acme/chained", "no-scope"), get("/orgs/umbrella/chained", "good"), get("/orgs/acme/chained", ""),
		get("/limited/down", "good"), get("/limited/fallback", "good"), get("/limited/fallback", "good"), get("/grants/down", "good"),
		get("/guesses", "good"), get("/guesses", "bad"), get("/guesses", ""), get("/guesses", "bad"), get("/guesses", "good"),
		get("/wrong/no-token", "good"), get("/wrong/no-parameter", "good"),
		get("/observed/acme", "good"), get("/observed/acme", "no-scope"), get("/observed/umbrella", "good"), get("/observed/acme", ""), get("/observed/acme", "down"),
		get("/configured", "good"), get("/configured", "no-scope"), get("/configured", ""),
		get("/own-writer", "good"), get("/own-writer", "bad"),
		get("/listed/p1/other", "good"), get("/listed/p1/files/a/b", "no-scope"), request("POST", "/listed/p1/files/a", "no-scope"),
		get("/errors/answered", "good"), get("/errors/answered", "no-scope"), get("/errors/no-such-code", "good"),
		get("/stopped", "good"), get("/wrapped", "good"), get("/wrapped", "no-scope"), get("/wrapped", ""),
		get("/request-replaced", "good"), get("/request-replaced", "no-scope"),
		get("/hijacked", "good"), get("/hijacked", "bad"), get("/hijacked/wrapped", "good"),
		get("/panics/early", "good"), get("/panics/late", "good"), get("/panics/early", "bad"),
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST"} {
		for _, token := range []string{"good", "", "bad", "access", "no-scope", "no-grant", "revoked", "down"} {
			asked = append(asked, request(method, projects, token))
		}
	}
	for _, token := range []string{"access", "good", "revoked", "no-grant", "bad", ""} {
		asked = append(asked, request("POST", "/installations/"+bearergatetest.DefaultGrantID+"/tokens", token), request("POST", "/installations/revoked/tokens", token))
	}
	for _, method := range []string{"GET", "HEAD", "POST", "DELETE"} {
		asked = append(asked, request(method, "/listed/p1", "good"), request(method, "/listed/p1", "no-scope"), request(method, "/listed/p1", ""))
	}
	for range 2 {
		asked = append(asked, get("/limited", "good"), request("HEAD", "/limited", "good"))
	}
	for _, code := range append(bearergate.Codes(), "no-such-code") {
		asked = append(asked, get("/refused/"+string(code), ""), request("HEAD", "/refused/"+string(code), ""),
			get("/refused/"+string(code)+"/guarded", "good"), get("/checked/"+string(code), ""), get("/errors/"+string(code), "good"))
	}
	return append(asked, get(projects, "good")) // nothing was left behind
}

// paths are paths that routers read in different ways.
var paths = []string{
	"/orgs/acme", "/orgs/acme/projects", "/orgs/acme/any/p1", "/orgs/acme?org=umbrella", "http://api.example/orgs/acme",
	"/orgs/%61cme", "/orgs/%61cme/projects", "/orgs/%2561cme/projects", "/orgs/%252561cme", "/%6frgs/acme/projects", "/orgs/acme/%70rojects",
	"/orgs/%61cme/any/%2561", "/orgs/%2561cme/any/%61", "/orgs/ACME", "/ORGS/acme",
	"/orgs/a%2Fb", "/orgs/a%2fb/projects", "/orgs/acme%2Fprojects", "/orgs/%2Facme", "/orgs/acme%2F", "/orgs/acme%2F..%2Fumbrella", "/orgs/acme/any/a%2Fb",
	"/orgs/a%5Cb", "/orgs/acme%00", "/orgs/%00/projects", "/orgs/acme%0A", "/orgs/acme%20", "/orgs/a%20b", "/orgs/a+b", "/orgs/a+%62", "/orgs/a%2Bb", "/orgs/acme;x=1", "/orgs/acme%3Bx",
	"/orgs/%C3%BCn%C3%AF", "/orgs/ünï", "/orgs/%C3%BCn%c3%af/projects", "/orgs/u%CC%88n", "/orgs/%FF", "/orgs/%3A", "/orgs/:org", "/orgs/%7Borg%7D",
	"/orgs/..", "/orgs/../projects", "/orgs/./projects", "/orgs/%2e%2e/projects", "/orgs/%2E/projects", "/orgs/%2e%2e%2fumbrella", "/orgs/acme/../umbrella",
	"/orgs/acme/../umbrella/projects", "/orgs/acme/./projects", "/orgs/...", "/orgs/..acme",
	"/orgs", "/orgs/", "/orgs//", "/orgs//projects", "//orgs/acme", "/orgs//acme", "/orgs/acme/", "/orgs/acme//", "/orgs/acme/projects/", "/orgs/acme//projects",
	"/orgs/acme/any/p1/", "/orgs/acme/any/p1/p2", "/orgs/acme/any//", "/orgs/acme/any/..", "/orgs/acme/any/%2e%2e", "/orgs/acme/umbrella",
}

// organizations are the organizations that a router may read from paths.
var organizations = []string{
	"acme", "ACME", "umbrella", "%61cme", "%2561cme", "a/b", "a%2Fb", "a%2fb", "acme/projects", "acme%2Fprojects", "/acme", "acme/", "acme/../umbrella", `a\b`,
	"acme\x00", "\x00", "acme\n", "acme ", "a b", "a+b", "a%20b", "acme;x=1", "acme%3Bx", "ünï", "%C3%BCn%C3%AF", "u\u0308n", "\xff", ":", ":org", "{org}",
	"..", ".", "...", "..acme", "%2e%2e", "../umbrella", "projects", "any", "",
}
