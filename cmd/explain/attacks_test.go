package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
)

func TestScopeThatIsNoneIsAnError(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	defer server.Close()
	for _, scope := range []string{"", "a b", `"`} {
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("-scope %q: got the panic %v, want a message and status 1", scope, p)
				}
			}()
			var out bytes.Buffer
			run([]string{"-issuer", issuer.URL, "-audience", issuer.Audience, "-scope", scope}, strings.NewReader(issuer.AccessToken()), &out, &out)
		}()
	}
}

func TestEmptyPathIsAnError(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	defer server.Close()
	for _, flag := range []string{"-audience-claim", "-client-claim", "-type-claim"} {
		var out bytes.Buffer
		if status := run([]string{"-issuer", issuer.URL, "-audience", issuer.Audience, flag, "[]"}, strings.NewReader(issuer.AccessToken()), &out, &out); status == 0 {
			t.Errorf("%s []: got the token accepted, want the empty path refused", flag)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// Terminals obey escape sequences.
func TestOutputIsPlainText(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	defer server.Close()
	evil := "\x1b[2J\x9b31m\u202e\u2028\t\v\r\n\u0007" + strings.Repeat("z", 5000)
	args := []string{"-issuer", issuer.URL, "-audience", issuer.Audience, "-require", "x=1"}
	tokens := []string{strings.Repeat(evil, 3), "a\x1b[2J.b.c", "Bearer \x1b[2J"}
	for _, claim := range []string{"iss", "aud", "sub", "client_id", "x", "type", "scope", "organizationId"} {
		tokens = append(tokens, issuer.AccessToken(bearergatetest.WithClaim(claim, evil)))
	}
	for _, header := range []string{"kid", "typ", "alg"} {
		tokens = append(tokens, issuer.AccessToken(bearergatetest.WithHeader(header, evil)))
	}
	tokens = append(tokens, issuer.AccessToken(bearergatetest.WithClaim("client_id", evil), bearergatetest.WithClaim("x", 1)))
	for i, token := range tokens {
		var out bytes.Buffer
		run(args, strings.NewReader(token), &out, &out)
		for _, c := range out.String() {
			if c < ' ' && c != '\n' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x202e || c == 0x2028 {
				t.Errorf("token %d: got %U in the output", i, c)
				break
			}
		}
	}
	began := time.Now()
	var out bytes.Buffer
	if status := run(args, endless{}, &out, &out); status != 1 || time.Since(began) > 5*time.Second || strings.Contains(out.String(), "aaaaaaa") {
		t.Errorf("endless input: got %d after %v: %.200s", status, time.Since(began), fmt.Sprint(&out))
	}
}
