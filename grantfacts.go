package bearergate

import (
	"fmt"
	"time"

	"github.com/bearergate/bearergate/internal/quote"
)

// The facts of a grant that is refused.
type (
	otherGrant   struct{ named, own string }
	wrongGrant   struct{ got, want string }
	revokedGrant struct {
		id string
		at time.Time
	}
)

func (o otherGrant) String() string {
	if o.own == "" {
		return fmt.Sprintf("the route names the grant %s, and the token names none", quote.Text(o.named))
	}
	return fmt.Sprintf("the route names the grant %s, and the token belongs to %s", quote.Text(o.named), quote.Text(o.own))
}

func (w wrongGrant) String() string {
	return fmt.Sprintf("bearergate: the grant store returned the grant %s and no error, want the grant %s", quote.Text(w.got), quote.Text(w.want))
}

func (r revokedGrant) String() string {
	return fmt.Sprintf("the grant %s was revoked at %s", quote.Text(r.id), r.at.UTC().Format(time.RFC3339))
}

// grantError is an error of a grant store, with the id of the grant.
type grantError struct {
	id  string
	err error
}

func (e *grantError) Error() string {
	if e.err == error(ErrGrantNotFound) {
		return "the grant store does not know the grant " + quote.Text(e.id)
	}
	return fmt.Sprintf("grant %s: %v", quote.Text(e.id), e.err)
}

func (e *grantError) Unwrap() error { return e.err }
