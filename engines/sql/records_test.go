package sql_test

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// setEach sets every field to another value, so that a field that a record forgets is
// found out.
func setEach(v reflect.Value, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Now().Add(time.Duration(*n) * time.Hour).Truncate(time.Microsecond).UTC()))
	case v.Type() == reflect.TypeFor[bearergate.Verifier]():
		v.Set(reflect.ValueOf(bearergate.VerifierFunc(nil)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			setEach(v.Field(i), n)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		setEach(v.Elem(), n)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			setEach(v.Index(i), n)
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

// keeps tests that what is stored comes back with every field, except the refused
// ones: with one of those, nothing is stored.
func keeps[T any](t *testing.T, store func(T) error, load func(T) (T, error), prepare func(*T), refused ...string) {
	t.Helper()
	var want T
	n := 0
	v := reflect.ValueOf(&want).Elem()
	for i := range v.NumField() {
		if !slices.Contains(refused, v.Type().Field(i).Name) {
			setEach(v.Field(i), &n)
		}
	}
	prepare(&want)
	must(t, store(want))
	got, err := load(want)
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%T: got %v, and a difference (-want +got):\n%s", want, err, cmp.Diff(want, got))
	}
	for _, name := range refused {
		another := want
		setEach(reflect.ValueOf(&another).Elem().FieldByName(name), &n)
		if err := store(another); err == nil {
			t.Errorf("%T with %s: got no error, want one", want, name)
		}
	}
}

func TestRecordsKeepEveryFieldOrAreRefused(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		s := e.database(t).store(t)
		codes, grants, clients, tokens, connections := s.Codes(), s.Grants(), s.Clients(), s.OpaqueTokens(), s.Connections(aead(t, 1))
		sum := newSum()
		keeps(t, func(c tokenendpoint.AuthorizationCode) error { return codes.SaveCode(t.Context(), sum, c) },
			func(tokenendpoint.AuthorizationCode) (tokenendpoint.AuthorizationCode, error) {
				code, _, err := codes.Code(t.Context(), sum)
				return code, err
			}, func(*tokenendpoint.AuthorizationCode) {})
		keeps(t, func(f tokenendpoint.Family) error { begin(t, codes, f); return nil },
			func(f tokenendpoint.Family) (tokenendpoint.Family, error) {
				family, _, err := codes.Family(t.Context(), f.FamilyID)
				return family, err
			}, func(*tokenendpoint.Family) {})
		keeps(t, func(g bearergate.Grant) error { return grants.Put(t.Context(), g) },
			func(g bearergate.Grant) (bearergate.Grant, error) { return grants.Grant(t.Context(), g.ID) }, func(*bearergate.Grant) {})
		keeps(t, func(c bearergate.Claims) error { return tokens.Save(t.Context(), sum, c) },
			func(bearergate.Claims) (bearergate.Claims, error) { return tokens.Lookup(t.Context(), sum) }, func(*bearergate.Claims) {})
		keeps(t, func(c client.Connection) error { return connections.Save(t.Context(), "id", c) },
			func(client.Connection) (client.Connection, error) { return connections.Load(t.Context(), "id") },
			func(c *client.Connection) { c.Revision = 1 })
		keeps(t, func(c tokenendpoint.Client) error { return clients.Put(t.Context(), c) },
			func(c tokenendpoint.Client) (tokenendpoint.Client, error) { return clients.Client(t.Context(), c.ID) },
			func(*tokenendpoint.Client) {}, "Assertions")
	})
}

// TestClientWithAssertionsIsRefused puts one in place of a client, and one that is new.
func TestClientWithAssertionsIsRefused(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		clients := e.database(t).store(t).Clients()
		want := tokenendpoint.Client{ID: "app", Secrets: []tokenendpoint.Sum{newSum()}}
		must(t, clients.Put(t.Context(), want))
		for _, id := range []string{"app", "another"} {
			err := clients.Put(t.Context(), tokenendpoint.Client{ID: id, Assertions: bearergate.VerifierFunc(nil)})
			wantText(t, err, `the client "`+id+`" has Assertions, which a database cannot keep`)
			wantText(t, err, "in a tokenendpoint.ClientStoreFunc after Clients.Client")
		}
		if got, err := clients.Client(t.Context(), "app"); err != nil || !cmp.Equal(got, want) {
			t.Errorf("Client after the refusal: got %v, %v, want %v", got, err, want)
		}
		if got, err := clients.Client(t.Context(), "another"); err == nil {
			t.Errorf("Client that was refused: got %v, want an error", got)
		}
	})
}
