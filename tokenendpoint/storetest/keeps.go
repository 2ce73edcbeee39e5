package storetest

import (
	"reflect"
	"slices"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

func (s *suite) keepsCodes() {
	want := s.code("family")
	got := s.hasCode(s.save(want))
	got.ExpiresAt = inLocationOf(want.ExpiresAt, got.ExpiresAt)
	if !reflect.DeepEqual(got, want) {
		s.Errorf("got the code %+v, want %+v", got, want)
	}
}

func (s *suite) keepsRefreshTokens() {
	_, first := s.begin("family")
	for _, want := range []*tokenendpoint.NewRefreshToken{first, s.rotate(first.Sum, "family")} {
		got := s.hasToken(want.Sum, true)
		got.ExpiresAt = inLocationOf(want.ExpiresAt, got.ExpiresAt)
		if want == first {
			got.RetiredAt, got.Successor = time.Time{}, [32]byte{}
		}
		if !reflect.DeepEqual(got, want.RefreshToken) {
			s.Errorf("got the refresh token %+v, want %+v", got, want.RefreshToken)
		}
	}
}

// inLocationOf returns want if got is the same instant, perhaps in another
// location, and otherwise got.
func inLocationOf(want, got time.Time) time.Time {
	if got.Equal(want) {
		return want
	}
	return got
}

func (s *suite) hasScopes(what string, got tokenendpoint.Authorization) {
	s.Helper()
	if want := []string{"a", "b"}; !slices.Equal(got.Scopes, want) {
		s.Errorf("%s: got the scopes %q after the caller changed its own slice, want %q", what, got.Scopes, want)
	}
}

// spoil changes a slice, as its owner may.
func spoil(a tokenendpoint.Authorization) {
	for i := range a.Scopes {
		a.Scopes[i] = "changed by a caller"
	}
}

func (s *suite) sharesNoSlicesOfCodes() {
	given := s.code("family")
	sum := s.save(given)
	spoil(given.Authorization)
	for range 2 {
		got := s.hasCode(sum)
		s.hasScopes("Code", got.Authorization)
		spoil(got.Authorization)
	}
}

func (s *suite) sharesNoSlicesOfRefreshTokens() {
	_, first := s.begin("family")
	spoil(first.Authorization)
	s.sharesNoScopes("a token of Consume", first.Sum)
	second := s.token("family")
	rotated, _, err := s.store.Rotate(s.Context(), first.Sum, s.now, [32]byte{1}, *second)
	s.must(err)
	spoil(rotated.Authorization)
	spoil(second.Authorization)
	s.sharesNoScopes("a token of Rotate", second.Sum)
	for range 2 {
		retired, _, err := s.store.Rotate(s.Context(), first.Sum, s.now, [32]byte{2}, *s.token("family"))
		s.must(err)
		s.hasScopes("Rotate of a used token", retired.Authorization)
		spoil(retired.Authorization)
	}
	s.sharesNoScopes("a retired token", first.Sum)
}

func (s *suite) sharesNoScopes(what string, sum tokenendpoint.Sum) {
	s.Helper()
	for range 2 {
		got := s.hasToken(sum, true)
		s.hasScopes(what, got.Authorization)
		spoil(got.Authorization)
	}
}

func (s *suite) doesNotKnowOtherSums() {
	code, first := s.begin("family")
	for _, known := range []tokenendpoint.Sum{code, first.Sum} {
		for i := range known {
			other := known
			other[i]++
			s.doesNotKnow(other)
		}
	}
	s.hasToken(code, false)
}

func (s *suite) doesNotKnow(sum tokenendpoint.Sum) {
	s.Helper()
	if _, found, err := s.store.Code(s.Context(), sum); found || err != nil {
		s.Errorf("Code of an unknown sum: got found %v, %v, want false", found, err)
	}
	s.hasToken(sum, false)
	s.consumes(sum, s.now, nil, tokenendpoint.Unknown)
	s.rotates(sum, s.now, s.token("family"), tokenendpoint.Unknown)
}
