package redis_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// documentedRights returns the rule of the package comment, without its password.
func documentedRights(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../redisstore/doc.go")
	fatal(t, err)
	rule := regexp.MustCompile(`(?s)ACL SETUSER bearergate on >password (.*?)\n//\n`).FindSubmatch(text)
	if rule == nil {
		t.Fatal("got no rule in the package comment, want one")
	}
	return strings.Fields(strings.ReplaceAll(string(rule[1]), "//", ""))
}

// setRights gives a user these rights alone on a server, which forgets all scripts.
func setRights(t *testing.T, server *servers.Redis, rights []string) {
	t.Helper()
	admin := newClient(t, server.Addr)
	rule := append([]any{"ACL", "SETUSER", "bearergate", "reset", "on", ">password"}, anys(rights)...)
	fatal(t, admin.Do(t.Context(), rule...).Err())
	fatal(t, admin.ScriptFlush(t.Context()).Err())
}

func anys(texts []string) (all []any) {
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}

// callAll makes one of each call, and returns the errors.
func callAll(t *testing.T, c redis.UniversalClient) error {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := redisstore.Setup(ctx, c, redisstore.Config{}); err != nil {
		return err
	}
	store, err := redisstore.New(ctx, c, redisstore.Config{})
	if err != nil {
		return err
	}
	codes, tokens, connections := store.Codes(), store.OpaqueTokens(), store.Connections(newKey(t))
	id, sum := rand.Text(), newSum()
	family, claims := newFamily(id, id), bearergate.Claims{Type: bearergate.AccessToken, ID: tokenIDs("A")[0], ExpiresAt: time.Now().Add(time.Hour)}
	var errs []error
	add := func(err error) { errs = append(errs, err) }
	add(codes.SaveCode(ctx, sum, newCode(id)))
	add(second(codes.Code(ctx, sum)))
	_, err = codes.Consume(ctx, sum, time.Now(), family)
	add(err)
	add(second(codes.Family(ctx, id)))
	for _, revoked := range []bool{false, true} {
		family.Version++
		family.Revoked = revoked
		_, err = codes.ReplaceFamily(ctx, family)
		add(err)
	}
	add(codes.RevokeGrant(ctx, id))
	add(tokens.Save(ctx, sum, claims))
	_, err = tokens.Lookup(ctx, sum)
	add(err)
	add(tokens.Revoked(ctx, tokenendpoint.Authorization{FamilyID: id}))
	unlock, err := connections.Lock(ctx, id)
	add(err)
	if err == nil {
		add(connections.Save(ctx, id, client.Connection{Revision: 1}))
		_, err = connections.Load(ctx, id)
		add(err)
		unlock()
	}
	_, err = newLimiter(t, c, "budget:", 10, time.Hour).Take(ctx, id)
	add(err)
	add(followOnce(ctx, t, c, id))
	return errors.Join(errs...)
}

// followOnce receives one revocation and one proof.
func followOnce(ctx context.Context, t *testing.T, c redis.UniversalClient, id string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	r, received := newRevocations(t, c, "grants"), new(cache)
	go r.Run(ctx, received)
	for received.provenAt().IsZero() || !received.has(id) {
		if err := r.Publish(ctx, id); err != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

func newRightsClient(t *testing.T, server *servers.Redis) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "bearergate", Password: "password", ContextTimeoutEnabled: true, MaxRetries: -1})
	t.Cleanup(func() { c.Close() })
	return c
}

func TestDocumentedRightsSuffice(t *testing.T) {
	rights := documentedRights(t)
	t.Run("alone", func(t *testing.T) {
		server := servers.NewRedis(t)
		setRights(t, server, rights)
		fatal(t, callAll(t, newRightsClient(t, server)))
	})
	t.Run("cluster", func(t *testing.T) {
		cluster := servers.NewRedisCluster(t)
		rights := slices.DeleteFunc(slices.Clone(rights), func(right string) bool { return right == "+publish" || right == "+subscribe" })
		for _, node := range cluster.Nodes {
			setRights(t, node, append(rights, "+cluster|slots", "+command", "+asking", "+spublish", "+ssubscribe"))
		}
		c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs(), Username: "bearergate", Password: "password", ContextTimeoutEnabled: true})
		t.Cleanup(func() { c.Close() })
		fatal(t, callAll(t, c))
	})
}

func TestEachDocumentedRightIsNeeded(t *testing.T) {
	rights, server := documentedRights(t), servers.NewRedis(t)
	for n, right := range rights {
		setRights(t, server, slices.Delete(slices.Clone(rights), n, n+1))
		if err := callAll(t, newRightsClient(t, server)); err == nil {
			t.Errorf("without %s: got no error, want one", right)
		}
	}
}
