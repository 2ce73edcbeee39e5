package bearergate

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/bearergate/bearergate/internal/quote"
)

// MembershipFunc reports whether the holder of the token may act for the
// organization. It is called concurrently, on every request: a lookup that is slow
// wants a cache.
//
// A [Code] or an [*Error] in the tree of its error sets the answer, and any other
// error is answered 503. If it panics, the panic propagates as a handler's does.
type MembershipFunc func(ctx context.Context, t *Token, org string) (bool, error)

// RequireMembership returns a guard for users of several organizations: org selects
// the organization of the resource, and member decides whether the token's holder
// belongs to it. If not, the answer is 403 wrong_organization. Neither the token's
// organization nor that of [RequireGrant] counts, unless member looks at it.
//
// Errors of org, and an empty organization, are answered as [OrgFunc] says, and
// member is not called. Errors of member are answered as [MembershipFunc] says.
func RequireMembership(org OrgFunc, member MembershipFunc) Middleware {
	switch {
	case org == nil:
		panic("bearergate: RequireMembership needs a selector; for a path parameter pass PathValue(\"org\")")
	case member == nil:
		panic("bearergate: RequireMembership needs a MembershipFunc; to compare the token's own organization, use RequireOrg")
	}
	return behindToken("RequireMembership", func(_ http.ResponseWriter, r *http.Request, v visit) (visit, error) {
		return v, checkMembership(r, v.token(), org, member)
	})
}

var errNoMembershipOrg = ErrServerError.because(errors.New("bearergate: the selector of RequireMembership found no organization in the request"))

func checkMembership(r *http.Request, t *Token, org OrgFunc, member MembershipFunc) error {
	wanted, err := org(r)
	switch {
	case err != nil:
		return err
	case wanted == "":
		return errNoMembershipOrg
	}
	belongs, err := member(r.Context(), t, wanted)
	switch {
	case err != nil:
		return fmt.Errorf("RequireMembership: %w", err)
	case !belongs:
		return becauseOf(Error{Code: ErrWrongOrganization}, notMember{wanted})
	}
	return nil
}

// notMember is the organization of a resource to which the caller does not belong.
type notMember struct{ org string }

func (n notMember) String() string {
	return "the token's holder is no member of the organization " + quote.Text(n.org)
}
