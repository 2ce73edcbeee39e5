package tokenendpoint

import (
	"context"

	"github.com/bearergate/bearergate/internal/audit"
)

// stolen revokes the family of a code or refresh token that was used again, since
// one of the two parties that used it stole it. It returns the answer.
func (e *Endpoint) stolen(ctx context.Context, a Authorization, theft string, answer error) error {
	audit.From(ctx).Theft = theft
	if err := e.revokeFamily(ctx, a.FamilyID); err != nil {
		return err
	}
	return e.endIssued(ctx, a, answer)
}

// revokeFamily revokes a family, whatever changes it meanwhile.
func (e *Endpoint) revokeFamily(ctx context.Context, id string) error {
	for range maxAttempts {
		family, found, err := e.store.Family(ctx, id)
		if err != nil || !found || family.Revoked {
			return err
		}
		replaced, err := e.store.ReplaceFamily(ctx, family.revoked())
		if err != nil || replaced {
			return err
		}
	}
	return errChanged
}

// endIssued calls the hook of a family that was revoked. It returns the answer, or
// the error of the hook.
func (e *Endpoint) endIssued(ctx context.Context, a Authorization, answer error) error {
	if e.revoked == nil {
		return answer
	}
	if err := e.revoked(ctx, a); err != nil {
		return err
	}
	return answer
}
