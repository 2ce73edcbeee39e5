package clienttest

import (
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/hardids"
	"github.com/bearergate/bearergate/tokenendpoint"
)

func (s *suite) returnsClients() {
	for id, change := range map[string]func(c *tokenendpoint.Client){
		"confidential":      func(*tokenendpoint.Client) {},
		"with one secret":   func(c *tokenendpoint.Client) { c.Secrets = c.Secrets[:1] },
		"public":            func(c *tokenendpoint.Client) { c.Secrets = nil },
		"native":            func(c *tokenendpoint.Client) { c.Secrets, c.AnyLoopbackPort = nil, true },
		"without redirects": func(c *tokenendpoint.Client) { c.RedirectURIs = nil },
	} {
		want := client(id)
		change(&want)
		s.put(want)
		s.has(want)
	}
}

func (s *suite) returnsLastClient() {
	rotated, native := client("app-1"), tokenendpoint.Client{ID: "app-1", AnyLoopbackPort: true}
	rotated.Secrets[0] = tokenendpoint.SecretSum("another")
	for _, want := range []tokenendpoint.Client{client("app-1"), rotated, native, client("app-1")} {
		s.put(want)
		s.has(want)
	}
}

// keepsOrRefusesAssertions puts clients that became public, or lost one way to
// authenticate, if a store left Assertions out.
func (s *suite) keepsOrRefusesAssertions() {
	for id, change := range map[string]func(c *tokenendpoint.Client){
		"confidential":          func(*tokenendpoint.Client) {},
		"with Assertions alone": func(c *tokenendpoint.Client) { c.Secrets = nil },
	} {
		want := client(id)
		change(&want)
		want.Assertions = bearergate.VerifierFunc(verify)
		if err := s.tryPut(want); err != nil {
			s.hasNot(id)
			continue
		}
		s.hasWithAssertions(want)
	}
}

func (s *suite) doesNotKnowOthers() {
	s.hasNot("app-1")
	s.put(client("app-1"))
	for _, other := range []string{
		"", "app-2", "app-", "app-1 ", " app-1", "APP-1", "app-1\x00", "app-1\n", "app_1", "app%", "*", "app-1' OR '1'='1", "../app-1", strings.Repeat("x", 4096),
	} {
		s.hasNot(other)
	}
}

// findsIDsByteForByte puts clients whose ids are easily confused.
func (s *suite) findsIDsByteForByte() {
	var all []tokenendpoint.Client
	for _, id := range hardids.All() {
		c := client(id)
		switch err := s.tryPut(c); {
		case err == nil:
			all = append(all, c)
		case !hardids.Refusable(id):
			s.Fatalf("putting the client %q: got the error %v, want none", id, err)
		default:
			s.hasNot(id)
		}
	}
	for _, c := range all {
		s.has(c)
	}
}

func (s *suite) keepsAllWhenOpened() {
	s.put(client("app-1"))
	s.openAgain()
	s.has(client("app-1"))
}

func (s *suite) sharesNoSlices() {
	given := client("app-1")
	s.put(given)
	spoil(given)
	for range 2 {
		got, err := s.stores[0].Client(s.Context(), "app-1")
		if err != nil {
			s.Fatalf("got the error %v, want the client", err)
		}
		s.isSame(got, client("app-1"))
		spoil(got)
	}
}

// spoil changes slices, as their owner may.
func spoil(c tokenendpoint.Client) {
	clear(c.Secrets)
	clear(c.RedirectURIs)
}
