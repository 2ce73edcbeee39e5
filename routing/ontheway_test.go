package routing_test

import (
	"testing"

	"github.com/bearergate/bearergate/routing"
)

func TestOnTheWayIsThePatternOfNoRoute(t *testing.T) {
	for pattern, want := range map[string]string{"": "", "/": "/*", "/orgs/{org}": "/orgs/{org}/*", "/orgs/{org}/": "/orgs/{org}/*", "/orgs/*": "/orgs/*"} {
		if got := routing.OnTheWay(pattern); got != want {
			t.Errorf("%q: got %q, want %q", pattern, got, want)
		}
	}
}
