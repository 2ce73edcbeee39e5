package bearergate

import (
	"errors"
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
