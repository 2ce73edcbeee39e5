package jwtverifier_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// badTokens are refused for as many reasons. Those of two names differ in all that a
// reason quotes.
func badTokens(name string) []string {
	header, payload, signature := segments(issuer.AccessToken(bearergatetest.WithClaim("sub", name)))
	return []string{
		name, header + ".", "x.y.z", "a" + strings.Repeat(".", 1+len(name)), header + "." + payload + ".", header + ".\n." + signature,
		encode(`{"alg":"RS256","kid":"`+name+`","kid":0}`) + "." + payload + "." + signature,
		encode(`{"alg":"`+name+`","kid":"`+name+`"}`) + "." + payload + "." + signature,
		encode(`{"alg":"RS256","kid":"`+name+`"}`) + "." + payload + "." + signature,
		header + "." + payload + "." + encode(name),
		issuer.AccessToken(bearergatetest.WithHeader("typ", name)),
		issuer.AccessToken(bearergatetest.WithClaim("iss", name)),
		issuer.AccessToken(bearergatetest.WithClaim("aud", name)),
		issuer.AccessToken(bearergatetest.WithClaim("aud", []string{name, name + name})),
		issuer.AccessToken(bearergatetest.WithClaim("sub", "")),
		issuer.AccessToken(bearergatetest.WithClaim("scope", len(name))),
		issuer.AccessToken(bearergatetest.WithClaim("exp", 1000+len(name))),
		issuer.AccessToken(bearergatetest.WithClaim("nbf", 1<<36+len(name))),
		issuer.AccessToken(bearergatetest.WithClaim("type", name)),
		issuer.AccessToken(bearergatetest.WithClaim("env", name)),
	}
}

func requiringEnv(t *testing.T) *jwtverifier.Verifier {
	return newVerifier(t, func(c *jwtverifier.Config) { c.RequiredClaims = map[string]string{"env": "test"} })
}

// TestReasonIsThatOfItsTokenWheneverItIsRead reads the reasons at once, and again
// after other tokens were refused.
func TestReasonIsThatOfItsTokenWheneverItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		single := requiringEnv(t)
		several, err := jwtverifier.ByIssuer(single)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []bearergate.Verifier{single, several} {
			reasons := make(map[error]string)
			for _, name := range []string{"a", "another", "the longest name of all three"} {
				for _, token := range badTokens(name) {
					_, err := v.VerifyToken(t.Context(), token)
					if !errors.Is(err, bearergate.ErrInvalidToken) {
						t.Errorf("got %v, want %q refused", err, token)
					}
					reasons[err] = err.Error()
				}
			}
			for err, want := range reasons {
				if got := err.Error(); got != want {
					t.Errorf("got the reason %q later, want %q as at first", got, want)
				}
			}
		}
	})
}

func TestReasonsCanBeReadWhileOtherTokensAreVerified(t *testing.T) {
	v := requiringEnv(t)
	good := issuer.AccessToken(bearergatetest.WithClaim("env", "test"))
	var users sync.WaitGroup
	for n := range 4 {
		tokens := badTokens(fmt.Sprint("user", n))
		users.Go(func() {
			for range 20 {
				for _, token := range tokens {
					_, err := v.VerifyToken(t.Context(), token)
					accepts(t, v, good)
					if got, again := err.Error(), err.Error(); got != again {
						t.Errorf("got %q, then %q", got, again)
					}
				}
			}
		})
	}
	users.Wait()
}

// TestMalformedTokenCostsLittle counts allocations: anyone can send such tokens.
func TestMalformedTokenCostsLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops buffers at random with -race")
	}
	v := issuer.Verifier()
	header, payload, _ := segments(issuer.AccessToken())
	for name, token := range map[string]string{"no JWT": "x.y.z", "no signature": header + "." + payload + "."} {
		got := testing.AllocsPerRun(1000, func() { v.VerifyToken(t.Context(), token) })
		if got > 2 {
			t.Errorf("%s: got %v allocations, want at most 2", name, got)
		}
	}
}
