package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// unrouted returns a request that no router has routed yet.
func unrouted() *http.Request {
	r := must(http.NewRequest("GET", "/orgs/"+organization+"/projects", nil))
	r.RemoteAddr = "192.0.2.1:1234"
	return r
}

func routed() *http.Request {
	r := unrouted()
	r.SetPathValue("org", organization)
	return r
}

// request returns a request with the token, or without one if token is empty.
func request(token string) *http.Request {
	r := routed()
	if token != "" {
		r.Header["Authorization"] = []string{"Bearer " + token}
	}
	return r
}

// responseWriter keeps only the status.
type responseWriter struct {
	header http.Header
	status int
}

func (w *responseWriter) Header() http.Header         { return w.header }
func (w *responseWriter) WriteHeader(status int)      { w.status = status }
func (w *responseWriter) Write(p []byte) (int, error) { return len(p), nil }

func answer(h http.Handler, r *http.Request) int {
	w := &responseWriter{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(w, r)
	return w.status
}

// requests serves requests with the tokens in turn, on all cores of the benchmark.
// Each core begins with a random token.
func requests(h http.Handler, status int, tokens ...string) func(*testing.B) {
	return requestsAs(routed, h, status, tokens...)
}

func requestsAs(newRequest func() *http.Request, h http.Handler, status int, tokens ...string) func(*testing.B) {
	values := make([][]string, len(tokens))
	for i, token := range tokens {
		values[i] = request(token).Header["Authorization"]
	}
	return func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			w := &responseWriter{header: make(http.Header, 8)}
			r := newRequest()
			n := rand.IntN(len(values))
			for pb.Next() {
				clear(w.header)
				w.status = http.StatusOK
				if value := values[n%len(values)]; value != nil {
					r.Header["Authorization"] = value
				} else {
					delete(r.Header, "Authorization")
				}
				n++
				h.ServeHTTP(w, r)
				if w.status != status {
					b.Errorf("answered %d, want %d", w.status, status)
					return
				}
			}
		})
	}
}

func onEachCore(f func() bool) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if !f() {
					b.Error("failed")
				}
			}
		})
	}
}

// signatureCheck only verifies the signatures of the tokens, the least that a stack
// must do.
func signatureCheck(s signer, tokens ...string) func(*testing.B) {
	inputs, signatures := make([][]byte, len(tokens)), make([][]byte, len(tokens))
	for i, token := range tokens {
		at := strings.LastIndexByte(token, '.')
		inputs[i] = []byte(token[:at])
		signatures[i] = must(base64.RawURLEncoding.DecodeString(token[at+1:]))
	}
	return func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n++ {
				if i := n % len(tokens); !s.verify(inputs[i], signatures[i]) {
					b.Error("failed")
				}
			}
		})
	}
}

func (s signer) verify(input, signature []byte) bool {
	if key, ok := s.public.(ed25519.PublicKey); ok {
		return ed25519.Verify(key, input, signature)
	}
	if secret, ok := s.public.([]byte); ok {
		h := hmac.New(sha256.New, secret)
		h.Write(input)
		return hmac.Equal(h.Sum(nil), signature)
	}
	sum := sha256.Sum256(input)
	if key, ok := s.public.(*rsa.PublicKey); ok {
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
	r, sig := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(s.public.(*ecdsa.PublicKey), sum[:], r, sig)
}

// sumOf hashes a token, the least that finds it in a cache without keeping it.
func sumOf(token string) func(*testing.B) {
	bytes := []byte(token)
	return onEachCore(func() bool { return sha256.Sum256(bytes) != [sha256.Size]byte{} })
}

func floors(token string) []measurement {
	return []measurement{
		{"work=floor/alg=/stack=sha256", sumOf(token)},
		{"work=floor/alg=/stack=handler", requests(handled, http.StatusOK, "x")},
	}
}

var algorithms = []string{"RS256", "ES256", "EdDSA", "HS256"}

// comparisons measures ours and the peers on the same work.
func comparisons() []measurement {
	var ms []measurement
	for _, algorithm := range algorithms {
		works := []string{"repeated", "first-sight"}
		if algorithm == "RS256" {
			works = append(works, "1000-tokens", "absent", "garbage", "expired", "forged")
		}
		ms = append(ms, againstPeers(algorithm, works...)...)
	}
	return append(ms, floors(newSigner("RS256").token(0))...)
}

// againstPeers measures each stack on these works.
func againstPeers(algorithm string, works ...string) []measurement {
	s := newSigner(algorithm)
	tokens := s.tokens(1000)
	var ms []measurement
	for _, work := range works {
		add := func(stack string, run func(*testing.B)) {
			ms = append(ms, measurement{"work=" + work + "/alg=" + algorithm + "/stack=" + stack, run})
		}
		for _, st := range stacks {
			add(st.name, st.doing(work, s, tokens))
		}
		if work == "first-sight" {
			add("signature", signatureCheck(s, tokens...))
		}
	}
	return ms
}

// doing returns what serves requests of a kind.
func (st stack) doing(work string, s signer, tokens []string) func(*testing.B) {
	h := st.guard(s)
	switch work {
	case "repeated":
		return requests(h, http.StatusOK, tokens[0])
	case "first-sight":
		return requests(st.forgetful(s), http.StatusOK, tokens...)
	case "1000-tokens":
		warm(h, tokens)
		return requests(h, http.StatusOK, tokens...)
	}
	token := map[string]func() string{
		"absent": func() string { return "" }, "garbage": func() string { return "x.y.z" }, "expired": s.expired,
		"forged": func() string { return withSignatureOf(tokens[1], tokens[0]) },
	}[work]()
	return requests(h, statusOf(h, token), token)
}

// withSignatureOf returns a token with the signature of another one. RSA refuses some signatures
// of another key at once, since they are larger than the modulus.
func withSignatureOf(other, token string) string {
	return token[:strings.LastIndexByte(token, '.')] + other[strings.LastIndexByte(other, '.'):]
}

// forgetful returns the stack with a cache that is too small for a token to be in it
// when it comes again.
func (st stack) forgetful(s signer) http.Handler {
	switch st.name {
	case ours:
		return chain(s, 8)
	case tokenOnly:
		return token(s, 8)
	}
	return st.guard(s)
}

// warm sends each token to a stack once.
func warm(h http.Handler, tokens []string) {
	for _, token := range tokens {
		answer(h, request(token))
	}
}

func statusOf(h http.Handler, token string) int { return answer(h, request(token)) }

// manyTokens measures 100,000 tokens in turn, with the default cache, which has
// fewer places, and with one that has enough. EdDSA signs them in a few seconds.
func manyTokens() []measurement {
	s := newSigner("EdDSA")
	tokens := s.tokens(100_000)
	var ms []measurement
	add := func(stack string, h http.Handler) {
		if strings.HasPrefix(stack, ours) {
			warm(h, tokens) // the others cache nothing
		}
		ms = append(ms, measurement{"work=100000-tokens/alg=EdDSA/stack=" + stack, requests(h, http.StatusOK, tokens...)})
	}
	for _, st := range stacks {
		add(st.name, st.guard(s))
	}
	add("bearergate-larger-cache", chain(s, 1<<19))
	return ms
}
