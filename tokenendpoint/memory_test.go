package tokenendpoint_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/tokenendpoint"
)

func TestMemoryStore(t *testing.T) {
	bearergatetest.TestTokenStore(t, func(*testing.T) tokenendpoint.Store { return new(tokenendpoint.MemoryStore) })
}

func TestMemoryStoreIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(tokenendpoint.MemoryStore)
		code := tokenendpoint.Code{ExpiresAt: time.Now().Add(10 * time.Minute)}
		save := func(n int) (err error) {
			for i := range n {
				err = store.SaveCode(t.Context(), tokenendpoint.Sum{byte(i), byte(i >> 8), byte(i >> 16), byte(time.Now().Unix())}, code)
			}
			return err
		}
		if err := save(1 << 17); err == nil {
			t.Error("131,072 codes were kept")
		}
		if codes, _, _ := store.Len(); codes > 1<<16 {
			t.Errorf("%d codes are kept", codes)
		}
		time.Sleep(10*time.Minute + time.Second)
		code.ExpiresAt = time.Now().Add(10 * time.Minute)
		if err := save(1); err != nil {
			t.Errorf("once all have expired: %v", err)
		}
		if codes, _, _ := store.Len(); codes != 1 {
			t.Errorf("%d codes are kept, of which one lives", codes)
		}
	})
}

func TestRetiredTokensAreRememberedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		history := []tokens{first}
		for range 1000 {
			history = append(history, tr.succeeds(asApp(refreshing(history[len(history)-1].RefreshToken))))
		}
		if _, tokens, families := tr.memory.Len(); tokens != 33 || families != 1 {
			t.Errorf("keeps %d refresh tokens in %d families", tokens, families)
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
			t.Errorf("keeps %d codes, %d tokens, %d families, of which %d live", codes, tokens, families, living)
		}
	})
}
