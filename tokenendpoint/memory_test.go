package tokenendpoint_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/bearergate/bearergate/tokenendpoint/storetest"
)

// Rules: S7.32, S7.42, S7.52.
func TestMemoryStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) tokenendpoint.Store { return new(tokenendpoint.MemoryStore) })
}

func TestMemoryStoreIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(tokenendpoint.MemoryStore)
		code := tokenendpoint.AuthorizationCode{ExpiresAt: time.Now().Add(10 * time.Minute)}
		save := func(n int) (err error) {
			for i := range n {
				err = store.SaveCode(t.Context(), tokenendpoint.Sum{byte(i), byte(i >> 8), byte(i >> 16), byte(time.Now().Unix())}, code)
			}
			return err
		}
		if err := save(1 << 17); err == nil {
			t.Error("got 131,072 codes kept, want an error")
		}
		if codes, _, _ := store.Len(); codes > 1<<16 {
			t.Errorf("got %d codes kept, want %d at most", codes, 1<<16)
		}
		time.Sleep(10*time.Minute + time.Second)
		code.ExpiresAt = time.Now().Add(10 * time.Minute)
		if err := save(1); err != nil {
			t.Errorf("once all have expired: got %v, want no error", err)
		}
		if codes, _, _ := store.Len(); codes != 1 {
			t.Errorf("got %d codes kept, want the one that lives", codes)
		}
	})
}

// Rules: S7.47.
func TestRetiredTokensAreRememberedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		history := []tokens{first}
		for range 1000 {
			history = append(history, tr.succeeds(asApp(refreshing(history[len(history)-1].RefreshToken))))
		}
		if _, tokens, families := tr.memory.Len(); tokens != 33 || families != 1 {
			t.Errorf("got %d refresh tokens in %d families, want 33 in 1", tokens, families)
		}
		time.Sleep(time.Minute)
		tr.refuses(asApp(refreshing(history[0].RefreshToken)), bearergate.ErrInvalidGrant)
		last := tr.succeeds(asApp(refreshing(history[1000].RefreshToken)))
		time.Sleep(time.Minute)
		tr.refuses(asApp(refreshing(history[990].RefreshToken)), bearergate.ErrInvalidGrant)
		tr.refuses(asApp(refreshing(last.RefreshToken)), bearergate.ErrInvalidGrant)

		connected := 0
		for range 3000 {
			tr.succeeds(asApp(exchange(tr.code())))
			connected++
			time.Sleep(time.Hour)
		}
		codes, tokens, families := tr.memory.Len()
		if living := 30 * 24; codes > 2*living || tokens > 4*living+1024 || families != tokens {
			t.Errorf("got %d codes, %d tokens and %d families, want no more than twice the %d that live", codes, tokens, families, living)
		}
	})
}
