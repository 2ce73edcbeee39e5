package tokenendpoint

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/audit"
)

var (
	errUnknownRefreshToken = refusal(bearergate.ErrInvalidGrant, "the refresh token is unknown or was revoked")
	errReuse               = refusal(bearergate.ErrInvalidGrant, "a rotated refresh token was used again")
	errWidened             = malformed("the scope was not granted")
)

var (
	errChanged   = errors.New("tokenendpoint: the family of refresh tokens changed meanwhile")
	errLate      = errors.New("tokenendpoint: the request took longer than the grace of refresh tokens, or than 30 s")
	errSuccessor = errors.New("tokenendpoint: the store returned a family whose retired token has another successor")
)

// maxAttempts bounds how often a lost race for a family is repeated. Each lost race
// is one that another request won.
const maxAttempts = 1000

// refresh exchanges a refresh token for an access token and a new refresh token.
func (e *Endpoint) refresh(ctx context.Context, client Client, f *form) (*tokens, error) {
	token, ok := parseRefreshToken(f.refreshToken)
	if !ok {
		return nil, errUnknownRefreshToken
	}
	var last issued
	for range maxAttempts {
		answer, err := e.refreshOnce(ctx, client, token, f, &last)
		if err != errChanged {
			return answer, err
		}
	}
	return nil, errChanged
}

// refreshOnce answers a refresh token. If the family changed meanwhile, the error is
// errChanged. last is what the attempt before has issued.
func (e *Endpoint) refreshOnce(ctx context.Context, client Client, token refreshToken, f *form, last *issued) (*tokens, error) {
	family, err := e.familyOf(ctx, client, token, f.arrived)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	next, ok := e.rules.present(family, token, f.arrived, now)
	switch {
	case !ok && e.isLate(ctx, f.began, now):
		return nil, errLate
	case !ok:
		return nil, e.stolen(ctx, family.Authorization, audit.RefreshTokenReused, errReuse)
	case next.again && next.token.sum() != family.Token:
		return nil, errSuccessor
	}
	answer, err := e.answerTo(ctx, &next, f.scope, now, last)
	if err != nil {
		if !next.again {
			e.wasPresented(ctx, family)
		}
		return nil, err
	}
	if err := e.commit(ctx, next, now); err != nil {
		return nil, err
	}
	audit.From(ctx).Repeated = next.again
	return answer, nil
}

// isLate reports whether a request was answered so late that its token may have been
// retired and forgotten meanwhile, or that nobody waits for the answer. Such a request
// proves no theft.
func (e *Endpoint) isLate(ctx context.Context, began, now time.Time) bool {
	return ctx.Err() != nil || e.rules.grace > 0 && now.Sub(began) >= min(e.rules.grace, answering)
}

// familyOf returns the family of a client's refresh token, if it lives.
func (e *Endpoint) familyOf(ctx context.Context, client Client, token refreshToken, arrived time.Time) (Family, error) {
	family, found, err := e.store.Family(ctx, token.familyID())
	switch {
	case err != nil:
		return family, err
	case !found:
		return family, errUnknownRefreshToken
	case family.ClientID != client.ID:
		return family, errOtherClients
	}
	observe(ctx, family.Authorization)
	switch {
	case family.Revoked:
		return family, e.endIssued(ctx, family.Authorization, errUnknownRefreshToken)
	case !arrived.Before(family.TokenExpiresAt):
		return family, errExpired
	}
	return family, nil
}

// issued is an answer and the generation that its access token belongs to.
type issued struct {
	answer     *tokens
	generation int64
}

// answerTo returns the answer of a rotation, for the requested scopes. It issues no
// second access token for the generation of the last one.
func (e *Endpoint) answerTo(ctx context.Context, next *rotation, scope string, now time.Time, last *issued) (*tokens, error) {
	narrowed, err := narrow(next.family.Authorization, scope)
	if err != nil {
		return nil, err
	}
	if last.answer == nil || last.generation != next.family.Generation {
		answer, err := e.issueFor(ctx, narrowed, next.family.Generation)
		if err != nil {
			return nil, err
		}
		*last = issued{answer, next.family.Generation}
	}
	answer := last.answer
	next.changed = next.family.keep(now.Add(answer.lifetime)) || next.changed
	if e.rules.lifetime > 0 {
		answer.RefreshToken = next.token.text()
	}
	return answer, nil
}

// commit writes the family if the rotation changes it, and otherwise looks at it
// again: it may have been revoked since it was read.
func (e *Endpoint) commit(ctx context.Context, next rotation, now time.Time) error {
	if next.changed {
		replaced, err := e.replace(ctx, next.family, now)
		if err == nil && !replaced {
			err = errChanged
		}
		return err
	}
	current, found, err := e.store.Family(ctx, next.family.FamilyID)
	if err == nil && (!found || current.Version != next.family.Version) {
		err = errChanged
	}
	return err
}

// replace stores the next version of a family, unless it changed since it was read.
func (e *Endpoint) replace(ctx context.Context, f Family, now time.Time) (bool, error) {
	f.Forget(now)
	f.Version++
	return e.store.ReplaceFamily(ctx, f)
}

// wasPresented remembers that the living token of a family was presented, although
// the request failed. If the store fails too, the request fails all the same.
func (e *Endpoint) wasPresented(ctx context.Context, f Family) {
	if f.Used {
		return
	}
	f.Used = true
	e.replace(ctx, f, time.Now())
}

// narrow returns the authorization with only the requested scopes (RFC 6749 section
// 6).
func narrow(a Authorization, scope string) (Authorization, error) {
	if scope == "" {
		return a, nil
	}
	var asked []string
	for s := range strings.SplitSeq(scope, " ") {
		if !slices.Contains(a.Scopes, s) {
			return a, errWidened
		}
		if !slices.Contains(asked, s) {
			asked = append(asked, s)
		}
	}
	a.Scopes = asked
	return a, nil
}
