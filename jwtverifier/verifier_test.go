package jwtverifier_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

var issuer = bearergatetest.NewIssuer()

// newVerifier changes the configuration of the issuer's verifier.
func newVerifier(t testing.TB, change func(*jwtverifier.Config)) *jwtverifier.Verifier {
	t.Helper()
	config := issuer.Config()
	if change != nil {
		change(&config)
	}
	v, err := jwtverifier.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func accepts(t *testing.T, v bearergate.Verifier, token string) *bearergate.Token {
	t.Helper()
	got, err := v.VerifyToken(context.Background(), token)
	if err != nil {
		t.Errorf("got %v, want it accepted", err)
		return bearergate.NewToken(bearergate.Claims{})
	}
	return got
}

// refuses wants the token to be invalid, which a fault of ours would not say.
func refuses(t *testing.T, v bearergate.Verifier, token string) {
	t.Helper()
	got, err := v.VerifyToken(context.Background(), token)
	if !errors.Is(err, bearergate.ErrInvalidToken) || got != nil {
		t.Errorf("got %v, %v, want it refused as invalid", got, err)
	}
	if token != "" && err != nil && strings.Contains(err.Error(), token) {
		t.Errorf("got the token in the error, want it nowhere: %v", err)
	}
}

// Rules: S3a.7, S3a.18, S3a.60.
func TestGoodTokensAreAccepted(t *testing.T) {
	v := issuer.Verifier()
	for _, algorithm := range []string{bearergatetest.RS256, bearergatetest.PS256, bearergatetest.ES256, bearergatetest.EdDSA} {
		t.Run(algorithm, func(t *testing.T) {
			signed := bearergatetest.SignedWith(algorithm)
			if got := accepts(t, v, issuer.AccessToken(signed)).Type(); got != bearergate.AccessToken {
				t.Errorf("got type %q, want access", got)
			}
			if got := accepts(t, v, issuer.InstallationToken(signed)).Type(); got != bearergate.InstallationToken {
				t.Errorf("got type %q, want installation", got)
			}
			accepts(t, v, issuer.AccessToken(signed, bearergatetest.WithoutHeader("kid")))
			refuses(t, v, bearergatetest.NewStranger().AccessToken(signed))
			refuses(t, v, issuer.AccessToken(signed, bearergatetest.Tampered("admin")))
			refuses(t, v, issuer.AccessToken(signed, bearergatetest.Expired()))
			token := issuer.AccessToken(signed)
			refuses(t, v, token[:len(token)-4]+"AAAA")
			refuses(t, v, token[:len(token)-8])
		})
	}
}

func segments(token string) (header, payload, signature string) {
	s := strings.Split(token, ".")
	return s[0], s[1], s[2]
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func decode(t *testing.T, s string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Rules: S3a.1, S3a.2, S3a.3, S3a.4, S3a.8, S3a.10, S3a.11, S3a.12, S3a.13,
// S3a.14, S3a.19.
func TestForgeriesFail(t *testing.T) {
	v := issuer.Verifier()
	good := issuer.InstallationToken()
	header, payload, signature := segments(good)
	publicPEM := func() []byte {
		der, err := x509.MarshalPKIXPublicKey(issuer.PublicKey(bearergatetest.RS256))
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}()
	stranger := bearergatetest.NewStranger()
	strangersKey := json.RawMessage(stranger.JWKSet()[len(`{"keys":[`):])
	var own map[string]any
	json.NewDecoder(strings.NewReader(string(strangersKey))).Decode(&own)
	outerClaims := `{"iss":"` + bearergatetest.DefaultIssuer + `","aud":"` + bearergatetest.DefaultAudience + `","sub":"root","exp":4102444800}`
	header5 := encode(`{"alg":"RSA-OAEP","enc":"A128GCM"}`)
	options := func(opts ...bearergatetest.TokenOption) string { return issuer.InstallationToken(opts...) }
	hs := bearergatetest.SignedWithSecret
	for name, token := range map[string]string{
		"empty":                    "",
		"no segments":              "bm9zZWdtZW50cw",
		"two segments":             header + "." + payload,
		"four segments":            good + "." + signature,
		"JWE":                      header5 + ".AAAA.AAAA.AAAA.AAAA",
		"empty header":             "." + payload + "." + signature,
		"empty payload":            header + ".." + signature,
		"empty signature":          header + "." + payload + ".",
		"dots alone":               "..",
		"900 KiB of header":        strings.Repeat("A", 900<<10) + "." + payload + "." + signature,
		"flattened JSON":           `{"payload":"` + payload + `","protected":"` + header + `","signature":"` + signature + `"}`,
		"outer claims":             `{"payload":"` + payload + `","protected":"` + header + `","signature":"` + signature + `",` + outerClaims[1:],
		"general JSON":             `{"payload":"` + payload + `","signatures":[{"protected":"` + header + `","signature":"` + signature + `"}]}`,
		"JWS in JWS":               options(bearergatetest.Payload(good), bearergatetest.WithHeader("cty", "JWT")),
		"alg none, signed":         options(bearergatetest.WithHeader("alg", "none")),
		"alg none, unsigned":       options(bearergatetest.SignedWith("none")),
		"alg None":                 encode(`{"alg":"None"}`) + "." + payload + "." + signature,
		"alg absent":               options(bearergatetest.WithoutHeader("alg")),
		"alg of wrong case":        options(bearergatetest.WithHeader("alg", "rs256")),
		"alg empty":                options(bearergatetest.WithHeader("alg", "")),
		"alg not a string":         options(bearergatetest.WithHeader("alg", []string{"RS256"})),
		"alg null":                 options(bearergatetest.WithHeader("alg", nil)),
		"alg of other type":        options(bearergatetest.WithHeader("alg", "ES256")),
		"alg of other hash":        options(bearergatetest.WithHeader("alg", "RS384")),
		"alg of other scheme":      options(bearergatetest.WithHeader("alg", "PS256")),
		"alg not listed":           options(bearergatetest.WithHeader("alg", "ES256K")),
		"alg for encryption":       options(bearergatetest.WithHeader("alg", "RSA-OAEP")),
		"ES256 key, HS256":         options(hs("HS256", []byte(bearergatetest.ES256)), bearergatetest.WithHeader("kid", "ES256")),
		"HMAC, public PEM":         options(hs("HS256", publicPEM), bearergatetest.WithHeader("kid", "RS256")),
		"HMAC, public PEM, no kid": options(hs("HS512", publicPEM), bearergatetest.WithoutHeader("kid")),
		"HMAC, modulus":            options(hs("HS256", issuer.PublicKey(bearergatetest.RS256).(*rsa.PublicKey).N.Bytes()), bearergatetest.WithHeader("kid", "RS256")),
		"HMAC, JWK":                options(hs("HS256", issuer.JWKSet()), bearergatetest.WithHeader("kid", "RS256")),
		"HMAC, empty secret":       options(hs("HS256", []byte{}), bearergatetest.WithoutHeader("kid")),
		"key of another alg":       options(bearergatetest.WithHeader("kid", "ES256")),
		"unknown kid":              options(bearergatetest.WithHeader("kid", "other")),
		"kid of wrong case":        options(bearergatetest.WithHeader("kid", "rs256")),
		"kid not a string":         options(bearergatetest.WithHeader("kid", 7)),
		"embedded jwk":             stranger.InstallationToken(bearergatetest.WithHeader("jwk", own)),
		"jku":                      stranger.InstallationToken(bearergatetest.WithHeader("jku", "http://127.0.0.1:1/keys")),
		"x5u":                      stranger.InstallationToken(bearergatetest.WithHeader("x5u", "http://127.0.0.1:1/keys")),
		"crit":                     options(bearergatetest.WithHeader("crit", []string{"exp"})),
		"crit empty":               options(bearergatetest.WithHeader("crit", []string{})),
		"crit null":                options(bearergatetest.WithHeader("crit", nil)),
		"b64 false":                options(bearergatetest.WithHeader("b64", false)),
		"b64 true":                 options(bearergatetest.WithHeader("b64", true)),
		"enc":                      options(bearergatetest.WithHeader("enc", "A128GCM")),
		"typ of a logout":          options(bearergatetest.WithHeader("typ", "logout+jwt")),
		"typ of a proof":           options(bearergatetest.WithHeader("typ", "dpop+jwt")),
		"typ empty":                options(bearergatetest.WithHeader("typ", "")),
		"typ not a string":         options(bearergatetest.WithHeader("typ", 1)),
		"PSS with longest salt":    options(bearergatetest.SignedWith("PS256"), bearergatetest.PSSSaltLength(rsa.PSSSaltLengthAuto)),
		"PSS with short salt":      options(bearergatetest.SignedWith("PS256"), bearergatetest.PSSSaltLength(31)),
		"PSS with long salt":       options(bearergatetest.SignedWith("PS256"), bearergatetest.PSSSaltLength(64)),
		"space before":             " " + good,
		"space after":              good + " ",
		"line break after":         good + "\n",
		"line broken header":       header[:8] + "\r\n" + header[8:] + "." + payload + "." + signature,
		"line broken payload":      header + "." + payload[:8] + "\n" + payload[8:] + "." + signature,
		"line broken sign":         header + "." + payload + "." + signature[:8] + "\n" + signature[8:],
		"padded signature":         good + "==",
		"padded header":            header + "==." + payload + "." + signature,
		"NUL":                      good + "\x00",
		"unicode digit":            good + "٣",
		"header not JSON":          encode("alg=RS256") + "." + payload + "." + signature,
		"header an array":          encode(`[{"alg":"RS256"}]`) + "." + payload + "." + signature,
		"header with trailer":      encode(decode(t, header)+"{}") + "." + payload + "." + signature,
		"payload an array":         options(bearergatetest.Payload("[]")),
		"payload null":             options(bearergatetest.Payload("null")),
		"payload with trailer":     options(bearergatetest.Payload(decode(t, payload) + decode(t, payload))),
		"payload, NUL after":       options(bearergatetest.Payload(decode(t, payload) + "\x00")),
		"payload, BOM before":      options(bearergatetest.Payload("\ufeff" + decode(t, payload))),
		"payload not UTF-8":        options(bearergatetest.Payload(strings.Replace(decode(t, payload), "acme", "ac\xffme", 1))),
		"half a surrogate":         options(bearergatetest.Payload(strings.Replace(decode(t, payload), "acme", `ac\ud800me`, 1))),
		"duplicate claim":          options(bearergatetest.Payload(strings.Replace(decode(t, payload), "{", `{"sub":"root",`, 1))),
		"escaped duplicate":        options(bearergatetest.Payload(strings.Replace(decode(t, payload), "{", `{"s\u0075b":"root",`, 1))),
		"nested duplicate":         options(bearergatetest.Payload(strings.Replace(decode(t, payload), "{", `{"x":[{"a":1,"a":2}],`, 1))),
	} {
		t.Run(name, func(t *testing.T) { refuses(t, v, token) })
	}
	duplicates := map[string]string{"alg": `"none"`, "kid": `"other"`, "typ": `"JWT"`, "x": "1"}
	for name, value := range duplicates {
		t.Run("duplicate header "+name, func(t *testing.T) {
			member := fmt.Sprintf("{%q:%s,", name, value)
			spoiled := strings.Replace(decode(t, header), "{", member, 1)
			if name == "x" {
				spoiled = strings.Replace(spoiled, "{", member, 1)
			}
			refuses(t, v, encode(spoiled)+"."+payload+"."+signature)
		})
	}
}

// TestStrayBitsAreRefused changes the last character of each segment so that
// the same bytes are encoded another way.
//
// Rules: S3a.2.
func TestStrayBitsAreRefused(t *testing.T) {
	v := issuer.Verifier()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	tried := 0
	for padding := range 6 {
		pad := strings.Repeat("x", padding)
		good := issuer.InstallationToken(bearergatetest.WithHeader("pad", pad), bearergatetest.WithClaim("pad", pad))
		accepts(t, v, good)
		parts := strings.Split(good, ".")
		for i, part := range parts {
			if len(part)%4 == 0 {
				continue // no bits to spare
			}
			last := strings.IndexByte(alphabet, part[len(part)-1])
			spoiled := append([]string(nil), parts...)
			spoiled[i] = part[:len(part)-1] + string(alphabet[last|1])
			refuses(t, v, strings.Join(spoiled, "."))
			tried++
		}
	}
	if tried < 6 {
		t.Errorf("got %d segments with bits to spare, want at least 6", tried)
	}
}

// Rules: S3a.5, S3a.15.
func TestHeadersThatOfferKeysAreIgnored(t *testing.T) {
	v := issuer.Verifier()
	for name, value := range map[string]any{
		"jwk": map[string]string{"kty": "oct", "k": "AAAA"}, "jku": "http://127.0.0.1:1/", "x5u": 7, "x5c": []string{"AAAA"}, "x5t": "AAAA",
		"cty": "JWT", "other": map[string]any{"crit": 1, "alg": "none"}, "ALG": "none", "Kid": "other",
	} {
		t.Run(name, func(t *testing.T) {
			accepts(t, v, issuer.InstallationToken(bearergatetest.WithHeader(name, value)))
		})
	}
}

// TestZipIsNoneOrRefused accepts the member that ForgeRock writes into every
// header.
func TestZipIsNoneOrRefused(t *testing.T) {
	v := issuer.Verifier()
	accepts(t, v, issuer.InstallationToken(bearergatetest.WithHeader("zip", "NONE")))
	for _, zip := range []any{"DEF", "none", "None", "NONE ", "", nil, true, 0, []string{"NONE"}, map[string]string{"NONE": "NONE"}} {
		refuses(t, v, issuer.InstallationToken(bearergatetest.WithHeader("zip", zip)))
	}
	for _, name := range []string{"crit", "b64", "enc"} { // for which NONE means nothing
		refuses(t, v, issuer.InstallationToken(bearergatetest.WithHeader(name, "NONE")))
	}
}

// Rules: S3a.17, S3a.20.
func TestTypeOfTheHeader(t *testing.T) {
	lax := issuer.Verifier()
	strict := newVerifier(t, func(c *jwtverifier.Config) { c.RequireTypeATJWT = true })
	for typ, isATJWT := range map[string]bool{
		"JWT": false, "jwt": false, "at+jwt": true, "AT+JWT": true, "application/at+jwt": true, "Application/AT+jwt": true,
	} {
		token := issuer.AccessToken(bearergatetest.WithHeader("typ", typ))
		accepts(t, lax, token)
		if isATJWT {
			accepts(t, strict, token)
		} else {
			refuses(t, strict, token)
		}
	}
	untyped := issuer.AccessToken(bearergatetest.WithoutHeader("typ"))
	accepts(t, lax, untyped)
	refuses(t, strict, untyped)
}

// Rules: S3.1, S3a.5, S3a.18, S3a.22, S3a.26, S3a.27, S3a.30, S3a.32, S3a.33,
// S3a.34, S3a.37, S3a.42, S3a.52, S3a.53, S3a.55, S3a.56, S3a.57.
func TestClaims(t *testing.T) {
	v := issuer.Verifier()
	now := time.Now().Unix()
	for _, c := range []struct {
		name string
		good bool
		opts []bearergatetest.TokenOption
	}{
		{"as minted", true, nil},
		{"other claims of any kind", true, []bearergatetest.TokenOption{claim("x", map[string]any{"iss": 1}), claim("EXP", 0), claim("Iss", "other"), claim("jti", 7)}},

		{"iss absent", false, []bearergatetest.TokenOption{without("iss")}},
		{"iss of another", false, []bearergatetest.TokenOption{claim("iss", "https://other.example")}},
		{"iss with slash", false, []bearergatetest.TokenOption{claim("iss", bearergatetest.DefaultIssuer+"/")}},
		{"iss of other case", false, []bearergatetest.TokenOption{claim("iss", strings.ToUpper(bearergatetest.DefaultIssuer))}},
		{"iss an array", false, []bearergatetest.TokenOption{claim("iss", []string{bearergatetest.DefaultIssuer})}},
		{"iss null", false, []bearergatetest.TokenOption{claim("iss", nil)}},

		{"aud an array", true, []bearergatetest.TokenOption{claim("aud", []string{"other", bearergatetest.DefaultAudience})}},
		{"aud absent", false, []bearergatetest.TokenOption{without("aud")}},
		{"aud of another", false, []bearergatetest.TokenOption{claim("aud", "https://other.example")}},
		{"aud empty array", false, []bearergatetest.TokenOption{claim("aud", []string{})}},
		{"aud array of others", false, []bearergatetest.TokenOption{claim("aud", []string{"a", "b"})}},
		{"aud array with number", false, []bearergatetest.TokenOption{claim("aud", []any{bearergatetest.DefaultAudience, 1})}},
		{"aud nested", false, []bearergatetest.TokenOption{claim("aud", []any{[]string{bearergatetest.DefaultAudience}})}},
		{"aud list in string", false, []bearergatetest.TokenOption{claim("aud", "other "+bearergatetest.DefaultAudience)}},
		{"aud null", false, []bearergatetest.TokenOption{claim("aud", nil)}},

		{"sub absent", false, []bearergatetest.TokenOption{without("sub")}},
		{"sub empty", false, []bearergatetest.TokenOption{claim("sub", "")}},

		{"exp with fraction", true, []bearergatetest.TokenOption{claim("exp", json.Number(fmt.Sprint(now+60)+".9"))}},
		{"exp with exponent", true, []bearergatetest.TokenOption{claim("exp", json.Number("4.1024448e9"))}},
		{"exp at the end of 9999", true, []bearergatetest.TokenOption{claim("exp", json.Number("253402300799"))}},
		{"exp absent", false, []bearergatetest.TokenOption{without("exp")}},
		{"exp absent, EXP there", false, []bearergatetest.TokenOption{without("exp"), claim("EXP", now+3600)}},
		{"exp expired, EXP not", false, []bearergatetest.TokenOption{claim("exp", now-3600), claim("EXP", now+3600)}},
		{"exp 0", false, []bearergatetest.TokenOption{claim("exp", 0)}},
		{"exp a half", false, []bearergatetest.TokenOption{claim("exp", 0.5)}},
		{"exp negative", false, []bearergatetest.TokenOption{claim("exp", -1)}},
		{"exp a string", false, []bearergatetest.TokenOption{claim("exp", fmt.Sprint(now+3600))}},
		{"exp RFC 3339", false, []bearergatetest.TokenOption{claim("exp", "2099-01-01T00:00:00Z")}},
		{"exp in milliseconds", false, []bearergatetest.TokenOption{claim("exp", 1_706_832_000_000)}}, // the year 55840
		{"exp after 9999", false, []bearergatetest.TokenOption{claim("exp", json.Number("253402300800"))}},
		{"exp beyond int64", false, []bearergatetest.TokenOption{claim("exp", json.Number("9223372036854775808"))}},
		{"exp beyond float64", false, []bearergatetest.TokenOption{claim("exp", json.Number("1e400"))}},
		{"exp true", false, []bearergatetest.TokenOption{claim("exp", true)}},
		{"exp null", false, []bearergatetest.TokenOption{claim("exp", nil)}},
		{"exp an array", false, []bearergatetest.TokenOption{claim("exp", []int64{now + 3600})}},

		{"nbf past", true, []bearergatetest.TokenOption{claim("nbf", now-60)}},
		{"nbf 0", true, []bearergatetest.TokenOption{claim("nbf", 0)}},
		{"nbf negative", true, []bearergatetest.TokenOption{claim("nbf", json.Number("-1e300"))}},
		{"nbf within the leeway", true, []bearergatetest.TokenOption{claim("nbf", now+20)}},
		{"nbf to come", false, []bearergatetest.TokenOption{claim("nbf", now+60)}},
		{"nbf beyond int64", false, []bearergatetest.TokenOption{claim("nbf", json.Number("9223372036854775807"))}},
		{"nbf beyond float64", false, []bearergatetest.TokenOption{claim("nbf", json.Number("1e400"))}},
		{"nbf a string", false, []bearergatetest.TokenOption{claim("nbf", "0")}},

		{"iat absent", true, []bearergatetest.TokenOption{without("iat")}},
		{"iat to come", true, []bearergatetest.TokenOption{claim("iat", now+86400)}},
		{"iat long past", true, []bearergatetest.TokenOption{claim("iat", -1)}},
		{"iat beyond all dates", true, []bearergatetest.TokenOption{claim("iat", json.Number("1e400"))}},
		{"iat a string", false, []bearergatetest.TokenOption{claim("iat", "now")}},

		{"scope a number", false, []bearergatetest.TokenOption{claim("scope", 1)}},
		{"scope null", false, []bearergatetest.TokenOption{claim("scope", nil)}},
		{"scopes with a number", false, []bearergatetest.TokenOption{claim("scopes", []any{"a", 1})}},
		{"scp an object", false, []bearergatetest.TokenOption{claim("scp", map[string]bool{"a": true})}},
		{"two claims of scopes that agree", true, []bearergatetest.TokenOption{claim("scope", "a b"), claim("scp", []string{"b", "a"})}},
		{"two claims of scopes that differ", true, []bearergatetest.TokenOption{claim("scope", "a"), claim("scp", []string{"a", "admin"})}},
		{"an empty and a full claim of scopes", true, []bearergatetest.TokenOption{claim("scope", ""), claim("scopes", "admin")}},

		{"projectIds a string", false, []bearergatetest.TokenOption{claim("projectIds", "p1")}},
		{"two spellings that agree", true, []bearergatetest.TokenOption{claim("org_id", "acme"), claim("organization_id", "acme"), claim("grant_id", "grant-1")}},
		{"two spellings that disagree", false, []bearergatetest.TokenOption{claim("org_id", "umbrella")}},
		{"an empty and a full spelling", false, []bearergatetest.TokenOption{claim("organization_id", "")}},

		{"type access", true, []bearergatetest.TokenOption{claim("type", "access")}},
		{"type installation", true, []bearergatetest.TokenOption{claim("type", "installation")}},
		{"type of a refresh token", false, []bearergatetest.TokenOption{claim("type", "refresh")}},
		{"type of other case", false, []bearergatetest.TokenOption{claim("type", "Installation")}},
		{"type empty", false, []bearergatetest.TokenOption{claim("type", "")}},
		{"type a boolean", false, []bearergatetest.TokenOption{claim("type", true)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if token := issuer.AccessToken(c.opts...); c.good {
				accepts(t, v, token)
			} else {
				refuses(t, v, token)
			}
		})
	}
}

// TestExpiryOfZeroIsAMistakeOfTheIssuers holds that it is told apart from an
// expired token where it counts, in the log: others read 0 as never.
//
// Rules: S3a.34.
func TestExpiryOfZeroIsAMistakeOfTheIssuers(t *testing.T) {
	for _, exp := range []any{0, -1, 0.9} {
		_, err := issuer.Verifier().VerifyToken(context.Background(), issuer.AccessToken(bearergatetest.WithClaim("exp", exp)))
		if err == nil || !strings.Contains(err.Error(), "not a NumericDate") {
			t.Errorf("exp %v: got %v, want it to be no NumericDate", exp, err)
		}
	}
}

// Rules: S3a.37.
func TestIssuedAtThatIsNoTimeIsNotTold(t *testing.T) {
	for _, iat := range []any{-1, 0, json.Number("1e400"), json.Number("253402300800")} {
		if got := accepts(t, issuer.Verifier(), issuer.AccessToken(bearergatetest.WithClaim("iat", iat))).IssuedAt(); !got.IsZero() {
			t.Errorf("iat %v: got %v, want the zero time", iat, got)
		}
	}
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	if got := accepts(t, issuer.Verifier(), issuer.AccessToken(bearergatetest.WithClaim("iat", last.Unix()))).IssuedAt(); !got.Equal(last) {
		t.Errorf("got %v, want the last second that is a time, %v", got, last)
	}
}

// Rules: S3.6, S3a.39, S3a.48, S3a.49, S3a.51.
func TestClaimsAreRead(t *testing.T) {
	documented := []bearergatetest.TokenOption{
		bearergatetest.WithClaim("scopes", []string{"a", "", "b c"}), bearergatetest.WithClaim("projectIds", []string{"p1", ""}),
		bearergatetest.WithClaim("iat", 1000), bearergatetest.WithClaim("exp", json.Number("4102444800.9")),
	}
	snake := append(documented[:len(documented):len(documented)],
		bearergatetest.WithoutClaim("grantId"), bearergatetest.WithClaim("grant_id", bearergatetest.DefaultGrantID),
		bearergatetest.WithoutClaim("organizationId"), bearergatetest.WithClaim("org_id", bearergatetest.DefaultOrganizationID),
		bearergatetest.WithoutClaim("installationId"), bearergatetest.WithClaim("installation_id", bearergatetest.DefaultInstallationID),
		bearergatetest.WithoutClaim("projectIds"), bearergatetest.WithClaim("project_ids", []string{"p1", ""}),
		bearergatetest.WithoutClaim("scopes"), bearergatetest.WithClaim("scp", []string{"a", "b c"}),
	)
	own := append(snake[:len(snake):len(snake)],
		bearergatetest.WithClaim("https://own.example/org", bearergatetest.DefaultOrganizationID),
		bearergatetest.WithClaim("org_id", "not read"), bearergatetest.WithClaim("organizationId", 7),
		bearergatetest.WithClaim("kind", "installation"), bearergatetest.WithClaim("type", "not read"),
		bearergatetest.WithClaim("azp", bearergatetest.DefaultClientID), bearergatetest.WithoutClaim("client_id"),
	)
	want := bearergate.Claims{
		Type: bearergate.InstallationToken, Issuer: bearergatetest.DefaultIssuer, Subject: bearergatetest.DefaultSubject,
		ClientID: bearergatetest.DefaultClientID, GrantID: bearergatetest.DefaultGrantID, OrganizationID: bearergatetest.DefaultOrganizationID,
		InstallationID: bearergatetest.DefaultInstallationID, ProjectIDs: []string{"p1", ""}, Scopes: []string{"a"},
		IssuedAt: time.Unix(1000, 0), ExpiresAt: time.Unix(4102444800, 0),
	}
	for _, c := range []struct {
		name  string
		names jwtverifier.ClaimNames
		opts  []bearergatetest.TokenOption
	}{
		{"as documented", jwtverifier.ClaimNames{}, documented},
		{"in snake case", jwtverifier.ClaimNames{}, snake},
		{"by configured names", jwtverifier.ClaimNames{OrganizationID: jwtverifier.ClaimPath{"https://own.example/org"}, Type: jwtverifier.ClaimPath{"kind"}, ClientID: jwtverifier.ClaimPath{"azp"}}, own},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVerifier(t, func(config *jwtverifier.Config) { config.ClaimNames = c.names })
			token := accepts(t, v, issuer.InstallationToken(c.opts...))
			got := bearergate.Claims{
				Type: token.Type(), Issuer: token.Issuer(), Subject: token.Subject(), ClientID: token.ClientID(), GrantID: token.GrantID(),
				OrganizationID: token.OrganizationID(), InstallationID: token.InstallationID(), ProjectIDs: token.ProjectIDs(),
				Scopes: token.Scopes(), IssuedAt: token.IssuedAt(), ExpiresAt: token.ExpiresAt(),
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var raw struct {
				Subject string `json:"sub"`
			}
			if err := token.Decode(&raw); err != nil || raw.Subject != bearergatetest.DefaultSubject {
				t.Errorf("decoded %+v, %v, want the subject", raw, err)
			}
		})
	}
}

// Rules: S3a.35, S3a.36.
func TestLeewayOfExpiryAndNotBefore(t *testing.T) {
	for _, c := range []struct{ configured, granted time.Duration }{
		{0, 30 * time.Second}, {-1, 0}, {time.Second, time.Second}, {5 * time.Minute, 5 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := newVerifier(t, func(config *jwtverifier.Config) { config.Leeway = c.configured })
			token := issuer.AccessToken(
				bearergatetest.WithClaim("nbf", time.Now().Add(time.Hour).Unix()), bearergatetest.ExpiresIn(2*time.Hour))
			time.Sleep(time.Hour - c.granted - 1)
			refuses(t, v, token)
			time.Sleep(time.Nanosecond)
			accepts(t, v, token)
			time.Sleep(time.Hour + 2*c.granted - 1)
			accepts(t, v, token)
			time.Sleep(time.Nanosecond)
			refuses(t, v, token)
		})
	}
}

// Rules: S3a.35, S3a.38.
func TestConfigurationFaultsAreToldTogether(t *testing.T) {
	_, err := jwtverifier.New(jwtverifier.Config{
		Leeway:     jwtverifier.MaxLeeway + 1,
		CacheSize:  math.MaxInt,
		ClaimNames: jwtverifier.ClaimNames{GrantID: jwtverifier.ClaimPath{"sub"}, ClientID: jwtverifier.ClaimPath{"type"}},
	})
	for _, part := range []string{"Issuer", "Audience", "Keys", "Leeway", "CacheSize", `"sub"`, `"type"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %s in it", err, part)
		}
	}
}

func TestVerifierThatNewDidNotReturnCannotTell(t *testing.T) {
	for _, v := range []*jwtverifier.Verifier{nil, new(jwtverifier.Verifier)} {
		cannotTell(t, v, issuer.AccessToken())
		cannotTell(t, v, "")
	}
}

// Rules: S3a.8, S3c.40.
func TestSharedSecretServesWhatItIsLongEnoughFor(t *testing.T) {
	secret := []byte(strings.Repeat("0123456789abcdef", 4))
	for _, c := range []struct {
		length int
		want   map[string]bool
	}{
		{32, map[string]bool{"HS256": true}},
		{48, map[string]bool{"HS256": true, "HS384": true}},
		{64, map[string]bool{"HS256": true, "HS384": true, "HS512": true}},
	} {
		secret := secret[:c.length:c.length]
		keys, err := jwtverifier.SharedSecret(secret)
		if err != nil {
			t.Fatal(err)
		}
		v := newVerifier(t, func(config *jwtverifier.Config) { config.Keys = keys })
		for _, algorithm := range []string{"HS256", "HS384", "HS512"} {
			token := issuer.AccessToken(bearergatetest.SignedWithSecret(algorithm, secret))
			if c.want[algorithm] {
				accepts(t, v, token)
			} else {
				refuses(t, v, token)
			}
			refuses(t, v, issuer.AccessToken(bearergatetest.SignedWithSecret(algorithm, secret[1:])))
		}
		refuses(t, v, issuer.AccessToken())
	}
	if _, err := jwtverifier.SharedSecret(secret[:31]); err == nil || strings.Contains(err.Error(), string(secret[:31])) {
		t.Errorf("a secret of 31 bytes: got %v, want an error without it", err)
	}
}

func TestSecretIsCopied(t *testing.T) {
	secret := []byte(strings.Repeat("x", 32))
	keys, err := jwtverifier.SharedSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(t, func(config *jwtverifier.Config) { config.Keys = keys })
	token := issuer.AccessToken(bearergatetest.SignedWithSecret("HS256", secret))
	clear(secret)
	accepts(t, v, token)
}

// FuzzVerifyToken holds that whatever is taken has three segments that encode
// their bytes in the one way there is, and that the rest is invalid rather than
// a fault.
//
// Rules: S3a.1, S3a.2.
func FuzzVerifyToken(f *testing.F) {
	v := withCacheSize(f, -1) // so that the same token takes the same way twice
	f.Add("..")
	for _, algorithm := range []string{bearergatetest.RS256, bearergatetest.PS256, bearergatetest.ES256, bearergatetest.EdDSA} {
		f.Add(issuer.InstallationToken(bearergatetest.SignedWith(algorithm)))
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := v.VerifyToken(context.Background(), token)
		if err == nil && got == nil || err != nil && !errors.Is(err, bearergate.ErrInvalidToken) {
			t.Errorf("got %v, %v, want a token or ErrInvalidToken", got, err)
		}
		if err == nil {
			for _, segment := range strings.Split(token, ".") {
				if encode(decode(t, segment)) != segment {
					t.Errorf("got %q accepted, want no segment but the encoding of its bytes", token)
				}
			}
		}
	})
}

// FuzzClaims signs whatever it is given, as an issuer that can be made to.
//
// Rules: S3a.57.
func FuzzClaims(f *testing.F) {
	secret := []byte(strings.Repeat("x", 32))
	keys, err := jwtverifier.SharedSecret(secret)
	if err != nil {
		f.Fatal(err)
	}
	config := issuer.Config()
	config.Keys, config.CacheSize = keys, -1 // so that the same token takes the same way twice
	v, err := jwtverifier.New(config)
	if err != nil {
		f.Fatal(err)
	}
	for _, token := range []string{issuer.AccessToken(), issuer.InstallationToken(bearergatetest.WithScopes("a", "b"))} {
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(payload))
	}
	f.Add(`{"iss":"https://issuer.example","aud":["https://api.example"],"sub":"u","exp":4.1e9,"scp":["a"],"projectIds":[]}`)
	f.Add(`{"iss":"https://issuer.example","aud":"https://api.example","sub":"u","exp":4100000000,"cnf":{"jkt":"x"}}`)
	f.Add(`{"iss":"https://issuer.example","aud":"https://api.example","sub":18446744073709551616,"exp":4100000000,"projectIds":[1,"2"]}`)
	f.Fuzz(func(t *testing.T, payload string) {
		raw := issuer.AccessToken(bearergatetest.SignedWithSecret("HS256", secret), bearergatetest.Payload(payload))
		token, err := v.VerifyToken(context.Background(), raw)
		if err != nil {
			if !errors.Is(err, bearergate.ErrInvalidToken) {
				t.Errorf("%s: got %v, want ErrInvalidToken", payload, err)
			}
			return
		}
		// Whatever was accepted, encoding/json reads the same from it.
		var claims map[string]any
		decoder := json.NewDecoder(strings.NewReader(payload))
		decoder.UseNumber()
		if err := decoder.Decode(&claims); err != nil && !strings.Contains(err.Error(), "max depth") {
			t.Fatalf("%s: got it accepted, want what encoding/json says: %v", payload, err)
		} else if err != nil {
			return
		}
		if claims["iss"] != bearergatetest.DefaultIssuer {
			t.Errorf("%s: got it accepted, want it refused for its issuer", payload)
		}
		if want := fmt.Sprint(claims["sub"]); want != token.Subject() || want == "" {
			t.Errorf("%s: got subject %q, want %q", payload, token.Subject(), want)
		}
		number, _ := claims["exp"].(json.Number)
		if exp, err := number.Float64(); err != nil || !time.Unix(int64(exp), 0).Equal(token.ExpiresAt()) || exp < float64(time.Now().Unix()-60) {
			t.Errorf("%s: got expiry %v, want %v", payload, token.ExpiresAt(), number)
		}
		_, constrained := claims["cnf"]
		if _, got := token.Confirmation(); got != constrained {
			t.Errorf("%s: got sender-constrained %v, want %v", payload, got, constrained)
		}
		if id, ok := claims["grantId"].(string); ok && id != token.GrantID() {
			t.Errorf("%s: got grant %q, want %q", payload, token.GrantID(), id)
		}
	})
}

func BenchmarkVerifyToken(b *testing.B) {
	for _, algorithm := range []string{bearergatetest.RS256, bearergatetest.PS256, bearergatetest.ES256, bearergatetest.EdDSA} {
		token := issuer.InstallationToken(bearergatetest.SignedWith(algorithm), bearergatetest.WithScopes("a", "b", "c", "d", "e", "f", "g", "h"))
		for name, size := range map[string]int{"first sight": -1, "repeated": 0} {
			v := withCacheSize(b, size)
			b.Run(algorithm+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := v.VerifyToken(context.Background(), token); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// TestRefusalNamesNothingOfAnEarlierToken has a token whose claims cannot be read come
// before one whose signature is wrong.
func TestRefusalNamesNothingOfAnEarlierToken(t *testing.T) {
	v := newVerifier(t, func(c *jwtverifier.Config) { c.CacheSize = -1 })
	refusal := func(token string) string {
		_, err := v.VerifyToken(t.Context(), token)
		return fmt.Sprint(err)
	}
	forged := bearergatetest.NewStranger().AccessToken()
	want := refusal(forged)
	for range 20 {
		refusal(issuer.AccessToken(bearergatetest.WithClaim("sub", true)))
		if got := refusal(forged); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
