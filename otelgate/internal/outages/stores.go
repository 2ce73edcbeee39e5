package outages

import (
	"context"
	"fmt"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// grants is a store of grants that can fail. As one without a deadline of its own, it
// waits as long as the request if it hangs.
type grants struct {
	*fault
	bearergate.MemoryGrants
}

func (g *grants) Grant(ctx context.Context, id string) (bearergate.Grant, error) {
	if err := g.call(ctx, databaseAddress); err != nil {
		return bearergate.Grant{}, fmt.Errorf("select the grant: %w", err)
	}
	return g.MemoryGrants.Grant(ctx, id)
}

// codes is a store of the token endpoint that can fail.
type codes struct {
	*fault
	tokenendpoint.MemoryStore
}

func (c *codes) Code(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.AuthorizationCode, bool, error) {
	if err := c.call(ctx, databaseAddress); err != nil {
		return tokenendpoint.AuthorizationCode{}, false, fmt.Errorf("select the code: %w", err)
	}
	return c.MemoryStore.Code(ctx, sum)
}

func (c *codes) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	if err := c.call(ctx, databaseAddress); err != nil {
		return tokenendpoint.Family{}, false, fmt.Errorf("select the family: %w", err)
	}
	return c.MemoryStore.Family(ctx, id)
}
