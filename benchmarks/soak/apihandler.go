package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/bearergate/bearergate"
)

const anonymous = "anonymous"

// handle answers with the id of the token, so that a mix-up of requests shows.
func handle(w http.ResponseWriter, r *http.Request) {
	id := anonymous
	if t, ok := bearergate.TokenFrom(r.Context()); ok {
		id = t.ID()
	}
	io.WriteString(w, okBody(id))
}

func okBody(id string) string { return "ok " + id + "\n" }

// hasProject is the check of Require.
func hasProject(r *http.Request) error {
	t, _ := bearergate.TokenFrom(r.Context())
	if project := r.PathValue("project"); !t.HasProject(project) {
		return fmt.Errorf("the token is not for the project %s: %w", project, bearergate.ErrForbidden)
	}
	return nil
}

func observe(ctx context.Context, d bearergate.Decision) { traceFrom(ctx).observe(d) }
