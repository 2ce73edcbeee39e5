package bearergate

import (
	"errors"
	"net/http"
)

// RequireOrg returns a guard that needs the token's organization to be the
// resource's, byte for byte; otherwise the answer is 403 wrong_organization. A
// token without organization never matches. Inside of [RequireGrant] the
// grant's organization stands for the token's.
func RequireOrg(org OrgFunc) Middleware {
	if org == nil {
		panic("bearergate: RequireOrg needs a selector; for a path parameter pass PathValue(\"org\")")
	}
	errNothing := ErrServerError.because(errors.New("bearergate: the selector of RequireOrg found no organization in the request"))
	return behindToken("RequireOrg", func(_ http.ResponseWriter, r *http.Request, s *state) (*state, error) {
		wanted, err := org(r)
		switch {
		case err != nil:
			return nil, err
		case wanted == "":
			return nil, errNothing
		case s.organization() != wanted:
			return nil, ErrWrongOrganization
		}
		return s, nil
	})
}
