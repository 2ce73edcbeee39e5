package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/bearergate/bearergate"
)

const organization = "acme"

// The grants that are there from the beginning. The tour uses up the budget of one, and
// revokes another one.
const (
	acmeGrant    = "grant-acme"
	busyGrant    = "grant-busy"
	leavingGrant = "grant-leaving"
)

// putGrants stores the grants, unless they were revoked.
func (a *api) putGrants(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, id := range []string{acmeGrant, busyGrant, leavingGrant} {
		err := a.stores.grants.Put(ctx, bearergate.Grant{ID: id, OrganizationID: organization})
		if err != nil && !errors.Is(err, bearergate.ErrGrantRevoked) {
			return err
		}
	}
	return nil
}

// consentedGrant returns the id of the grant that a user consents to. If grant-acme was
// revoked, it is a new one: a revoked grant never comes back.
func (a *api) consentedGrant(ctx context.Context) (string, error) {
	g, err := a.stores.grants.Grant(ctx, acmeGrant)
	if err != nil {
		return "", err
	}
	if g.RevokedAt.IsZero() {
		return acmeGrant, nil
	}
	id := acmeGrant + "-" + rand.Text()
	return id, a.stores.grants.Put(ctx, bearergate.Grant{ID: id, OrganizationID: organization})
}

// Grant implements bearergate.GrantStore, and can be switched off to show what
// clients see then.
func (a *api) Grant(ctx context.Context, id string) (bearergate.Grant, error) {
	if !a.grantsUp.Load() {
		return bearergate.Grant{}, errors.New("dial tcp 10.0.0.7:5432: connection refused")
	}
	return a.stores.guarded.Grant(ctx, id)
}
