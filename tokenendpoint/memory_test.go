package tokenendpoint_test

import (
	"context"
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

func TestMemoryStoreRemovesWhatExpiredAsItGrowsAndOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(tokenendpoint.MemoryStore)
		saved := 0
		save := func(n int) {
			for range n {
				saved++
				code := codeOf(fmt.Sprint("user ", saved))
				code.ExpiresAt = time.Now().Add(time.Second)
				store.SaveCode(t.Context(), numbered(saved), code)
			}
		}
		wantCodes := func(want int) {
			t.Helper()
			if got, _ := store.Len(); got != want {
				t.Errorf("after %d codes: got %d kept, want %d", saved, got, want)
			}
		}
		save(1024)
		time.Sleep(2 * time.Second)
		wantCodes(1024)
		save(1)
		wantCodes(1)
		time.Sleep(57 * time.Second)
		save(1)
		wantCodes(2)
		time.Sleep(4 * time.Second)
		save(1)
		wantCodes(1)
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

func TestFullMemoryStoreOfOwnersWithOneCodeForgetsOne(t *testing.T) {
	store := new(tokenendpoint.MemoryStore)
	for i := range 1<<16 + 1 {
		store.SaveCode(t.Context(), numbered(i), codeOf(fmt.Sprint("user ", i)))
	}
	if codes, _ := store.Len(); codes != 1<<16 {
		t.Errorf("got %d codes kept, want %d", codes, 1<<16)
	}
}

func TestOldestCodeOfAnOwnerIsForgotten(t *testing.T) {
	for name, used := range map[string]bool{"all unused": false, "all used": true} {
		store := new(tokenendpoint.MemoryStore)
		for i := range 1025 {
			store.SaveCode(t.Context(), numbered(i), codeOf("user"))
			if used {
				store.Consume(t.Context(), numbered(i), time.Now(), tokenendpoint.Family{Version: 1})
			}
		}
		for i, want := range map[int]bool{0: false, 1: true, 1024: true} {
			if _, found, _ := store.Code(t.Context(), numbered(i)); found != want {
				t.Errorf("%s, code %d: got found %v, want %v", name, i, found, want)
			}
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
		if _, families := tr.memory.Len(); families != 1 || len(family.Retired) > 64 {
			t.Errorf("got %d families and %d retired tokens, want 1 and 64 at most", families, len(family.Retired))
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

func TestEveryWriteOfTheMemoryStoreRemovesWhatExpired(t *testing.T) {
	for name, write := range map[string]func(*tokenendpoint.MemoryStore) (bool, error){
		"SaveCode": func(m *tokenendpoint.MemoryStore) (bool, error) {
			return true, m.SaveCode(context.Background(), numbered(9), codeOf("user"))
		},
		"Consume": func(m *tokenendpoint.MemoryStore) (bool, error) {
			outcome, err := m.Consume(context.Background(), numbered(2), time.Now(), tokenendpoint.Family{Version: 1})
			return outcome == tokenendpoint.Fresh, err
		},
		"ReplaceFamily": func(m *tokenendpoint.MemoryStore) (bool, error) {
			return m.ReplaceFamily(context.Background(), tokenendpoint.Family{Authorization: tokenendpoint.Authorization{FamilyID: "lives"}, Version: 2})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := new(tokenendpoint.MemoryStore)
			for n, id := range []string{"expires", "lives"} {
				store.SaveCode(t.Context(), numbered(n), codeOf("user"))
				store.Consume(t.Context(), numbered(n), time.Now(), tokenendpoint.Family{
					Authorization: tokenendpoint.Authorization{FamilyID: id}, Version: 1, ExpiresAt: time.Now().Add(time.Duration(1+n*3600) * time.Second),
				})
			}
			store.SaveCode(t.Context(), numbered(2), codeOf("user"))
			time.Sleep(2 * time.Minute)
			if ok, err := write(store); !ok || err != nil {
				t.Errorf("%s: got %v, %v, want true", name, ok, err)
			}
			if _, found, _ := store.Family(t.Context(), "expires"); found {
				t.Errorf("%s: got the expired family kept, want it removed", name)
			}
		})
	}
}

// TestEmptiedOwnerHasAsManyCodesAsAnyOther begins with enough codes of others that the
// store does not remove what expired meanwhile.
func TestEmptiedOwnerHasAsManyCodesAsAnyOther(t *testing.T) {
	for name, empty := range map[string]func(*tokenendpoint.MemoryStore){
		"revoked":     func(m *tokenendpoint.MemoryStore) { m.RevokeGrant(context.Background(), "grant") },
		"saved again": func(m *tokenendpoint.MemoryStore) { m.SaveCode(context.Background(), numbered(0), codeOf("another")) },
	} {
		store := new(tokenendpoint.MemoryStore)
		for n := range 1100 {
			store.SaveCode(t.Context(), numbered(-1-n), codeOf(fmt.Sprint("other ", n)))
		}
		only := codeOf("user")
		only.GrantID = "grant"
		store.SaveCode(t.Context(), numbered(0), only)
		empty(store)
		before, _ := store.Len()
		for n := range 1500 {
			store.SaveCode(t.Context(), numbered(n+1), codeOf("user"))
		}
		if codes, _ := store.Len(); codes-before != 1024 {
			t.Errorf("%s: got %d codes of the user, want 1024", name, codes-before)
		}
	}
}

func TestCodeThatIsSavedAgainCountsOnce(t *testing.T) {
	store := new(tokenendpoint.MemoryStore)
	for n := range 1025 {
		store.SaveCode(t.Context(), numbered(min(n, 1)), codeOf("user"))
	}
	if codes, _ := store.Len(); codes != 2 {
		t.Errorf("got %d codes kept, want 2", codes)
	}
}
