package client_test

import (
	"context"
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
	"github.com/google/go-cmp/cmp/cmpopts"
)

// endless is a body without end that counts what is read.
type endless struct{ read int }

func (e *endless) Close() error { return nil }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func wantError(t *testing.T, err error, want *client.Error) {
	t.Helper()
	if diff := cmp.Diff(want, typed(t, err), cmpopts.IgnoreUnexported(client.Error{})); diff != "" {
		t.Errorf("error: -want +got\n%s", diff)
	}
}

// Rules: S8.3, S8.6, S8.7.
func TestEveryRefusalComesBackAsItWas(t *testing.T) {
	for _, code := range bearergate.Codes() {
		t.Run(string(code), func(t *testing.T) {
			want := &client.Error{Status: code.Status(), Code: code, Action: code.Action()}
			if code == bearergate.ErrMissingScope {
				want.Required = []string{"a", "b"}
			}
			if code.Action() == client.Wait {
				want.RetryAfter = 90 * time.Second
			}
			wantError(t, refused(t, code), want)
		})
	}
}

func TestCheckResponseLeavesTheBodyToBeRead(t *testing.T) {
	const want = `{"error":"invalid_token"}`
	resp := answered(401, want)
	client.CheckResponse(resp)
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != want {
		t.Errorf("body afterwards: got %q, %v, want %q and no error", got, err, want)
	}
}

func answered(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// Rules: S8.8, S8.23, S8.24, S8.25.
func TestUndocumentedAnswersKeepTheConnection(t *testing.T) {
	for name, body := range map[string]string{
		"empty":              "",
		"HTML":               "<html>",
		"another code":       `{"error":"teapot"}`,
		"another status":     `{"error":"grant_revoked"}`,
		"an empty code":      `{"error":""}`,
		"no error":           `{"message":"no"}`,
		"an array":           `["invalid_token"]`,
		"error is no string": `{"error":{"code":"invalid_token"}}`,
		"twice":              `{"error":"invalid_token","error":"invalid_token"}`,
		"more behind it":     `{"error":"invalid_token"}{}`,
		"a bomb":             strings.Repeat(`{"error":`, 100_000),
		"case":               `{"Error":"invalid_token"}`,
		"cut":                `{"error":"invalid_token"`,
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, client.CheckResponse(answered(401, body)), &client.Error{Status: 401, Action: client.KeepConnection})
		})
	}
	for _, status := range []int{400, 401, 403, 404, 410, 418, 500, 502, 504} {
		wantError(t, client.CheckResponse(answered(status, "<html>")), &client.Error{Status: status, Action: client.KeepConnection})
	}
}

func TestStatusAloneAsksToWait(t *testing.T) {
	for status, pause := range map[int]time.Duration{429: time.Second, 503: 5 * time.Second} {
		for _, body := range []string{"", "<html>", `{"error":"invalid_token"}`} {
			resp := answered(status, body)
			wantError(t, client.CheckResponse(resp), &client.Error{Status: status, Action: client.Wait, RetryAfter: pause})
			resp = answered(status, body)
			resp.Header.Set("Retry-After", "7")
			wantError(t, client.CheckResponse(resp), &client.Error{Status: status, Action: client.Wait, RetryAfter: 7 * time.Second})
		}
	}
}

func TestRequiredIsOfMissingScopeAlone(t *testing.T) {
	err := client.CheckResponse(answered(410, `{"error":"grant_revoked","required":"a"}`))
	wantError(t, err, &client.Error{Status: 410, Code: bearergate.ErrGrantRevoked, Action: client.Reconnect})
}

func TestOtherMembersOfARefusalAreIgnored(t *testing.T) {
	for _, body := range []string{
		`{"error":"missing_scope","required":"a b","hint":"c"}`,
		`{"hint":"c","error":"missing_scope","required":"a b"}`,
		`{"error":"missing_scope","required":"a b","required_by":["c"]}`,
	} {
		want := &client.Error{Status: 403, Code: bearergate.ErrMissingScope, Required: []string{"a", "b"}, Action: client.Reauthorize}
		wantError(t, client.CheckResponse(answered(403, body)), want)
	}
}

func TestSuccessIsNoErrorAndIsNotRead(t *testing.T) {
	for _, status := range []int{200, 204, 302, 399} {
		body := new(endless)
		if err := client.CheckResponse(&http.Response{StatusCode: status, Body: body}); err != nil || body.read > 0 {
			t.Errorf("%d: got error %v and %d bytes read, want none", status, err, body.read)
		}
	}
}

func TestAnswerWithoutEndIsReadInPart(t *testing.T) {
	body := new(endless)
	err := client.CheckResponse(&http.Response{StatusCode: 500, Body: body})
	if !errorContains(err, "1 MiB") || body.read > 4<<20 {
		t.Errorf("got error %v after %d bytes, want one with %q after 4 MiB at most", err, body.read, "1 MiB")
	}
}

// Rules: S8.23.
func TestBodyOfAMebibyteIsReadWhole(t *testing.T) {
	const body = `{"error":"invalid_token"}`
	for length, want := range map[int]bool{1 << 20: false, 1<<20 + 1: true} {
		err := client.CheckResponse(answered(401, body+strings.Repeat(" ", length-len(body))))
		if got := errorContains(err, "1 MiB"); got != want {
			t.Errorf("%d bytes: got error %v, want one of the length: %t", length, err, want)
		}
	}
}

// headOf returns the answer to HEAD with these challenges. Its length is that of a
// body that a GET would have.
func headOf(status int, challenges ...string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Www-Authenticate": challenges}, Body: http.NoBody,
		ContentLength: int64(len(`{"error":"invalid_token"}` + "\n")), Request: httptest.NewRequest("HEAD", "/", nil),
	}
}

// Rules: S8.26.
func TestHEADIsClassifiedByItsChallengeAlone(t *testing.T) {
	for _, c := range []struct {
		name       string
		status     int
		challenges []string
		want       bearergate.Code
	}{
		{"invalid_token", 401, []string{`Bearer realm="api", error="invalid_token"`}, bearergate.ErrInvalidToken},
		{"invalid_request", 400, []string{`Bearer realm="api", error="invalid_request"`}, bearergate.ErrInvalidRequest},
		{"insufficient_scope", 403, []string{`Bearer realm="api", error="insufficient_scope", scope="a b"`}, bearergate.ErrMissingScope},
		{"behind another challenge", 401, []string{`Basic realm="a, b", Bearer error=invalid_token`}, bearergate.ErrInvalidToken},
		{"on another line", 401, []string{`Basic realm="a`, `DPoP algs="ES256"`, `bearer error="invalid_token"`}, bearergate.ErrInvalidToken},
		{"behind another error", 401, []string{`DPoP error="invalid_request", Bearer error="invalid_token"`}, bearergate.ErrInvalidToken},
		{"of another scheme", 401, []string{`DPoP error="invalid_token"`}, bearergate.ErrInvalidToken},

		{"no challenge", 401, nil, ""},
		{"no error", 401, []string{`Bearer realm="api"`}, ""},
		{"an error in a realm", 401, []string{`Bearer realm="x, error=\"invalid_token\""`}, ""},
		{"malformed", 401, []string{`Bearer error="invalid_token`}, ""},
		{"twice", 401, []string{`Bearer error="invalid_token", error="invalid_token"`}, ""},
		{"another status", 403, []string{`Bearer error="invalid_token"`}, ""},
		{"another error", 401, []string{`Bearer error="use_dpop_nonce"`}, ""},
		{"a code that is no attribute", 403, []string{`Bearer error="missing_scope"`}, ""},
		{"a code without challenge", 410, []string{`Bearer error="grant_revoked"`}, ""},
		{"410", 410, nil, ""},
		{"500", 500, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := &client.Error{Status: c.status, Code: c.want, Action: c.want.Action()}
			wantError(t, client.CheckResponse(headOf(c.status, c.challenges...)), want)
		})
	}
}

// TestHEADOfAGuardedRoute has the challenges that the guards send.
func TestHEADOfAGuardedRoute(t *testing.T) {
	for _, code := range bearergate.Codes() {
		verifier := bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) { return nil, code })
		rec := httptest.NewRecorder()
		r := httptest.NewRequest("HEAD", "/", nil)
		r.Header.Set("Authorization", "Bearer x")
		bearergate.RequireToken(verifier)(http.NotFoundHandler()).ServeHTTP(rec, r)
		resp := rec.Result()
		resp.Request = r

		want := &client.Error{Status: code.Status()}
		switch code {
		case bearergate.ErrInvalidRequest, bearergate.ErrInvalidToken, bearergate.ErrMissingScope:
			want.Code, want.Action = code, code.Action()
		case bearergate.ErrRateLimited, bearergate.ErrTemporarilyUnavailable:
			want.Action, want.RetryAfter = client.Wait, code.RetryAfter()
		}
		t.Run(string(code), func(t *testing.T) { wantError(t, client.CheckResponse(resp), want) })
	}
}

// Rules: S8.11, S8.28.
func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := time.Now().Add(90 * time.Second).UTC()
		const longest = 9223372036 * time.Second
		for value, want := range map[string]time.Duration{
			"7": 7 * time.Second, " 7 ": 7 * time.Second, "0": time.Second,
			"1000000000000": longest, "99999999999999999999999": longest,
			in.Format(http.TimeFormat):                  90 * time.Second,
			in.Format("Monday, 02-Jan-06 15:04:05 GMT"): 90 * time.Second,
			in.Format(time.ANSIC):                       90 * time.Second,
			"Mon, 01 Jan 1990 00:00:00 GMT":             time.Second,
			"-5":                                        time.Second, "": time.Second, "soon": time.Second, "1.5": time.Second, "7, 8": time.Second,
		} {
			resp := answered(429, "")
			resp.Header.Set("Retry-After", value)
			if got := typed(t, client.CheckResponse(resp)).RetryAfter.Round(time.Second); got != want {
				t.Errorf("%q: got %v, want %v", value, got, want)
			}
		}
	})
}

// Rules: S8.24, S8.25.
func FuzzCheckResponse(f *testing.F) {
	f.Add(401, "", `{"error":"invalid_token"}`, "", false)
	f.Add(403, "", `{"error":"missing_scope","required":"a b"}`, "", false)
	f.Add(429, "60", `{"error":"rate_limited"}`, "", false)
	f.Add(503, "Sun, 06 Nov 1994 08:49:37 GMT", `<html>`, "", false)
	f.Add(401, "", "", `Bearer error="invalid_token"`, true)
	f.Add(403, "", "", `Basic realm="a, b", Bearer error=insufficient_scope`, true)
	f.Fuzz(func(t *testing.T, status int, retryAfter, body, challenge string, head bool) {
		resp := answered(status, body)
		resp.Header = http.Header{"Retry-After": {retryAfter}, "Www-Authenticate": {challenge}}
		resp.Request = httptest.NewRequest("GET", "/", nil)
		if head {
			resp.Request.Method = "HEAD"
		}
		err := client.CheckResponse(resp)
		var e *client.Error
		if got, want := errors.As(err, &e), status >= 400; got != want {
			t.Fatalf("%d: got error %v, want one: %t", status, err, want)
		}
		if e == nil {
			return
		}
		if e.Code != "" && (e.Code.Status() != status || e.Action != e.Code.Action()) {
			t.Errorf("%d: got %+v, want the status and action of the code", status, e)
		}
		if e.Code == "" && e.Action != client.KeepConnection && e.Action != client.Wait {
			t.Errorf("%d: got action %v without a code, want %v or %v", status, e.Action, client.KeepConnection, client.Wait)
		}
		if head && e.Action == client.Reconnect {
			t.Errorf("%d: got action %v for HEAD, want the connection kept", status, e.Action)
		}
		if e.Required != nil && (head || e.Code != bearergate.ErrMissingScope) {
			t.Errorf("%d: got required scopes %q, want none", status, e.Required)
		}
		if got, want := e.RetryAfter >= time.Second, e.Action == client.Wait; got != want || e.RetryAfter < 0 {
			t.Errorf("%d: got RetryAfter %v with action %v, want one to wait alone", status, e.RetryAfter, e.Action)
		}
	})
}

// TestErrorContainsNoOtherPartOfTheAnswer has the token endpoint answer a success with
// an "error" of its own. The documentation of Error.Error says that the text has the
// status, the code and the missing scopes, and no other part of the answer.
func TestErrorContainsNoOtherPartOfTheAnswer(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.always(refresh, send(200, "application/json", `{"error":"the token refresh-1 of user-1 is `+strings.Repeat("odd ", 1000)+`"}`))
		err := get(s.transport(t))
		if err == nil || strings.Contains(err.Error(), "refresh-1") || len(err.Error()) > 1000 {
			t.Errorf("got an error of %d bytes, %.150v…, want a short one without the text of the answer", len(fmt.Sprint(err)), err)
		}
	})
}
