package redis_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// newOpaqueEndpoint is a token endpoint without grace, whose access tokens are opaque.
func newOpaqueEndpoint(t testing.TB, store *redisstore.Store) endpoint {
	t.Helper()
	tokens := store.OpaqueTokens()
	e, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: tokenendpoint.ClientStoreFunc(func(_ context.Context, id string) (tokenendpoint.Client, error) {
			return tokenendpoint.Client{ID: id, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum(clientSecret)}, RedirectURIs: []string{"https://app.example/"}}, nil
		}),
		Store: store.Codes(),
		Issue: func(ctx context.Context, r tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			text := rand.Text()
			claims := bearergate.Claims{Type: bearergate.AccessToken, ID: r.TokenID, ExpiresAt: time.Now().Add(time.Hour)}
			return tokenendpoint.Issued{Token: text, ExpiresIn: time.Hour}, tokens.Save(ctx, sha256.Sum256([]byte(text)), claims)
		},
		Grace:   -1,
		Revoked: tokens.Revoked,
	})
	fatal(t, err)
	return endpoint{e, t}
}

// accessToken returns the sum of the access token of an answer.
func accessToken(t testing.TB, answer string) [32]byte {
	t.Helper()
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	fatal(t, json.Unmarshal([]byte(answer), &tokens))
	return sha256.Sum256([]byte(tokens.AccessToken))
}

// fillMemory fills or frees the memory of all servers.
func fillMemory(t testing.TB, servers []*servers.Redis, limit string) {
	t.Helper()
	for _, server := range servers {
		fatal(t, newClient(t, server.Addr).ConfigSet(context.Background(), "maxmemory", limit).Err())
	}
}

// onServersOfTheirOwn runs a test on a Redis and a Cluster that no other test uses.
func onServersOfTheirOwn(t *testing.T, test func(t *testing.T, client redis.UniversalClient, all []*servers.Redis)) {
	t.Run("alone", func(t *testing.T) {
		server := servers.NewRedis(t)
		test(t, newClient(t, server.Addr), []*servers.Redis{server})
	})
	t.Run("cluster", func(t *testing.T) {
		cluster := servers.NewRedisCluster(t)
		test(t, newClusterClient(t, cluster.Addrs()), cluster.Nodes)
	})
}

// Rules: S7.34.
func TestTheftIsEndedWhileMemoryIsFull(t *testing.T) {
	onServersOfTheirOwn(t, func(t *testing.T, client redis.UniversalClient, all []*servers.Redis) {
		store := newStores(t, client)[0]
		e := newOpaqueEndpoint(t, store)
		for _, replayed := range []string{"code", "refresh token"} {
			code := e.newCode()
			first := refreshForm(t, e.answers(code, http.StatusOK))
			answer := e.answers(first, http.StatusOK)
			living, waiting := refreshForm(t, answer), e.newCode()
			replay := code
			if replayed == "refresh token" {
				replay = first
			}

			fillMemory(t, all, "1")
			fatal(t, client.ScriptFlush(t.Context()).Err())
			e.answers(waiting, http.StatusServiceUnavailable)
			for range 2 {
				if body := e.answers(replay, http.StatusUnauthorized); !strings.Contains(body, "invalid_grant") {
					t.Errorf("%s again: got %s, want invalid_grant", replayed, body)
				}
			}
			fillMemory(t, all, "0")

			e.answers(living, http.StatusUnauthorized)
			if _, err := store.OpaqueTokens().Lookup(t.Context(), accessToken(t, answer)); !errors.Is(err, bearergate.ErrInvalidToken) {
				t.Errorf("Lookup after a %s was used again: got the error %v, want %v", replayed, err, bearergate.ErrInvalidToken)
			}
			e.answers(waiting, http.StatusOK)
		}
	})
}

// TestOnlyRevocationIsWrittenToFullMemory also holds that a code which was used is
// known as such.
func TestOnlyRevocationIsWrittenToFullMemory(t *testing.T) {
	onServersOfTheirOwn(t, func(t *testing.T, client redis.UniversalClient, all []*servers.Redis) {
		codes := newStores(t, client)[0].Codes()
		sum, family := saveCode(t, codes, "grant"), newFamily("family", "grant")
		if got, err := codes.Consume(t.Context(), sum, time.Now(), family); got != tokenendpoint.Fresh {
			t.Fatalf("Consume: got %v, %v, want Fresh", got, err)
		}
		fillMemory(t, all, "1")
		defer fillMemory(t, all, "0")
		if got, err := codes.Consume(t.Context(), sum, time.Now(), family); got != tokenendpoint.Used {
			t.Errorf("Consume: got %v, %v, want Used", got, err)
		}
		family.Version++
		if replaced, err := codes.ReplaceFamily(t.Context(), family); err == nil {
			t.Errorf("ReplaceFamily: got %v without an error, want one", replaced)
		}
		family.Revoked = true
		for _, want := range []bool{true, false} {
			if replaced, err := codes.ReplaceFamily(t.Context(), family); replaced != want || err != nil {
				t.Errorf("ReplaceFamily of a revoked family: got %v, %v, want %v", replaced, err, want)
			}
		}
		if got, found, err := codes.Family(t.Context(), "family"); !got.Revoked || !found || err != nil {
			t.Errorf("Family: got %+v, %v, %v, want it revoked", got, found, err)
		}
	})
}

// TestMovingSlotKeepsRevocation revokes a family whose grant has not arrived yet.
//
// Rules: S7.64.
func TestMovingSlotKeepsRevocation(t *testing.T) {
	cluster, prefix := newClusterClient(t, sharedCluster(t).Addrs()), newPrefix()
	c := redisstore.Config{Prefix: prefix}
	fatal(t, redisstore.Setup(t.Context(), cluster, c))
	codes, family := newStore(t, cluster, c).Codes(), newFamily("family", "grant")
	if got, err := codes.Consume(t.Context(), saveCode(t, codes, "grant"), time.Now(), family); got != tokenendpoint.Fresh {
		t.Fatalf("Consume: got %v, %v, want Fresh", got, err)
	}
	family.Version++
	family.Revoked = true
	key := "{" + prefix + "}"
	m := beginMove(t, cluster, key)
	m.move(t, key+"alive", key+"family:family")
	if replaced, err := codes.ReplaceFamily(t.Context(), family); err == nil {
		t.Errorf("ReplaceFamily before the grant moved: got %v without an error, want one", replaced)
	}
	m.move(t, key+"grant:grant")
	if replaced, err := codes.ReplaceFamily(t.Context(), family); !replaced || err != nil {
		t.Errorf("ReplaceFamily after all moved: got %v, %v, want true", replaced, err)
	}
}
