package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
)

// demoPath is the path of the demo.
const demoPath = "/demo"

// The grants of the demo, besides those of every API.
const (
	unreachableGrant = "grant-unreachable" // its store is down
	revokedGrant     = "grant-revoked"
	deletedGrant     = "grant-deleted"
)

// The installation tokens of the demo. Everybody may know them, since they are good for
// nothing elsewhere, and change nothing there.
const (
	readerToken      = installation.DefaultPrefix + "demo-reads"
	oneProjectToken  = installation.DefaultPrefix + "demo-publishes-app"
	expiredToken     = installation.DefaultPrefix + "demo-expired"
	busyToken        = installation.DefaultPrefix + "demo-busy"
	unreachableToken = installation.DefaultPrefix + "demo-unreachable"
	revokedToken     = installation.DefaultPrefix + "demo-revoked"
	deletedToken     = installation.DefaultPrefix + "demo-deleted"
)

// newDemo returns a second API, for the requests of the reference page. It has the same
// guards, and state of its own in memory that no request changes: it issues no code and
// no token, so its answers are the same for ever. It counts no failed authentication,
// since there is nothing to guess.
func (a *api) newDemo(ctx context.Context) (http.Handler, error) {
	s, err := inMemory()
	if err != nil {
		return nil, err
	}
	a.stores.closers = append(a.stores.closers, s.Close)
	s.guarded = partlyDown{s.guarded}
	s.plan = demoPlan(usedUp{s.budget})
	demo, err := newAPI(ctx, a.logger, a.base, a.lifetime, s)
	if err != nil {
		return nil, err
	}
	if err := demo.putDemo(ctx); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	demo.handleResources(mux)
	mux.Handle(tokenPath, demo.endpoint)
	return http.StripPrefix(demoPath, demo.configure(mux)), nil
}

// putDemo stores the grants and tokens of the demo.
func (a *api) putDemo(ctx context.Context) error {
	var faults []error
	for _, id := range []string{unreachableGrant, revokedGrant} {
		faults = append(faults, a.stores.grants.Put(ctx, bearergate.Grant{ID: id, OrganizationID: organization}))
	}
	faults = append(faults, a.stores.grants.RevokeGrant(ctx, revokedGrant))
	ever := time.Now().AddDate(100, 0, 0)
	for token, c := range map[string]bearergate.Claims{
		readerToken:      {GrantID: acmeGrant, Scopes: []string{readProjects}, ExpiresAt: ever},
		oneProjectToken:  {GrantID: acmeGrant, Scopes: []string{publishTranslations}, ProjectIDs: []string{"app"}, ExpiresAt: ever},
		expiredToken:     {GrantID: acmeGrant, Scopes: []string{readProjects}, ExpiresAt: time.Now().Add(-time.Hour)},
		busyToken:        {GrantID: busyGrant, Scopes: []string{readProjects}, ExpiresAt: ever},
		unreachableToken: {GrantID: unreachableGrant, Scopes: []string{readProjects}, ExpiresAt: ever},
		revokedToken:     {GrantID: revokedGrant, Scopes: []string{readProjects}, ExpiresAt: ever},
		deletedToken:     {GrantID: deletedGrant, Scopes: []string{readProjects}, ExpiresAt: ever},
	} {
		c.Type, c.InstallationID, c.OrganizationID, c.Subject, c.ClientID = bearergate.InstallationToken, c.GrantID, organization, subject, clientID
		faults = append(faults, a.stores.tokens.Save(ctx, sha256.Sum256([]byte(token)), c))
	}
	return errors.Join(faults...)
}

// partlyDown is a grant store that cannot be reached for one grant.
type partlyDown struct{ bearergate.GrantStore }

func (p partlyDown) Grant(ctx context.Context, id string) (bearergate.Grant, error) {
	if id == unreachableGrant {
		return bearergate.Grant{}, errors.New("dial tcp 10.0.0.7:5432: connection refused")
	}
	return p.GrantStore.Grant(ctx, id)
}

// demoPlan gives the busy installation a limiter of its own, and the others, which all
// visitors share, one that allows everything.
func demoPlan(busy bearergate.Limiter) bearergate.PlanFunc {
	return func(r *http.Request) (bearergate.Limiter, error) {
		if token, ok := bearergate.TokenFrom(r.Context()); ok && token.GrantID() == busyGrant {
			return busy, nil
		}
		return unlimited{}, nil
	}
}

// unlimited is a limiter at which each request is the first of its minute.
type unlimited struct{}

func (unlimited) Take(context.Context, string) (bearergate.Quota, error) {
	return bearergate.Quota{
		Allowed: true, Limit: requestsPerMinute, Remaining: requestsPerMinute - 1, Window: time.Minute, Reset: time.Now().Add(time.Minute),
	}, nil
}

// usedUp is a limiter at which others use up the budget: whatever is left of it when a
// request comes is gone before.
type usedUp struct{ bearergate.Limiter }

func (u usedUp) Take(ctx context.Context, key string) (bearergate.Quota, error) {
	for {
		quota, err := u.Limiter.Take(ctx, key)
		if err != nil || !quota.Allowed {
			return quota, err
		}
	}
}
