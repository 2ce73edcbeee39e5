package bearergate

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/bearergate/bearergate/internal/quote"
)

// RequireOrg returns a guard that compares the token's organization with that of the
// resource, byte for byte. If they differ, the answer is 403 wrong_organization. A
// token without organization never matches. Inside of [RequireGrant], the grant's
// organization is compared in place of the token's. Errors of org, and an empty
// organization, are answered as [OrgFunc] says.
func RequireOrg(org OrgFunc) Middleware {
	if org == nil {
		panic("bearergate: RequireOrg needs a selector; for a path parameter pass PathValue(\"org\")")
	}
	errNothing := ErrServerError.because(errors.New("bearergate: the selector of RequireOrg found no organization in the request"))
	return behindToken("RequireOrg", func(_ http.ResponseWriter, r *http.Request, v visit) (visit, error) {
		wanted, err := org(r)
		switch {
		case err != nil:
			return visit{}, err
		case wanted == "":
			return visit{}, errNothing
		case v.organization() != wanted:
			return visit{}, becauseOf(Error{Code: ErrWrongOrganization}, organizations{wanted, v.organization(), v.grant() != nil})
		}
		return v, nil
	})
}

// organizations is the organization of a resource, and that of the caller.
type organizations struct {
	resource, caller string
	ofGrant          bool
}

func (o organizations) String() string {
	caller := "token"
	if o.ofGrant {
		caller = "grant"
	}
	if o.caller == "" {
		return fmt.Sprintf("the resource belongs to the organization %s, and the %s names none", quote.Text(o.resource), caller)
	}
	return fmt.Sprintf("the resource belongs to the organization %s, and the %s to %s", quote.Text(o.resource), caller, quote.Text(o.caller))
}
