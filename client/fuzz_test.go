package client_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// FuzzTokenAnswer has the token endpoint and the mint route answer anything.
//
// Rules: S8.5, S8.8, S8.10, S8.24, S8.25.
func FuzzTokenAnswer(f *testing.F) {
	f.Add(refresh, 200, "application/json", `{"access_token":"a","token_type":"Bearer","expires_in":60,"refresh_token":"r"}`)
	f.Add(refresh, 200, "application/json", `{"access_token":"a","token_type":"mac","expires_in":1e99}`)
	f.Add(refresh, 401, "application/json", `{"error":"invalid_grant"}`)
	f.Add(refresh, 400, "application/json", `{"error":"invalid_grant"}`)
	f.Add(mint, 201, "application/json", `{"token":"t","token_type":"Bearer","expires_in":9223372036854775807}`)
	f.Add(mint, 410, "application/json", `{"error":"grant_revoked"}`)
	f.Add(mint, 302, "text/html", `<html>`)
	f.Fuzz(func(t *testing.T, route string, status int, contentType, body string) {
		if status < 200 || status > 599 || route != refresh && route != mint {
			t.Skip()
		}
		inFakeTime(t, func(t *testing.T) {
			s := newService(time.Hour)
			transport := s.transport(t)
			s.always(route, send(status, contentType, body))
			get(transport)
			dead := s.stored().Dead
			want := map[bearergate.Code]int{"": 0, bearergate.ErrInvalidGrant: 401, bearergate.ErrGrantRevoked: 410}
			if got, ok := want[dead]; !ok || got != 0 && got != status {
				t.Errorf("%s answered %d %q: got the connection dead by %q, want it alive", route, status, body, dead)
			}
		})
	})
}

// FuzzCallback sends users back with anything.
func FuzzCallback(f *testing.F) {
	f.Add("state=s&code=c&iss=https://id.example")
	f.Add("state=s&code=code&iss=https://id.example&code=c")
	f.Add("error=access_denied&state=s&iss=https://id.example")
	f.Add("state=s&error=%00&iss=https://id.example")
	f.Fuzz(func(t *testing.T, query string) {
		callback, err := url.ParseQuery(query)
		if err != nil {
			t.Skip()
		}
		s := newService(time.Hour)
		transport := s.transport(t, func(c *client.Config) { c.Issuer = "https://id.example" })
		s.always(refresh, func(*http.Request) (*http.Response, error) { return nil, errDown })
		err = transport.Connect(t.Context(), client.Authorization{State: "s", CodeVerifier: "v"}, callback)
		var refused client.CallbackError
		sent := callback.Get("state") == "s" && len(callback["state"]) == 1 && callback.Get("iss") == "https://id.example" && len(callback["iss"]) == 1 &&
			!callback.Has("error") && callback.Get("code") != "" && len(callback["code"]) == 1
		if err == nil || errors.As(err, &refused) == sent {
			t.Errorf("%q: got error %v, want the code sent: %t", query, err, sent)
		}
	})
}
