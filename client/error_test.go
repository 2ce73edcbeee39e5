package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/google/go-cmp/cmp"
)

func TestActionsAreTheTables(t *testing.T) {
	for action, want := range map[client.Action]string{
		client.KeepConnection:       "keep the connection",
		client.FixRequest:           "fix the request",
		client.RestartAuthorization: "restart the authorization",
		client.RefreshAndRemint:     "refresh and re-mint",
		client.Reauthorize:          "authorize again",
		client.Reconnect:            "reconnect",
		client.Wait:                 "wait",
	} {
		if got := action.String(); got != want {
			t.Errorf("Action(%d): got %q, want %q", int(action), got, want)
		}
	}
	var zero client.Action
	if zero != client.KeepConnection {
		t.Errorf("zero Action: got %v, want %v", zero, client.KeepConnection)
	}
	for _, code := range bearergate.Codes() {
		if e := refused(t, code); e.Action != code.Action() {
			t.Errorf("%s: got action %v, want that of the row, %v", code, e.Action, code.Action())
		}
	}
}

// refused returns the error of an answer with this code.
func refused(t *testing.T, code bearergate.Code) *client.Error {
	t.Helper()
	rec := httptest.NewRecorder()
	sent := &bearergate.Error{Code: code, Required: "a b", RetryAfter: 90 * time.Second}
	bearergate.WriteError(rec, httptest.NewRequest("GET", "/", nil), sent)
	return typed(t, client.CheckResponse(rec.Result()))
}

// typed returns the [client.Error] in the tree of err.
func typed(t *testing.T, err error) *client.Error {
	t.Helper()
	var e *client.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *client.Error", err)
	}
	return e
}

func TestErrorIsItsCodeAndNoOther(t *testing.T) {
	for _, code := range bearergate.Codes() {
		err := fmt.Errorf("reading: %w", refused(t, code))
		for _, other := range bearergate.Codes() {
			if got, want := errors.Is(err, other), other == code; got != want {
				t.Errorf("errors.Is(an error of %s, %s): got %t, want %t", code, other, got, want)
			}
		}
	}
}

// TestRefusalOfAnotherServerIsNotThisServers has a server whose check, or handler,
// calls another one.
func TestRefusalOfAnotherServerIsNotThisServers(t *testing.T) {
	check := func(err error) http.Handler {
		return bearergate.Require(func(*http.Request) error { return err })(http.NotFoundHandler())
	}
	handler := func(err error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { bearergate.Refuse(w, r, err) })
	}
	for _, code := range bearergate.Codes() {
		t.Run(string(code), func(t *testing.T) {
			for name, err := range map[string]error{
				"CheckResponse": refused(t, code),
				"wrapped":       fmt.Errorf("asking the other server: %w", refused(t, code)),
				"Transport":     refusedTransport(t, code),
			} {
				for where, server := range map[string]http.Handler{"check": check(err), "handler": handler(err)} {
					rec := httptest.NewRecorder()
					server.ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
					want := "503 {\"error\":\"temporarily_unavailable\"}\n"
					if got := fmt.Sprint(rec.Code, " ", rec.Body.String()); got != want {
						t.Errorf("%s in a %s: got %q, want %q", name, where, got, want)
					}
				}
			}
		})
	}
}

// refusedTransport returns the error of a request that is answered with the code
// whatever the transport does.
func refusedTransport(t *testing.T, code bearergate.Code) (err error) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.always(read, refuse(code))
		err = get(transport)
		wantCode(t, err, code)
	})
	return err
}

func TestUnwrapReturnsWhatWentWrongBesides(t *testing.T) {
	if got := refused(t, bearergate.ErrGrantRevoked).Unwrap(); got != nil {
		t.Errorf("Unwrap of a refusal: got %v, want nil", got)
	}
	resp := &http.Response{StatusCode: 500, Header: http.Header{}, Body: new(brokenBody)}
	if err := client.CheckResponse(resp); !errors.Is(err, errBroken) {
		t.Errorf("got error %v, want %v in its tree", err, errBroken)
	}
}

var errBroken = errors.New("broken pipe")

type brokenBody struct{ endless }

func (*brokenBody) Read([]byte) (int, error) { return 0, errBroken }

func TestErrorSaysStatusAndCode(t *testing.T) {
	for _, c := range []struct {
		code bearergate.Code
		want string
	}{
		{bearergate.ErrMissingScope, "bearergate: answered 403 missing_scope, missing a b"},
		{bearergate.ErrGrantRevoked, "bearergate: answered 410 grant_revoked"},
	} {
		if diff := cmp.Diff(c.want, refused(t, c.code).Error()); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.code, diff)
		}
	}
}
