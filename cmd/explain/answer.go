package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

// answer sends the token through the guards of a route, and prints what a client
// would get.
func (s *settings) answer(w io.Writer, v *jwtverifier.Verifier, token string) (status int, err error) {
	var refused error
	guards, err := s.guards(v, func(_ context.Context, d bearergate.Decision) { refused = d.Reason })
	if err != nil {
		return 1, err
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	guards(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t, _ := bearergate.TokenFrom(r.Context())
		printFacts(w, t)
	})).ServeHTTP(rec, r)
	if refused == nil {
		fmt.Fprintln(w, "\naccepted")
		return 0, nil
	}
	fmt.Fprintf(w, "\nrefused with %d %s", rec.Code, rec.Body)
	if reason := errors.Unwrap(refused); reason != nil {
		fmt.Fprintln(w, reason)
	}
	s.printOtherScopes(w, v, token)
	return 1, nil
}

func (s *settings) guards(v *jwtverifier.Verifier, observer bearergate.Observer) (bearergate.Middleware, error) {
	configure, err := bearergate.Configure(bearergate.Config{MaxTokenLength: s.maxTokenLength, Observer: observer})
	if err != nil {
		return nil, err
	}
	guards := []bearergate.Middleware{configure, bearergate.RequireToken(v, s.accepts...)}
	if len(s.scopes) > 0 {
		guards = append(guards, bearergate.RequireScope(s.scopes[0], s.scopes[1:]...))
	}
	return bearergate.Chain(guards...), nil
}

func printFacts(w io.Writer, t *bearergate.Token) {
	fmt.Fprintf(w, "\ntype %s, client %q, organization %q, scopes %q\n", t.Type(), t.ClientID(), t.OrganizationID(), strings.Join(t.Scopes(), " "))
}
