package redis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
)

// TestMemory holds what the documentation says about memory.
func TestMemory(t *testing.T) {
	client := newClient(t, servers.NewRedis(t).Addr)
	store := newStores(t, client)[0]
	codes, tokens := store.Codes(), store.OpaqueTokens()
	l := newLimiter(t, client, "budget:", 1000, time.Hour)
	var others []*redisstore.Limiter
	for range 7 {
		others = append(others, newLimiter(t, client, "eight:", 1000, time.Hour))
	}
	id := func(n int) string { return fmt.Sprintf("%043d", n) }
	for _, c := range []struct {
		name string
		most float64 // bytes for each
		add  func(n int)
	}{
		{"a family with its code and grant", 2500, func(n int) {
			family := newFamily(id(n), "grant-"+id(n))
			if _, err := codes.Consume(t.Context(), saveCode(t, codes, family.GrantID), time.Now(), family); err != nil {
				t.Fatal(err)
			}
		}},
		{"an opaque token", 1200, func(n int) {
			claims := bearergate.Claims{
				Type: bearergate.InstallationToken, ID: id(n)[:42] + "A.1." + id(n)[:42] + "A", Subject: "user-1", ClientID: "app-1", GrantID: "grant-" + id(n),
				OrganizationID: "acme", InstallationID: "installation-1", Scopes: []string{"projects:read"}, ExpiresAt: time.Now().Add(time.Hour),
			}
			if err := tokens.Save(t.Context(), newSum(), claims); err != nil {
				t.Fatal(err)
			}
		}},
		{"a budget of one process", 300, func(n int) { take(t, l, "installation:"+id(n)) }},
		{"a budget of seven processes", 450, func(n int) {
			for _, other := range others {
				take(t, other, "installation:"+id(n))
			}
		}},
	} {
		const count = 2000
		before := usedMemory(t, client)
		for n := range count {
			c.add(n)
		}
		each := float64(usedMemory(t, client)-before) / count
		t.Logf("%s: %.0f bytes", c.name, each)
		if each > c.most {
			t.Errorf("%s: got %.0f bytes, want %.0f at most", c.name, each, c.most)
		}
	}
}

func usedMemory(t *testing.T, client *redis.Client) int64 {
	t.Helper()
	var used int64
	info := client.InfoMap(t.Context(), "memory").Item("Memory", "used_memory")
	if _, err := fmt.Sscan(info, &used); err != nil {
		t.Fatalf("reading used_memory %q: %v", info, err)
	}
	return used
}
