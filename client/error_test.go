package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/google/go-cmp/cmp"
)

func TestEveryRefusalComesBackAsItWas(t *testing.T) {
	actions := map[bearergate.Code]client.Action{
		bearergate.ErrInvalidRequest: client.FixRequest, bearergate.ErrInvalidGrant: client.RestartAuthorization,
		bearergate.ErrInvalidToken: client.RefreshAndRemint, bearergate.ErrMissingScope: client.Reauthorize,
		bearergate.ErrWrongOrganization: client.FixRequest, bearergate.ErrGrantNotFound: client.FixRequest,
		bearergate.ErrGrantRevoked: client.Reconnect, bearergate.ErrRateLimited: client.Wait,
		bearergate.ErrInvalidClient: client.FixRequest, bearergate.ErrTemporarilyUnavailable: client.Wait, bearergate.ErrServerError: client.FixRequest,
	}
	for _, code := range bearergate.Codes() {
		sent := &bearergate.Error{Code: code, Required: "a b", RetryAfter: 90 * time.Second}
		rec := httptest.NewRecorder()
		bearergate.WriteError(rec, httptest.NewRequest("GET", "/", nil), sent)
		body := rec.Body.String()
		resp := rec.Result()
		err := client.CheckResponse(resp)

		var typed *client.Error
		var inner *bearergate.Error
		if !errors.Is(err, &bearergate.Error{Code: code}) || !errors.As(err, &typed) || !errors.As(err, &inner) {
			t.Errorf("%s: got %v", code, err)
			continue
		}
		want := &client.Error{Status: code.Status(), Code: code, Action: actions[code]}
		if code == bearergate.ErrMissingScope {
			want.Required = []string{"a", "b"}
		}
		if want.Action == client.Wait {
			want.RetryAfter = 90 * time.Second
		}
		if typed.Status != want.Status || typed.Code != want.Code || typed.Action != want.Action || typed.RetryAfter != want.RetryAfter || !cmp.Equal(typed.Required, want.Required) {
			t.Errorf("%s: got %+v, want %+v", code, typed, want)
		}
		if again, _ := io.ReadAll(resp.Body); string(again) != body {
			t.Errorf("%s: the body is %q afterwards", code, again)
		}
		for other := range actions {
			if errors.Is(err, &bearergate.Error{Code: other}) != (other == code) {
				t.Errorf("%s is taken for %s", code, other)
			}
		}
	}
}

// endless is a body without end that counts what is read.
type endless struct{ read int }

func (e *endless) Close() error { return nil }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestUndocumentedAnswersAreTypedErrors(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "HTML": "<html>", "another code": `{"error":"teapot"}`, "another status": `{"error":"grant_revoked"}`, "no error": `{"message":"no"}`,
		"an array": `["invalid_token"]`, "error is no string": `{"error":{"code":"invalid_token"}}`, "twice": `{"error":"invalid_token","error":"invalid_token"}`,
		"more behind it": `{"error":"invalid_token"}{}`, "a bomb": strings.Repeat(`{"error":`, 100_000), "case": `{"Error":"invalid_token"}`,
	} {
		resp := &http.Response{StatusCode: 401, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		var typed *client.Error
		err := client.CheckResponse(resp)
		if !errors.As(err, &typed) || typed.Status != 401 || typed.Code != "" || typed.Action != client.FixRequest {
			t.Errorf("%s: got %+v", name, err)
		}
		var inner *bearergate.Error
		if errors.As(err, &inner) {
			t.Errorf("%s: it is %v", name, inner)
		}
	}
	for _, status := range []int{200, 204, 302, 399} {
		body := new(endless)
		if err := client.CheckResponse(&http.Response{StatusCode: status, Body: body}); err != nil || body.read > 0 {
			t.Errorf("%d: got %v, read %d bytes", status, err, body.read)
		}
	}
	body := new(endless)
	if err := client.CheckResponse(&http.Response{StatusCode: 500, Body: body}); err == nil || body.read > 4<<20 || !strings.Contains(err.Error(), "1 MiB") {
		t.Errorf("got %v, read %d bytes", err, body.read)
	}
	var typed *client.Error
	required := io.NopCloser(strings.NewReader(`{"error":"grant_revoked","required":"a"}`))
	if errors.As(client.CheckResponse(&http.Response{StatusCode: 410, Body: required}), &typed); typed.Required != nil {
		t.Errorf("got %+v", typed)
	}
}

func TestRetryAfterIsReadAsItIsMeant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := time.Now().Add(90 * time.Second).UTC()
		for value, want := range map[string]time.Duration{
			"7": 7 * time.Second, " 7 ": 7 * time.Second, "0": time.Second, "-5": time.Second, "": time.Second, "soon": time.Second, "1.5": time.Second, "7, 8": time.Second,
			"1000000000000": 9223372036 * time.Second, "99999999999999999999999": 9223372036 * time.Second,
			in.Format(http.TimeFormat): 90 * time.Second, in.Format("Monday, 02-Jan-06 15:04:05 GMT"): 90 * time.Second, in.Format(time.ANSIC): 90 * time.Second,
			"Mon, 01 Jan 1990 00:00:00 GMT": time.Second,
		} {
			header := http.Header{"Retry-After": {value}}
			err := client.CheckResponse(&http.Response{StatusCode: 429, Header: header, Body: http.NoBody})
			var typed *client.Error
			if errors.As(err, &typed); typed.RetryAfter.Round(time.Second) != want {
				t.Errorf("%q: got %v, want %v", value, typed.RetryAfter, want)
			}
		}
		var typed *client.Error
		errors.As(client.CheckResponse(&http.Response{StatusCode: 503, Header: http.Header{}, Body: http.NoBody}), &typed)
		if typed.RetryAfter != 5*time.Second {
			t.Errorf("503 without Retry-After: got %v", typed.RetryAfter)
		}
	})
}

func TestActionsHaveWords(t *testing.T) {
	seen := make(map[string]bool)
	for a := client.FixRequest; a <= client.Wait+1; a++ {
		seen[a.String()] = true
	}
	if len(seen) != 7 || !seen["reconnect"] || !seen["Action(6)"] {
		t.Errorf("got %v", seen)
	}
}

func TestErrorTellsStatusAndCode(t *testing.T) {
	rec := httptest.NewRecorder()
	bearergate.WriteError(rec, httptest.NewRequest("GET", "/", nil), &bearergate.Error{Code: bearergate.ErrMissingScope, Required: "a b"})
	if got, want := fmt.Sprint(client.CheckResponse(rec.Result())), "bearergate: answered 403 missing_scope, missing a b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzCheckResponse(f *testing.F) {
	f.Add(401, "", `{"error":"invalid_token"}`)
	f.Add(403, "", `{"error":"missing_scope","required":"a b"}`)
	f.Add(429, "60", `{"error":"rate_limited"}`)
	f.Add(503, "Sun, 06 Nov 1994 08:49:37 GMT", `<html>`)
	f.Fuzz(func(t *testing.T, status int, retryAfter, body string) {
		resp := &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retryAfter}}, Body: io.NopCloser(strings.NewReader(body))}
		err := client.CheckResponse(resp)
		var e *client.Error
		if (err != nil) != (status >= 400) || err != nil && !errors.As(err, &e) {
			t.Fatalf("%d: got %v", status, err)
		}
		if e == nil {
			return
		}
		if e.Code != "" && e.Code.Status() != status || e.Code != bearergate.ErrMissingScope && e.Required != nil {
			t.Errorf("%d: got %+v", status, e)
		}
		if e.Action == client.Wait && e.RetryAfter < time.Second || e.RetryAfter < 0 {
			t.Errorf("would wait %v", e.RetryAfter)
		}
	})
}
