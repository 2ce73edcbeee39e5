package bearergate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/secretless"
)

// silentRefusal fails the test if its text is made.
type silentRefusal struct{ t *testing.T }

func (r silentRefusal) Error() string {
	r.t.Error("got the text of a refusal made, want it made for those who read it")
	return ""
}

func (silentRefusal) Unwrap() error              { return bearergate.ErrInvalidToken }
func (silentRefusal) Secretless(secretless.Mark) {}

func TestRefusalWithoutATokenIsNotSearchedForIt(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	guard := bearergate.Chain(configure, bearergate.RequireToken(failing(silentRefusal{t})))
	refuses(t, guard, get(strings.Repeat("x", 100)), bearergate.ErrInvalidToken)
	if reason := (*seen)[0].Reason; !errors.As(reason, new(silentRefusal)) {
		t.Errorf("got the reason %T, want that of the verifier", reason)
	}
}
