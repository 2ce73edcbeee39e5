package tokenendpoint

import (
	"context"

	"github.com/bearergate/bearergate/internal/audit"
)

// observe records for whom the client asks. authenticate has recorded the client.
func observe(ctx context.Context, a Authorization) {
	f := audit.From(ctx)
	f.GrantID, f.Family, f.Subject = a.GrantID, a.FamilyID, a.Subject
}
