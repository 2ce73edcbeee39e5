// Package audit lets the endpoints of the library report to the observer of a
// request, also from outside of the root package.
package audit

import "context"

// Facts are what an endpoint knows about a request. They never hold a token.
type Facts struct {
	ClientID, GrantID, Family, Subject string
	// Theft is empty, [ReplayedCode] or [ReusedRefreshToken].
	Theft string
	// ReusedInGrace reports that a retired refresh token was answered.
	ReusedInGrace bool
}

// The kinds of theft.
const (
	ReplayedCode       = "replayed code"
	ReusedRefreshToken = "reused refresh token"
)

// Key is the context key of a *Facts. The root package answers it if a request is
// observed.
type Key struct{}

// From returns the facts to fill in, nil if nobody observes the request.
func From(ctx context.Context) *Facts {
	f, _ := ctx.Value(Key{}).(*Facts)
	return f
}
