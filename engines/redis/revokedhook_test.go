package redis_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// Rules: S7.34.
func TestHookRevokedEndsOpaqueTokens(t *testing.T) {
	onEach(t, func(t *testing.T, tokens *redisstore.OpaqueTokens) {
		id, sum := tokenIDs("A")[0], newSum()
		fatal(t, tokens.Save(t.Context(), sum, bearergate.Claims{Type: bearergate.AccessToken, ID: id, ExpiresAt: time.Now().Add(time.Hour)}))
		family, _ := tokenendpoint.FamilyOf(id)
		fatal(t, tokens.Revoked(t.Context(), tokenendpoint.Authorization{FamilyID: family}))
		if _, err := tokens.Lookup(t.Context(), sum); !errors.Is(err, bearergate.ErrInvalidToken) {
			t.Errorf("Lookup of a token of a revoked family: got the error %v, want %v", err, bearergate.ErrInvalidToken)
		}
	})
}
