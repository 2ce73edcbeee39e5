package main

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

func TestAPI(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	budget, err := bearergate.PerMinute(10)
	if err != nil {
		t.Fatal(err)
	}
	api, err := newAPI(issuer.Verifier(), budget)
	if err != nil {
		t.Fatal(err)
	}
	reader := issuer.InstallationToken(bearergatetest.WithScopes("projects:read"))
	publisher := issuer.InstallationToken(bearergatetest.WithScopes("projects:read", "translations:publish"))
	const project = "/orgs/acme/projects/p1/translations"
	for _, c := range []struct{ method, path, token, want string }{
		{"GET", "/orgs/acme/projects", reader, "200 projects of acme\n"},
		{"GET", "/orgs/umbrella/projects", reader, `403 {"error":"wrong_organization"}` + "\n"},
		{"GET", "/orgs/acme/projects", "", `401 {"error":"invalid_token"}` + "\n"},
		{"POST", project, reader, `403 {"error":"missing_scope","required":"translations:publish"}` + "\n"},
		{"GET", "/orgs/acme/nowhere", reader, "404"},
		{"POST", project, publisher, "200 translations of p1 published by " + bearergatetest.DefaultClientID + "\n"},
	} {
		rec := httptest.NewRecorder()
		api.ServeHTTP(rec, bearergatetest.NewRequest(c.method, c.path, c.token))
		if got := fmt.Sprint(rec.Code, " ", rec.Body); got != c.want && fmt.Sprint(rec.Code) != c.want {
			t.Errorf("%s %s: got %s, want %s", c.method, c.path, got, c.want)
		}
	}
}

func TestErrorTable(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	budget, err := bearergate.PerMinute(10)
	if err != nil {
		t.Fatal(err)
	}
	api, err := newAPI(issuer.Verifier(), budget)
	if err != nil {
		t.Fatal(err)
	}
	bearergatetest.TestErrorTable(t, api, issuer.Mint, bearergatetest.Routes{
		Scopes: scopes,
		Type:   bearergate.InstallationToken,
		Budget: 10,
		Org:    "org",
	})
}
