package bearergate

import (
	"errors"
	"fmt"
	"net/http"
)

// OrgFunc selects the organization that the requested resource belongs to.
//
// An [*Error] in the tree of its error sets the answer, any other error is
// answered 503, and an empty organization without an error is a wiring fault:
// 500. It is called concurrently.
type OrgFunc func(*http.Request) (string, error)

// RequireOrg returns a guard that needs the token's organization to be the
// resource's, byte for byte; otherwise the answer is 403 wrong_organization. A
// token without organization never matches. Inside of [RequireGrant] the
// grant's organization stands for the token's.
func RequireOrg(org OrgFunc) Middleware {
	if org == nil {
		panic("bearergate: RequireOrg needs a selector; for a path parameter pass PathValue(\"org\")")
	}
	errNothing := ErrServerError.because(errors.New("bearergate: the selector of RequireOrg found no organization in the request"))
	return requireToken("RequireOrg", func(r *http.Request, s *state) error {
		wanted, err := org(r)
		switch {
		case err != nil:
			return err
		case wanted == "":
			return errNothing
		case s.organization() != wanted:
			return ErrWrongOrganization
		}
		return nil
	})
}

func (s *state) organization() string {
	if s.grant != nil {
		return s.grant.OrganizationID
	}
	return s.token.OrganizationID()
}

// PathValue returns an [OrgFunc] that selects the path parameter of this name,
// as [http.Request.PathValue] gives it. A route without such a parameter is
// answered 500 server_error.
func PathValue(name string) OrgFunc {
	if name == "" {
		panic("bearergate: PathValue needs the name of a path parameter, such as \"org\" for /orgs/{org}/projects")
	}
	errMissing := ErrServerError.because(fmt.Errorf("bearergate: the path parameter %q is empty, or the route has none; guards that read one go inside of the mux", name))
	return func(r *http.Request) (value string, err error) {
		defer func() {
			if recover() != nil { // net/http's, for CONNECT of a path that it does not clean
				err = errMissing
			}
		}()
		if value = r.PathValue(name); value == "" {
			return "", errMissing
		}
		return value, nil
	}
}
