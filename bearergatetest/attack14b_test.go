package bearergatetest_test

import (
	"errors"
	"testing"

	"github.com/bearergate/bearergate"
)

// TestRotateWhileAnswersAreLost has another process of the app refresh while answers are
// lost. The test that calls Rotate must not panic.
func TestRotateWhileAnswersAreLost(t *testing.T) {
	s, app := connectedApp(t)
	defer func() {
		if value := recover(); value != nil {
			t.Errorf("Rotate: got the panic %v, want none", value)
		}
	}()
	s.LoseAnswers(1)
	s.Rotate()
	wantAppWorks(t, s, app)
}

// TestRevokeRevokesTheLastConnection has the user open the page of the server a second
// time, and never come back to the app. The last connection is the first one then.
func TestRevokeRevokesTheLastConnection(t *testing.T) {
	s, app := connectedApp(t)
	a, err := app.Authorize("projects:read")
	if err != nil {
		t.Fatal(err)
	}
	callbackOf(t, a.URL)
	s.Revoke()
	if _, err := call(s, app); !errors.Is(err, bearergate.ErrGrantRevoked) {
		t.Errorf("after Revoke: got error %v, want %v", err, bearergate.ErrGrantRevoked)
	}
}
