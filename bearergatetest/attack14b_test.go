package bearergatetest_test

import (
	"errors"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
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

// TestReloadOfTheCallbackKeepsTheConnection has the user reload the page of the callback,
// with the app of docs/client.md: it calls Connect with the same Authorization and the
// same code again. The connection that the first call made must live.
//
// Rules: S8.3.
func TestReloadOfTheCallbackKeepsTheConnection(t *testing.T) {
	s := bearergatetest.NewAppServer(nil)
	t.Cleanup(s.Close)
	app := appOf(t, s, new(client.MemoryConnections))
	a, err := app.Authorize("projects:read")
	if err != nil {
		t.Fatal(err)
	}
	callback := callbackOf(t, a.URL)
	if err := app.Connect(t.Context(), a, callback); err != nil {
		t.Fatal(err)
	}
	wantAppWorks(t, s, app)
	app.Connect(t.Context(), a, callback)
	wantAppWorks(t, s, app)
}
