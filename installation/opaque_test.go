package installation_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/installation/opaquetest"
)

func TestMemoryTokens(t *testing.T) {
	opaquetest.Run(t, func(*testing.T) func() installation.TokenStore {
		tokens := new(installation.MemoryTokens)
		return func() installation.TokenStore { return tokens }
	})
}

func TestMemoryTokensForgetWhatExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := new(installation.MemoryTokens)
		issue := installation.IssueOpaque("bi_oat_", tokens.Save)
		for range 2 {
			time.Sleep(2 * time.Hour)
			for range 5000 {
				issue(t.Context(), bearergatetest.InstallationClaims())
			}
		}
		if got := tokens.Len(); got > 7000 {
			t.Errorf("got %d tokens kept, want 7,000 at most for the 5,000 that live", got)
		}
	})
}

func TestMemoryTokensKeepATokenForTheLeeway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := new(installation.MemoryTokens)
		issue := installation.IssueOpaque("bi_oat_", tokens.Save)
		verifier := bearergate.NewOpaqueVerifier("bi_oat_", tokens.Lookup)
		token, _ := issue(t.Context(), bearergatetest.InstallationClaims())
		time.Sleep(time.Hour + bearergate.DefaultLeeway - 1)
		for range 5000 {
			issue(t.Context(), bearergatetest.InstallationClaims())
		}
		if _, err := verifier.VerifyToken(t.Context(), token); err != nil {
			t.Errorf("within the leeway: got %v, want the token", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := verifier.VerifyToken(t.Context(), token); !errors.Is(err, bearergate.ErrInvalidToken) {
			t.Errorf("after the leeway: got %v, want %v", err, bearergate.ErrInvalidToken)
		}
	})
}

func TestOpaqueTokenIsSavedByItsHashAlone(t *testing.T) {
	var saved [32]byte
	issue := installation.IssueOpaque("bi_oat_", func(_ context.Context, sum [32]byte, _ bearergate.Claims) error { saved = sum; return nil })
	seen := make(map[string]bool)
	for range 1000 {
		token, err := issue(t.Context(), bearergatetest.InstallationClaims())
		if err != nil {
			t.Fatal(err)
		}
		secret, ok := strings.CutPrefix(token, "bi_oat_")
		if !ok || len(secret) != 43 || seen[secret] {
			t.Fatalf("got the token %q, want bi_oat_ and 43 characters that never came before", token)
		}
		seen[secret] = true
		if want := sha256.Sum256([]byte(token)); saved != want {
			t.Fatalf("got it saved by %x, want its SHA-256 %x", saved, want)
		}
	}
}

func TestIssueOpaquePanicsIfWiredWrongly(t *testing.T) {
	save := new(installation.MemoryTokens).Save
	for name, f := range map[string]func(){
		"no save":      func() { installation.IssueOpaque("x", nil) },
		"no prefix":    func() { installation.IssueOpaque("", save) },
		"a bad prefix": func() { installation.IssueOpaque("bi oat", save) },
	} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "installation: IssueOpaque ") {
					t.Errorf("%s: got the panic %q, want a sentence", name, text)
				}
			}()
			f()
		}()
	}
}
