package code_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

func severalIssuers(customerKeys, partnerKeys jwtverifier.KeySource) (bearergate.Verifier, error) {
	customers, err := jwtverifier.New(jwtverifier.Config{Issuer: "https://customers.example", Audience: "https://api.example", Keys: customerKeys})
	if err != nil {
		return nil, err
	}
	partners, err := jwtverifier.New(jwtverifier.Config{Issuer: "https://partners.example", Audience: "projects", Keys: partnerKeys})
	if err != nil {
		return nil, err
	}
	return jwtverifier.ByIssuer(customers, partners)
}

type row struct {
	Subject   string
	Scopes    []string
	ExpiresAt time.Time
}

type database interface {
	APIKey(ctx context.Context, sum []byte) (row, error)
}

func opaqueTokens(db database, jwts bearergate.Verifier) bearergate.Verifier {
	lookup := func(ctx context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
		row, err := db.APIKey(ctx, sum[:])
		if errors.Is(err, sql.ErrNoRows) {
			return bearergate.Claims{}, bearergate.ErrInvalidToken // 401
		}
		if err != nil {
			return bearergate.Claims{}, err // 503
		}
		return bearergate.Claims{
			Type:      bearergate.AccessToken,
			Subject:   row.Subject,
			Scopes:    row.Scopes,
			ExpiresAt: row.ExpiresAt, // required, as the type is
		}, nil
	}
	return bearergate.ByPrefix("key_", bearergate.NewOpaqueVerifier("key_", lookup), jwts)
}

func email(w http.ResponseWriter, r *http.Request) {
	token, _ := bearergate.TokenFrom(r.Context())
	var claims struct {
		Email string `json:"email"`
	}
	if err := token.Decode(&claims); err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	w.Write([]byte(claims.Email))
}

type keyTable map[string]row

func (t keyTable) APIKey(_ context.Context, sum []byte) (row, error) {
	found, ok := t[string(sum)]
	if !ok {
		return row{}, sql.ErrNoRows
	}
	return found, nil
}

func TestOpaqueTokensOfTokensPage(t *testing.T) {
	sum := sha256.Sum256([]byte("key_1"))
	table := keyTable{string(sum[:]): {Subject: "user-1", ExpiresAt: time.Now().Add(time.Hour)}}
	issuer := bearergatetest.NewIssuer()
	api := bearergate.RequireToken(opaqueTokens(table, issuer.Verifier()))(ok)
	for token, want := range map[string]int{"key_1": 200, "key_2": 401, issuer.Token(): 200} {
		if got := status(api, "GET", "/", token); got != want {
			t.Errorf("%.9s: got %d, want %d", token, got, want)
		}
	}
}

func TestRawClaimsOfTokensPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	api := bearergate.RequireToken(issuer.Verifier())(http.HandlerFunc(email))
	answer := httptest.NewRecorder()
	token := issuer.Token(bearergatetest.WithClaim("email", "ana@example.com"))
	api.ServeHTTP(answer, bearergatetest.NewRequest("GET", "/", token))
	if got := answer.Body.String(); got != "ana@example.com" {
		t.Errorf("got %q, want the e-mail of the token", got)
	}
}

func TestSeveralIssuersOfTokensPage(t *testing.T) {
	var sources []jwtverifier.KeySource
	for _, issuer := range []*bearergatetest.Issuer{bearergatetest.NewIssuer(), bearergatetest.NewStranger()} {
		keys, err := jwtverifier.StaticKeys(issuer.JWKSet())
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, keys)
	}
	if _, err := severalIssuers(sources[0], sources[1]); err != nil {
		t.Error(err)
	}
}
