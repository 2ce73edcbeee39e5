package installation

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/scopetoken"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// maxBody is how long the body of a request may be.
const maxBody = 64 << 10

func malformed(reason string) error {
	return fmt.Errorf("%w: %s", bearergate.ErrInvalidRequest, reason)
}

// mintRequest is the body of a request. A member that is not there is nil.
type mintRequest struct {
	scopes, projects []string
}

func readMintRequest(r *http.Request) (m mintRequest, err error) {
	body, err := readBody(r)
	if err != nil || len(body) == 0 {
		return m, err
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return m, malformed("a body that is not JSON")
	}
	if err := strictjson.Object(string(body), m.set); err != nil {
		return mintRequest{}, malformed(err.Error())
	}
	return m, nil
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, malformed("the body did not arrive")
	case len(body) > maxBody:
		return nil, malformed("a body of more than 64 KiB")
	}
	return body, nil
}

// set sets a member from its JSON value.
func (m *mintRequest) set(name, value string) error {
	ok := true
	switch name {
	case "scopes":
		m.scopes, ok = scopesOf(value)
	case "projectIds":
		m.projects, ok = projectsOf(value)
	default:
		return malformed("a member that is neither scopes nor projectIds")
	}
	if !ok {
		return malformed("a member that is not the documented array of strings")
	}
	return nil
}

// scopesOf returns an empty slice, and not nil, for an empty array: no scopes are
// not all scopes.
func scopesOf(value string) ([]string, bool) {
	scopes, ok := strictjson.Strings(value)
	return distinct(scopes), ok && !slices.ContainsFunc(scopes, func(s string) bool { return !scopetoken.Valid(s) })
}

// projectsOf refuses an empty array: no projects would be all projects.
func projectsOf(value string) ([]string, bool) {
	projects, ok := strictjson.Strings(value)
	return distinct(projects), ok && len(projects) > 0 && !slices.Contains(projects, "")
}
