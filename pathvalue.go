package bearergate

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/bearergate/bearergate/internal/pattern"
	"github.com/bearergate/bearergate/internal/quote"
)

// OrgFunc selects the organization that the requested resource belongs to.
//
// A [Code] or an [*Error] in the tree of its error sets the answer. Any other error is
// answered 503. An empty organization without an error is a wiring fault: 500. It is
// called concurrently.
type OrgFunc func(*http.Request) (string, error)

// PathValue returns an [OrgFunc] that selects the path parameter of this name,
// as [http.Request.PathValue] returns it: one segment of the path, decoded once.
//
// A value that is empty, is a dot segment or contains a slash is answered 400
// invalid_request. A route without such a parameter is answered 500 server_error.
// Behind routers other than net/http's, the guards need the router's adapter, so
// that the same URL gives the same string. PathValue panics if the name is empty.
func PathValue(name string) OrgFunc {
	if name == "" {
		panic("bearergate: PathValue needs the name of a path parameter, such as \"org\" for /orgs/{org}/projects")
	}
	errMissing := ErrServerError.because(fmt.Errorf("bearergate: the route has no path parameter %q, or it is not known yet: guards that read one stand inside of the mux, on the route or on its group", name))
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
			return "", becauseOf(Error{Code: ErrInvalidRequest}, noSegment{name, value})
		}
		return value, nil
	}
}

// noSegment is a path parameter whose value is not one segment.
type noSegment struct{ name, value string }

func (n noSegment) String() string {
	return fmt.Sprintf("the path parameter %q is %s; it must be one segment, and not empty or a dot segment", n.name, quote.Text(n.value))
}

func hasParameter(route, name string) bool {
	for n := range pattern.Parameters(route) {
		if n == name {
			return true
		}
	}
	return false
}
