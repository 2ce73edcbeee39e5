package sql_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// BenchmarkRotate compares ReplaceFamily with the same statement alone, and in a
// transaction.
func BenchmarkRotate(b *testing.B) {
	for _, e := range durable {
		b.Run(e.name+"/store", func(b *testing.B) {
			codes := e.database(b).store(b).Codes()
			family := begin(b, codes, newFamily("grant", "family"))
			for b.Loop() {
				family = rotated(family)
				if replaced, err := codes.ReplaceFamily(b.Context(), family); !replaced || err != nil {
					b.Fatal(replaced, err)
				}
			}
		})
		b.Run(e.name+"/bare transaction", func(b *testing.B) { benchmarkBare(b, e, inTransaction) })
		b.Run(e.name+"/bare statement", func(b *testing.B) {
			benchmarkBare(b, e, func(ctx context.Context, db *sql.DB, statement string, args ...any) error {
				_, err := db.ExecContext(ctx, statement, args...)
				return err
			})
		})
	}
}

func inTransaction(ctx context.Context, db *sql.DB, statement string, args ...any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
		return err
	}
	return tx.Commit()
}

func benchmarkBare(b *testing.B, e engine, run func(ctx context.Context, db *sql.DB, statement string, args ...any) error) {
	d := e.database(b)
	db := d.pool(b)
	begin(b, d.storeOf(b, db).Codes(), newFamily("grant", "family"))
	var record string
	if err := db.QueryRow("SELECT record FROM " + d.table("families")).Scan(&record); err != nil {
		b.Fatal(err)
	}
	statement := "UPDATE " + d.table("families") + " SET grant_id = $3, version = $4, expires_at = $5, record = $6 WHERE id = $1 AND version = $2"
	expiry := time.Now().Add(time.Hour).UnixMicro()
	for version := int64(1); b.Loop(); version++ {
		if err := run(b.Context(), db, statement, []byte("family"), version, []byte("grant"), version+1, expiry+version, record); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead compares what each request reads with a bare SELECT.
func BenchmarkRead(b *testing.B) {
	for _, e := range durable {
		d := e.database(b)
		s, db, sum := d.store(b), d.pool(b), newSum()
		claims := bearergate.Claims{Type: bearergate.AccessToken, GrantID: "grant", Scopes: []string{"a"}, ExpiresAt: time.Now().Add(time.Hour)}
		if err := s.OpaqueTokens().Save(b.Context(), sum, claims); err != nil {
			b.Fatal(err)
		}
		b.Run(e.name+"/store", func(b *testing.B) {
			for b.Loop() {
				if _, err := s.OpaqueTokens().Lookup(b.Context(), sum); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(e.name+"/bare", func(b *testing.B) {
			var record string
			for b.Loop() {
				if err := db.QueryRowContext(b.Context(), "SELECT record FROM "+d.table("opaque_tokens")+" WHERE sum = $1", sum[:]).Scan(&record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkExchange stores a code and consumes it.
func BenchmarkExchange(b *testing.B) {
	for _, e := range durable {
		b.Run(e.name, func(b *testing.B) {
			codes := e.database(b).store(b).Codes()
			for b.Loop() {
				sum := newSum()
				if err := codes.SaveCode(b.Context(), sum, newCode("grant")); err != nil {
					b.Fatal(err)
				}
				if outcome, err := codes.Consume(b.Context(), sum, time.Now(), newFamily("grant", string(sum[:]))); outcome != tokenendpoint.Fresh || err != nil {
					b.Fatal(outcome, err)
				}
			}
		})
	}
}
