package tokenendpoint

import (
	"slices"
	"time"
)

// Family is the refresh tokens that descend from one code, as a [Store] keeps them:
// one record, however many tokens there were.
type Family struct {
	Authorization
	// Version is 1 in a new family. Each change adds one.
	Version int64
	// Generation is that of the living token. It is 0 for the token of the code
	// exchange, and each rotation adds one.
	Generation int64
	// Token is the SHA-256 of the living token.
	Token Sum
	// TokenExpiresAt is the time from which on the living token is expired.
	TokenExpiresAt time.Time
	// Used reports that something that was issued with the living token was used, or
	// may have been used unseen. See [Config.UsesReported].
	Used bool
	// Retired are the former tokens that may still be answered, oldest first. These
	// are at most 64, however often the family is rotated: an older one is known by
	// its generation alone.
	Retired []RetiredToken
	// Revoked reports that no token of the family is valid.
	Revoked bool
	// ExpiresAt is the time at which everything that was issued for the family has
	// expired. The store may remove the family then.
	ExpiresAt time.Time
}

// RetiredToken is a refresh token that was rotated.
type RetiredToken struct {
	// Token is the SHA-256 of the token.
	Token Sum
	// Successor is the token that replaced it, encrypted so that only the retired
	// token decrypts it.
	Successor [32]byte
	// GraceEndsAt is the time until which it is answered with its successor in any
	// case.
	GraceEndsAt time.Time
	// Reuses counts the answers. It stays 0 without [Config.MaxReuses].
	Reuses int
}

// maxRetired bounds the retired tokens of a family, should it be rotated again and
// again within one grace.
const maxRetired = 64

// answering is how long after the end of a grace a request that arrived within it is
// answered at most.
const answering = 30 * time.Second

// Forget removes the retired tokens that are never answered again, with their
// encrypted successors, and reports whether there was one. The endpoint calls it
// before each write of the family. A clean-up of the store may call it too.
func (f *Family) Forget(now time.Time) bool {
	last := len(f.Retired) - 1
	over := 0
	for over <= last && !now.Before(f.Retired[over].GraceEndsAt.Add(answering)) && (over < last || f.Used) {
		over++
	}
	over = max(over, len(f.Retired)-maxRetired)
	f.Retired = slices.Delete(slices.Clone(f.Retired), 0, over)
	return over > 0
}

// clone returns a copy that shares no slices with f.
func (f Family) clone() Family {
	f.Scopes, f.Retired = slices.Clone(f.Scopes), slices.Clone(f.Retired)
	return f
}

// leeway is how long after its expiry a token may be in use.
const leeway = 5 * time.Minute

// keep moves ExpiresAt behind what expires at that time, and reports whether that
// changes it.
func (f *Family) keep(expiry time.Time) bool {
	end := expiry.Add(leeway)
	if !end.After(f.ExpiresAt) {
		return false
	}
	f.ExpiresAt = end
	return true
}

// revoked returns the family without a token that is valid.
func (f Family) revoked() Family {
	f.Version++
	f.Token, f.Used, f.Retired, f.Revoked = Sum{}, true, nil, true
	return f
}
