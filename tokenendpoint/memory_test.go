package tokenendpoint_test

import (
	"testing"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/tokenendpoint"
)

func TestMemoryStore(t *testing.T) {
	bearergatetest.TestTokenStore(t, func(*testing.T) tokenendpoint.Store { return new(tokenendpoint.MemoryStore) })
}
