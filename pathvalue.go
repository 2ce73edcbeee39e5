package bearergate

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/bearergate/bearergate/internal/pattern"
)

// OrgFunc selects the organization that the requested resource belongs to.
//
// A [Code] or an [*Error] in the tree of its error sets the answer, any other error is
// answered 503, and an empty organization without an error is a wiring fault:
// 500. It is called concurrently.
type OrgFunc func(*http.Request) (string, error)

// PathValue returns an [OrgFunc] that selects the path parameter of this name,
// as [http.Request.PathValue] gives it: one segment of the path, decoded once.
//
// A value that is empty, a dot segment or holds a slash is answered 400
// invalid_request, and a route without such a parameter 500 server_error.
// Behind routers other than net/http's the guards need the router's adapter, so
// that they get the same string for the same URL.
func PathValue(name string) OrgFunc {
	if name == "" {
		panic("bearergate: PathValue needs the name of a path parameter, such as \"org\" for /orgs/{org}/projects")
	}
	errMissing := ErrServerError.because(fmt.Errorf("bearergate: the route has no path parameter %q, or it is not known yet: guards that read one stand inside of the mux, on the route or on its group", name))
	errMalformed := ErrInvalidRequest.because(fmt.Errorf("the path parameter %q is empty, a dot segment or more than one segment", name))
	return func(r *http.Request) (value string, err error) {
		defer func() {
			if recover() != nil { // net/http's, for CONNECT of a path that it does not clean
				err = errMissing
			}
		}()
		value = r.PathValue(name)
		switch {
		case value == "" && !hasParameter(r.Pattern, name):
			return "", errMissing
		case value == "", value == ".", value == "..", strings.Contains(value, "/"):
			return "", errMalformed
		}
		return value, nil
	}
}

func hasParameter(route, name string) bool {
	for n := range pattern.Parameters(route) {
		if n == name {
			return true
		}
	}
	return false
}
