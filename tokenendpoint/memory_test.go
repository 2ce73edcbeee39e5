package tokenendpoint_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/bearergate/bearergate/tokenendpoint/storetest"
)

// Rules: S7.32, S7.42, S7.52.
func TestMemoryStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() tokenendpoint.Store {
		store := new(tokenendpoint.MemoryStore)
		return func() tokenendpoint.Store { return store }
	})
}

// codeOf returns a code of a user.
func codeOf(subject string) tokenendpoint.AuthorizationCode {
	return tokenendpoint.AuthorizationCode{Authorization: tokenendpoint.Authorization{ClientID: "app", Subject: subject}, ExpiresAt: time.Now().Add(10 * time.Minute)}
}

func numbered(n int) tokenendpoint.Sum { return sha256.Sum256(fmt.Append(nil, n)) }

func TestFullMemoryStoreForgetsTheCodesOfThoseThatHaveMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(tokenendpoint.MemoryStore)
		save := func(sum tokenendpoint.Sum, subject string) {
			if err := store.SaveCode(t.Context(), sum, codeOf(subject)); err != nil {
				t.Fatalf("got %v, want no error", err)
			}
		}
		save(tokenendpoint.Sum{1}, "bystander")
		for i := range 1 << 17 {
			save(numbered(i), fmt.Sprint("attacker ", i%100))
		}
		save(tokenendpoint.Sum{2}, "newcomer")
		for _, sum := range []tokenendpoint.Sum{{1}, {2}, numbered(1<<17 - 1)} {
			if _, found, _ := store.Code(t.Context(), sum); !found {
				t.Errorf("%x: got the code forgotten, want it kept", sum[:2])
			}
		}
		if codes, _ := store.Len(); codes > 1<<16 {
			t.Errorf("got %d codes kept, want %d at most", codes, 1<<16)
		}
		time.Sleep(10*time.Minute + time.Second)
		save(tokenendpoint.Sum{3}, "newcomer")
		if codes, _ := store.Len(); codes != 1 {
			t.Errorf("got %d codes kept, want the one that lives", codes)
		}
	})
}

func TestUnusedCodesAreForgottenBeforeUsedOnes(t *testing.T) {
	store := new(tokenendpoint.MemoryStore)
	for i := range 3000 {
		store.SaveCode(t.Context(), numbered(i), codeOf("user"))
		if i < 3 {
			store.Consume(t.Context(), numbered(i), time.Now(), tokenendpoint.Family{Version: 1})
		}
	}
	for i, want := range map[int]bool{0: true, 2: true, 3: false, 1978: false, 1979: true, 2999: true} {
		if _, found, _ := store.Code(t.Context(), numbered(i)); found != want {
			t.Errorf("code %d: got found %v, want %v", i, found, want)
		}
	}
}

// Rules: S7.47.
func TestFamilyIsOneRecordHoweverOftenItIsRotated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		history := []tokens{first}
		for range 1000 {
			history = append(history, tr.succeeds(asApp(refreshing(history[len(history)-1].RefreshToken))))
		}
		family := tr.family(first)
		if _, families := tr.memory.Len(); families != 1 || len(family.Retired) > 16 {
			t.Errorf("got %d families and %d retired tokens, want 1 and 16 at most", families, len(family.Retired))
		}
		time.Sleep(time.Minute)
		tr.refuses(asApp(refreshing(history[0].RefreshToken)), bearergate.ErrInvalidGrant)
		tr.refuses(asApp(refreshing(history[1000].RefreshToken)), bearergate.ErrInvalidGrant)

		for range 3000 {
			tr.succeeds(asApp(exchange(tr.code())))
			time.Sleep(time.Hour)
		}
		codes, families := tr.memory.Len()
		if living := 30*24 + 1; codes > 1 || families > living+1 {
			t.Errorf("got %d codes and %d families, want no more than the %d that live", codes, families, living)
		}
	})
}
