package redis_test

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// fill sets every field to another value, so that a field that a record forgets is
// found out.
func fill(v reflect.Value, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Now().Add(time.Duration(*n) * time.Hour).Truncate(time.Microsecond).UTC()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			fill(v.Index(i), n)
		}
	case v.Kind() == reflect.Array:
		sum := sha256.Sum256(fmt.Append(nil, *n))
		reflect.Copy(v, reflect.ValueOf(sum))
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprint("\xff\x00ü", *n))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(int64(*n) << 20)
	}
}

func filled[T any]() (v T) {
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func TestRecordsKeepEveryField(t *testing.T) {
	store := newStores(t, newClient(t, sharedRedis(t).Addr))[0]
	code := filled[tokenendpoint.AuthorizationCode]()
	code.Used = false
	keepsCode(t, store, code)

	family := filled[tokenendpoint.Family]()
	keepsFamily(t, store, family)

	claims := filled[bearergate.Claims]()
	keepsClaims(t, store, claims)

	c := filled[client.Connection]()
	c.Revision = 1
	connections := store.Connections(newKey(t))
	saveConnection(t, connections, "id", c)
	hasConnection(t, connections, "id", c)
}

func keepsCode(t *testing.T, store *redisstore.Store, want tokenendpoint.AuthorizationCode) {
	t.Helper()
	sum := newSum()
	if err := store.Codes().SaveCode(t.Context(), sum, want); err != nil {
		t.Fatal(err)
	}
	got, found, err := store.Codes().Code(t.Context(), sum)
	if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
		t.Errorf("Code: got found %v, %v, and a difference (-want +got):\n%s", found, err, diff)
	}
}

// keepsFamily stores the family behind a code of its grant.
func keepsFamily(t *testing.T, store *redisstore.Store, want tokenendpoint.Family) {
	t.Helper()
	codes := store.Codes()
	sum := saveCode(t, codes, want.GrantID)
	if got, err := codes.Consume(t.Context(), sum, time.Now(), want); got != tokenendpoint.Fresh {
		t.Fatalf("Consume: got %v, %v, want Fresh", got, err)
	}
	got, found, err := codes.Family(t.Context(), want.FamilyID)
	if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
		t.Errorf("Family: got found %v, %v, and a difference (-want +got):\n%s", found, err, diff)
	}
}

func keepsClaims(t *testing.T, store *redisstore.Store, want bearergate.Claims) {
	t.Helper()
	sum := newSum()
	if err := store.OpaqueTokens().Save(t.Context(), sum, want); err != nil {
		t.Fatal(err)
	}
	got, err := store.OpaqueTokens().Lookup(t.Context(), sum)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Lookup: got %v, and a difference (-want +got):\n%s", err, diff)
	}
}

func TestRecordsKeepNilAndEmptyApart(t *testing.T) {
	store := newStores(t, newClient(t, sharedRedis(t).Addr))[0]
	for _, scopes := range [][]string{nil, {}, {""}, {"", ""}} {
		code, family := newCode("grant"), newFamily(newPrefix(), "grant")
		code.Scopes, family.Scopes = scopes, scopes
		keepsCode(t, store, code)
		keepsFamily(t, store, family)
		keepsClaims(t, store, bearergate.Claims{Type: bearergate.AccessToken, Scopes: scopes, ExpiresAt: time.Now().Add(time.Hour).UTC()})
	}
}

func TestIDsAreKeptByteForByte(t *testing.T) {
	store := newStores(t, newClient(t, sharedRedis(t).Addr))[0]
	ids := append(everyByte(), "", "{a}", "a", "A", "a ", "family:a", strings.Repeat("x", 300), strings.Repeat("x", 299))
	for _, id := range ids {
		keepsFamily(t, store, newFamily(id, id))
	}
	for n, id := range ids {
		if err := store.Codes().RevokeGrant(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		for m, other := range ids {
			if m%50 != n%50 && m != n+1 { // not each with each
				continue
			}
			if _, found, err := store.Codes().Family(t.Context(), other); found != (m > n) || err != nil {
				t.Errorf("Family(%q) after RevokeGrant of %q: got found %v, %v, want %v", other, id, found, err, m > n)
			}
		}
	}
}

// Rules: S7.34.
func TestRevokedFamilyEndsItsOpaqueTokens(t *testing.T) {
	onEach(t, func(t *testing.T, tokens *redisstore.OpaqueTokens) {
		save := func(id string) [32]byte {
			sum := newSum()
			claims := bearergate.Claims{Type: bearergate.AccessToken, ID: id, ExpiresAt: time.Now().Add(time.Hour)}
			if err := tokens.Save(t.Context(), sum, claims); err != nil {
				t.Fatal(err)
			}
			return sum
		}
		lives := func(sum [32]byte, want bool) {
			t.Helper()
			if _, err := tokens.Lookup(t.Context(), sum); (err == nil) != want || err != nil && err != error(bearergate.ErrInvalidToken) {
				t.Errorf("Lookup: got the error %v, want the token: %v", err, want)
			}
		}
		ids, others := tokenIDs("A"), tokenIDs("E")
		family, _ := tokenendpoint.FamilyOf(ids[0])
		one, two, other, alone := save(ids[0]), save(ids[1]), save(others[0]), save(family)
		for range 2 {
			if err := tokens.RevokeFamily(t.Context(), family); err != nil {
				t.Fatal(err)
			}
			lives(one, false)
			lives(two, false)
			lives(other, true)
			lives(alone, true)
		}
		lives(save(ids[2]), true)
		lives(one, false)
	})
}

// tokenIDs returns ids of tokens of one family.
func tokenIDs(letter string) (ids []string) {
	secret := strings.Repeat(letter, 43)
	for generation := range 3 {
		ids = append(ids, fmt.Sprint(secret, ".", generation, ".", secret))
	}
	return ids
}

func onEach(t *testing.T, test func(*testing.T, *redisstore.OpaqueTokens)) {
	t.Run("alone", func(t *testing.T) { test(t, newStores(t, newClient(t, sharedRedis(t).Addr))[0].OpaqueTokens()) })
	t.Run("cluster", func(t *testing.T) {
		test(t, newStores(t, newClusterClient(t, sharedCluster(t).Addrs()))[0].OpaqueTokens())
	})
}

// TestKeysExpire finds no key without an expiry but the marker and connections.
func TestKeysExpire(t *testing.T) {
	raw := newClient(t, sharedRedis(t).Addr)
	c := redisstore.Config{Prefix: newPrefix()}
	if err := redisstore.Setup(t.Context(), raw, c); err != nil {
		t.Fatal(err)
	}
	store := newStore(t, raw, c)
	code, family := newCode("grant"), newFamily("family", "grant")
	keepsFamily(t, store, family)
	code.ExpiresAt = time.Now().Add(-time.Hour).UTC()
	keepsCode(t, store, code)
	family.Version++
	family.ExpiresAt = time.Now().Add(50 * time.Hour).UTC()
	if replaced, err := store.Codes().ReplaceFamily(t.Context(), family); !replaced {
		t.Fatalf("ReplaceFamily: got %v, %v, want true", replaced, err)
	}
	for _, hours := range []time.Duration{1, 60, 1} {
		expires := time.Now().Add(hours * time.Hour).UTC()
		keepsClaims(t, store, bearergate.Claims{Type: bearergate.AccessToken, ID: tokenIDs("A")[0], ExpiresAt: expires})
		code.ExpiresAt = expires
		keepsCode(t, store, code)
	}
	lockConnection(t, store.Connections(newKey(t)), "id")

	keys, err := raw.Keys(t.Context(), "{"+c.Prefix+"}*").Result()
	if err != nil || len(keys) < 8 {
		t.Fatalf("got the keys %q, %v, want all of them", keys, err)
	}
	for _, key := range keys {
		ttl := raw.PTTL(t.Context(), key).Val()
		switch {
		case strings.HasSuffix(key, "}alive"):
			if ttl != -1 {
				t.Errorf("%q: got the TTL %v, want none", key, ttl)
			}
		case ttl <= 0:
			t.Errorf("%q: got the TTL %v, want one", key, ttl)
		case (strings.Contains(key, "}grant:") || strings.Contains(key, "}opaque-family:")) && ttl < 60*time.Hour:
			t.Errorf("%q: got the TTL %v, want that of all that depends on it", key, ttl)
		}
	}
}
