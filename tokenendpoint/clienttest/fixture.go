package clienttest

import (
	"context"
	"errors"
	"reflect"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/hardids"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// client returns a confidential client with a different value in each field.
func client(id string) tokenendpoint.Client {
	return tokenendpoint.Client{
		ID:           id,
		Secrets:      []tokenendpoint.Sum{{0: 0xff, 31: 0x80}, tokenendpoint.SecretSum("secret of " + id)},
		RedirectURIs: []string{"https://app.example/cb?b=2&a=1", "http://127.0.0.1/cb", "com.example.app:/cb,"},
	}
}

func (s *suite) put(c tokenendpoint.Client) {
	s.Helper()
	if err := s.tryPut(c); err != nil {
		s.Fatalf("putting the client %q: got the error %v, want none", c.ID, err)
	}
}

// has tests that both handles have this client.
func (s *suite) has(want tokenendpoint.Client) {
	s.Helper()
	for _, store := range s.stores {
		got, err := store.Client(s.Context(), want.ID)
		if err != nil {
			s.Errorf("Client(%q): got the error %v, want the client", want.ID, err)
			continue
		}
		s.isSame(got, want)
	}
}

var errAssertion = errors.New("the assertion is not this client's")

// verify is the Assertions of clients.
func verify(context.Context, string) (*bearergate.Token, error) { return nil, errAssertion }

// hasWithAssertions tests that both handles have this client, and that its Assertions
// are verify.
func (s *suite) hasWithAssertions(want tokenendpoint.Client) {
	s.Helper()
	for _, store := range s.stores {
		got, err := store.Client(s.Context(), want.ID)
		if err != nil || got.Assertions == nil {
			s.Errorf("Client(%q): got %+v, %v, want Assertions, or that the client was refused when it was put", want.ID, got, err)
			continue
		}
		if _, err := got.Assertions.VerifyToken(s.Context(), "assertion"); !errors.Is(err, errAssertion) {
			s.Errorf("Client(%q).Assertions.VerifyToken: got the error %v, want %v", want.ID, err, errAssertion)
		}
		got.Assertions, want.Assertions = nil, nil // functions are not equal
		s.isSame(got, want)
	}
}

func (s *suite) isSame(got, want tokenendpoint.Client) {
	s.Helper()
	if got, want := normalized(got), normalized(want); !reflect.DeepEqual(got, want) {
		s.Errorf("Client(%q): got %+v, want %+v", want.ID, got, want)
	}
}

// normalized returns a client that is deeply equal to every equal client: it ignores
// the difference between nil and empty slices.
func normalized(c tokenendpoint.Client) tokenendpoint.Client {
	if len(c.Secrets) == 0 {
		c.Secrets = nil
	}
	if len(c.RedirectURIs) == 0 {
		c.RedirectURIs = nil
	}
	return c
}

// hasNot tests that the store returns an error that wraps ErrInvalidClient, or perhaps
// another one for an id that it may refuse.
func (s *suite) hasNot(id string) {
	s.Helper()
	got, err := s.stores[0].Client(s.Context(), id)
	refused := err != nil && hardids.Refusable(id)
	if !errors.Is(err, bearergate.ErrInvalidClient) && !refused {
		s.Errorf("Client(%q): got %+v, %v, want %v", id, got, err, bearergate.ErrInvalidClient)
	}
}
