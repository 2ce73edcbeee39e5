package bearergatetest

import (
	"crypto/rsa"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/bearergate/bearergate/internal/strictjson"
)

// Play signs a token of this shape, such as a header and a payload that were
// copied from the documentation of an identity provider:
//
//	issuer.URL, issuer.Audience = "https://sso.example.com/realms/acme", "inventory-api"
//	token := issuer.Play(
//		`{"alg": "RS256", "typ": "JWT", "kid": "FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE"}`,
//		`{"iss": "https://sso.example.com/realms/acme", "aud": "inventory-api", "sub": "f2c5",
//		  "iat": 0, "exp": 300, "realm_access": {"roles": ["viewer"]}}`,
//	)
//
// The claims iat, nbf, exp and auth_time, if they are numbers, are seconds from
// now: "exp": 300 expires in five minutes. If iat is a date, as in most examples, it
// becomes now, and the others keep their distance from it. Dates without one in iat are
// an error.
//
// The issuer signs with its key for the "alg" of the header, and replaces "kid" by
// the id of that key. A header without kid stays without. For HS256 the option
// [SignedWithSecret] has the secret.
//
// All other members are signed as they are, in their order, "iss" and "aud" too;
// white space between them is removed. The options apply to the result. Play panics
// if the header or the payload is no JSON object, or if the header has no alg.
func (i *Issuer) Play(header, payload string, opts ...TokenOption) string {
	m := &mint{header: parseObject("header", header), claims: parseObject("payload", payload), pssSalt: rsa.PSSSaltLengthEqualsHash}
	m.algorithm = m.header.algorithm()
	m.header.release("alg")
	m.header.release("kid")
	m.claims.shiftTimes(time.Now())
	return i.seal(m, opts)
}

func (o object) algorithm() string {
	if alg := o.find("alg"); alg != nil {
		if name, ok := strictjson.String(string(alg.value)); ok {
			return name
		}
	}
	panic(`bearergatetest: the header has no "alg"; name an algorithm that the issuer signs with, such as RS256`)
}

// release makes the member, if it is there, one that is set when the token is
// signed.
func (o object) release(name string) {
	if m := o.find(name); m != nil {
		m.value = nil
	}
}

// aDate is the least number that is a date and no distance from now: a day of 1973.
var aDate = big.NewRat(1e8, 1)

// shiftTimes makes dates of the distances from now.
func (o object) shiftTimes(now time.Time) {
	shift := new(big.Rat).SetInt64(now.Unix())
	times := []string{"iat", "nbf", "exp", "auth_time"}
	iat := o.number("iat")
	switch hasDate := slices.ContainsFunc(times, func(name string) bool { return isDate(o.number(name)) }); {
	case isDate(iat):
		shift.Sub(shift, iat)
	case hasDate:
		panic(`bearergatetest: the payload has a date and no date in "iat"; add one, or write the times as seconds from now`)
	}
	for _, name := range times {
		if n := o.number(name); n != nil {
			o.find(name).value = []byte(decimal(n.Add(n, shift)))
		}
	}
}

func isDate(n *big.Rat) bool { return n != nil && n.Cmp(aDate) >= 0 }

// number returns nil if the member is no number.
func (o object) number(name string) *big.Rat {
	m := o.find(name)
	if m == nil || !slices.Contains([]byte("-0123456789"), m.value[0]) {
		return nil
	}
	n, ok := new(big.Rat).SetString(string(m.value))
	if !ok {
		panic(fmt.Sprintf("bearergatetest: %q is no number that can be a time: %s", name, m.value))
	}
	return n
}

// decimal writes all digits of n, which is a sum of decimal numbers.
func decimal(n *big.Rat) string {
	digits, _ := n.FloatPrec()
	return n.FloatString(digits)
}
