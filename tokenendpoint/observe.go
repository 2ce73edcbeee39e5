package tokenendpoint

import (
	"context"

	"github.com/bearergate/bearergate/internal/audit"
)

// observe sets facts for the observer, if there is one.
func observe(ctx context.Context, set func(*audit.Facts)) {
	if f := audit.From(ctx); f != nil {
		set(f)
	}
}

func observeAuthorization(ctx context.Context, a Authorization) {
	observe(ctx, func(f *audit.Facts) {
		f.ClientID, f.GrantID, f.Family, f.Subject = a.ClientID, a.GrantID, a.Family, a.Subject
	})
}
