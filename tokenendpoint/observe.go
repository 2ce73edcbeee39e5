package tokenendpoint

import (
	"context"

	"github.com/bearergate/bearergate/internal/audit"
)

// observe records whose request it is.
func observe(ctx context.Context, a Authorization) {
	f := audit.From(ctx)
	f.ClientID, f.GrantID, f.Family, f.Subject = a.ClientID, a.GrantID, a.Family, a.Subject
}
