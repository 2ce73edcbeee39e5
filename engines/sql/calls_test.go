package sql_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/sqlstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// TestEveryStatementRuns makes every call on every engine, so that each database
// compiles each statement.
func TestEveryStatementRuns(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, d *database, s *sqlstore.Store)
	}{
		{"codes", runCodes}, {"opaque tokens", runOpaqueTokens}, {"grants", runGrants},
		{"clients", runClients}, {"connections", runConnections}, {"clean", runClean},
	} {
		t.Run(test.name, func(t *testing.T) {
			onEach(t, all, func(t *testing.T, e engine) {
				d := e.database(t)
				test.run(t, d, d.store(t))
			})
		})
	}
}

// strange has bytes that neither JSON nor a text column keeps.
const strange = "\x00'\xff\ufffd\\"

func runCodes(t *testing.T, _ *database, s *sqlstore.Store) {
	codes, sum := s.Codes(), newSum()
	code := newCode("grant" + strange)
	code.ClientID, code.Subject, code.RedirectURI, code.Challenge = strange+"1", strange+"2", strange+"3", strange+"4"
	code.Scopes, code.ExpiresAt = []string{strange, ""}, code.ExpiresAt.UTC().Truncate(time.Microsecond)
	must(t, codes.SaveCode(t.Context(), sum, code))
	if got, _, err := codes.Code(t.Context(), sum); err != nil || !cmp.Equal(got, code) {
		t.Errorf("Code: got %v, %s", err, cmp.Diff(got, code))
	}
	if err := codes.SaveCode(t.Context(), sum, newCode("other")); err == nil {
		t.Error("SaveCode of a sum that is stored: got no error, want one")
	}
	family := newFamily("grant"+strange, strange)
	family.ClientID, family.Subject = strange+"1", strange+"2"
	family.TokenExpiresAt, family.ExpiresAt = code.ExpiresAt, code.ExpiresAt
	for _, want := range []tokenendpoint.Outcome{tokenendpoint.Fresh, tokenendpoint.Used} {
		if got, err := codes.Consume(t.Context(), sum, time.Now(), family); got != want || err != nil {
			t.Errorf("Consume: got %v, %v, want %v", got, err, want)
		}
	}
	if got, _, err := codes.Family(t.Context(), strange); err != nil || !cmp.Equal(got, family) {
		t.Errorf("Family: got %v, %s", err, cmp.Diff(got, family))
	}
	must(t, codes.RevokeGrant(t.Context(), "grant"+strange))
	if _, found, err := codes.Family(t.Context(), strange); found || err != nil {
		t.Errorf("Family of a revoked grant: got %v, %v, want none", found, err)
	}
}

func runOpaqueTokens(t *testing.T, _ *database, s *sqlstore.Store) {
	tokens, one, two, family := s.OpaqueTokens(), newSum(), newSum(), strings.Repeat("f", 42)+"A"
	claims := bearergate.Claims{Type: bearergate.AccessToken, ID: family + ".1." + family, Audience: []string{"api"}, GrantID: strange, ExpiresAt: time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)}
	must(t, tokens.Save(t.Context(), one, claims))
	claims.Audience = []string{"another", strange}
	must(t, tokens.Save(t.Context(), one, claims))
	must(t, tokens.Save(t.Context(), two, bearergate.Claims{Type: bearergate.AccessToken, ExpiresAt: claims.ExpiresAt}))
	if got, err := tokens.Lookup(t.Context(), one); err != nil || !cmp.Equal(got, claims) {
		t.Errorf("Lookup: got %v, %s", err, cmp.Diff(got, claims))
	}
	must(t, tokens.Revoked(t.Context(), tokenendpoint.Authorization{FamilyID: family}))
	if _, err := tokens.Lookup(t.Context(), one); !errors.Is(err, bearergate.ErrInvalidToken) {
		t.Errorf("Lookup of a token of a revoked family: got error %v, want %v", err, bearergate.ErrInvalidToken)
	}
	if err := tokens.RevokeFamily(t.Context(), ""); err == nil {
		t.Error("RevokeFamily of no family: got no error, want one")
	}
	if _, err := tokens.Lookup(t.Context(), two); err != nil {
		t.Errorf("Lookup of a token without a family: got error %v, want none", err)
	}
}

func runGrants(t *testing.T, _ *database, s *sqlstore.Store) {
	grants, at := s.Grants(), time.Now().UTC().Truncate(time.Microsecond)
	for _, id := range []string{"one", "two", "three"} {
		must(t, grants.Put(t.Context(), bearergate.Grant{ID: id, OrganizationID: strange}))
	}
	must(t, grants.Revoke(t.Context(), "one", at))
	must(t, grants.Revoke(t.Context(), "one", at.Add(time.Hour)))
	begin(t, s.Codes(), newFamily("two", "family"))
	begin(t, s.Codes(), newFamily("three", "others"))
	must(t, s.RevokeGrant(t.Context(), "two"))
	want := bearergate.Grant{ID: "one", OrganizationID: strange, RevokedAt: at}
	if got, err := grants.Grant(t.Context(), "one"); err != nil || !cmp.Equal(got, want) {
		t.Errorf("Grant: got %v, %s", err, cmp.Diff(got, want))
	}
	if got, err := grants.Grant(t.Context(), "two"); err != nil || got.RevokedAt.IsZero() {
		t.Errorf("Grant: got %v, %v, want a revoked grant", got, err)
	}
	if got, err := grants.Grant(t.Context(), "three"); err != nil || !got.RevokedAt.IsZero() {
		t.Errorf("Grant: got %v, %v, want an active grant", got, err)
	}
	for id, want := range map[string]bool{"family": false, "others": true} {
		if _, got, err := s.Codes().Family(t.Context(), id); got != want || err != nil {
			t.Errorf("Family(%s): got found %v, %v, want %v", id, got, err, want)
		}
	}
	begin(t, s.Codes(), newFamily("unknown", "unknown"))
	for name, err := range map[string]error{
		"Grants.Revoke": grants.Revoke(t.Context(), "unknown", at), "Store.RevokeGrant": s.RevokeGrant(t.Context(), "unknown"),
	} {
		if !errors.Is(err, bearergate.ErrGrantNotFound) {
			t.Errorf("%s of an unknown grant: got error %v, want %v", name, err, bearergate.ErrGrantNotFound)
		}
	}
	if _, found, err := s.Codes().Family(t.Context(), "unknown"); found || err != nil {
		t.Errorf("Family of an unknown grant that was revoked: got %v, %v, want none", found, err)
	}
}

func runClients(t *testing.T, _ *database, s *sqlstore.Store) {
	clients := s.Clients()
	if _, err := clients.Client(t.Context(), "app"); !errors.Is(err, bearergate.ErrInvalidClient) {
		t.Errorf("Client that is unknown: got error %v, want %v", err, bearergate.ErrInvalidClient)
	}
	for _, want := range []tokenendpoint.Client{
		{ID: "app"},
		{ID: "app", Secrets: []tokenendpoint.Sum{newSum(), {}}, RedirectURIs: []string{"https://app.example/?" + strange}, AnyLoopbackPort: true},
		{ID: strange, RedirectURIs: []string{}},
	} {
		must(t, clients.Put(t.Context(), want))
		if got, err := clients.Client(t.Context(), want.ID); err != nil || !cmp.Equal(got, want) {
			t.Errorf("Client(%q): got %v, %s", want.ID, err, cmp.Diff(got, want))
		}
	}
}

func runConnections(t *testing.T, d *database, s *sqlstore.Store) {
	connections := s.Connections(aead(t, 1))
	unlock, err := connections.Lock(t.Context(), strange)
	must(t, err)
	want := client.Connection{GrantID: strange, RefreshToken: "refresh-token", Dead: bearergate.ErrGrantRevoked}
	for want.Revision = 1; want.Revision < 4; want.Revision++ {
		must(t, connections.Save(t.Context(), strange, want))
		if got, err := connections.Load(t.Context(), strange); err != nil || !cmp.Equal(got, want) {
			t.Errorf("Load: got %v, %s", err, cmp.Diff(got, want))
		}
	}
	unlock()
	if got := count(t, d.pool(t), d.table("locks")); got != 0 {
		t.Errorf("after unlock: got %d locks, want none", got)
	}
}

func runClean(t *testing.T, d *database, s *sqlstore.Store) {
	fill(t, d, 2500, time.Now().Add(-2*time.Minute))
	begin(t, s.Codes(), newFamily("grant", "living"))
	must(t, s.Clean(t.Context()))
	for table, want := range map[string]int{"codes": 1, "families": 1, "opaque_tokens": 0, "locks": 0} {
		if got := count(t, d.pool(t), d.table(table)); got != want {
			t.Errorf("after Clean: got %d rows in %s, want %d", got, table, want)
		}
	}
}
