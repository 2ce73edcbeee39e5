package installation_test

import (
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/installation/opaquetest"
)

// Rules: S4.38.
func TestCachedTokensPassTheSuite(t *testing.T) {
	opaquetest.Run(t, func(t *testing.T) func() installation.TokenStore {
		memory := new(installation.MemoryTokens)
		cached, err := bearergate.NewCachedLookup(memory.Lookup, bearergate.CacheConfig{})
		if err != nil {
			t.Fatal(err)
		}
		return func() installation.TokenStore { return installation.NewTokenStore(memory.Save, cached.Lookup) }
	})
}

func TestTokenStoreOfNilFunctionsPanics(t *testing.T) {
	tokens := new(installation.MemoryTokens)
	for missing, construct := range map[string]func(){
		"save":   func() { installation.NewTokenStore(nil, tokens.Lookup) },
		"lookup": func() { installation.NewTokenStore(tokens.Save, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("NewTokenStore without %s: got no panic, want one", missing)
				}
			}()
			construct()
		}()
	}
}
