package jwtverifier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/quote"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// steps are the checks of a well-formed token, in their order: no claim is believed
// before the signature was good.
var steps = [...]step{
	{
		name: "header type", remedy: remedyOfHeaderType,
		test:   when(func(v *Verifier, in *inspection) bool { return v.policy.acceptsType(in.signed.Type) }),
		found:  func(_ *Verifier, in *inspection) string { return textOrNo("typ", in.signed.Type) },
		wanted: func(v *Verifier, _ *inspection) string { return "typ " + oneOfOrNone(v.policy.headerTypes) },
	},
	{
		name: "signature", remedy: remedyOfSignature, test: testSignature,
		found: func(_ *Verifier, in *inspection) string {
			return "alg " + quote.Text(in.signed.Algorithm) + " with " + textOrNo("kid", in.signed.KeyID)
		},
		wanted: func(v *Verifier, in *inspection) string {
			return fmt.Sprintf("a signature by one of the %d keys of %s", in.known, quote.Text(v.policy.issuer)) + v.policy.limits.wanted()
		},
	},
	{
		name: "claims", remedy: remedyOfClaims,
		test: func(_ context.Context, v *Verifier, in *inspection) error {
			in.now = time.Now() // keys may have taken a while
			if in.fault = v.policy.read(&in.reading, in.payload); in.fault != nil {
				return errFailed
			}
			return nil
		},
		found: func(_ *Verifier, in *inspection) string {
			if in.fault != nil {
				return in.fault.Error()
			}
			return strconv.Itoa(len(in.payload)) + " bytes"
		},
		wanted: func(*Verifier, *inspection) string { return "claims of the documented types" },
	},
	{
		name: "issuer", remedy: setting("Issuer"),
		test:   when(func(v *Verifier, in *inspection) bool { return in.has[factIssuer] && in.Issuer == v.policy.issuer }),
		found:  func(_ *Verifier, in *inspection) string { return textOrNo("iss", in.Issuer) },
		wanted: func(v *Verifier, _ *inspection) string { return "iss " + quote.Text(v.policy.issuer) },
	},
	{
		name: "audience", remedy: remedyOfAudience,
		test: when(func(v *Verifier, in *inspection) bool { return v.policy.hasAudience(&in.reading) }),
		found: func(v *Verifier, in *inspection) string {
			found := listed("aud", in.has[factAudience], in.Audience)
			if path := v.policy.audienceClaim; len(path) > 0 {
				found += ", " + listed(path.String(), in.has[factAudienceStandIn], in.standIn)
			}
			return found
		},
		wanted: func(v *Verifier, _ *inspection) string {
			if path := v.policy.audienceClaim; len(path) > 0 {
				return path.String() + " " + oneOf(v.policy.audiences) + ", and the same of aud if there is one"
			}
			return "aud " + oneOf(v.policy.audiences)
		},
	},
	{
		name: "subject", remedy: remedyOfSubject,
		test: when(func(v *Verifier, in *inspection) bool { return v.policy.hasSubject(&in.reading) }),
		found: func(_ *Verifier, in *inspection) string {
			switch {
			case !in.has[factSubject]:
				return "no sub"
			case in.Subject == "":
				return "an empty sub"
			}
			return "a sub"
		},
		wanted: func(v *Verifier, _ *inspection) string {
			if v.policy.subjectOptional {
				return "no empty sub"
			}
			return "a sub"
		},
	},
	{
		name: "expiry", remedy: remedyOfExpiry,
		test: when(func(v *Verifier, in *inspection) bool {
			return in.has[factExpiry] && !in.lifetime.expired(in.now, v.policy.leeway)
		}),
		found: func(_ *Verifier, in *inspection) string {
			return date("exp", in.has[factExpiry], in.lifetime.expiry, in.now)
		},
		wanted: func(v *Verifier, _ *inspection) string {
			return fmt.Sprintf("an exp no earlier than %v ago", v.policy.leeway)
		},
	},
	{
		name: "not before", remedy: remedyOfNotBefore,
		test: when(func(v *Verifier, in *inspection) bool { return in.lifetime.begun(in.now, v.policy.leeway) }),
		found: func(_ *Verifier, in *inspection) string {
			return date("nbf", in.has[factNotBefore], in.lifetime.notBefore, in.now)
		},
		wanted: func(v *Verifier, _ *inspection) string {
			return fmt.Sprintf("no nbf, or one at most %v ahead", v.policy.leeway)
		},
	},
	{
		name: "required claims", remedy: setting("RequiredClaims"),
		test:   when(func(v *Verifier, in *inspection) bool { return v.policy.hasRequired(&in.reading) }),
		found:  func(v *Verifier, in *inspection) string { return foundRequired(v.policy.required, in.required) },
		wanted: func(v *Verifier, _ *inspection) string { return wantedRequired(v.policy.required) },
	},
	{
		name: "token type", remedy: setting("TokenTypes"),
		test: when(func(v *Verifier, in *inspection) (ok bool) {
			in.Type, ok = v.policy.tokenType(&in.reading)
			return ok
		}),
		found: func(_ *Verifier, in *inspection) string {
			if !in.has[factTokenType] {
				return "no type claim, as an access token"
			}
			return "the type claim " + quote.Text(in.typ)
		},
		wanted: func(v *Verifier, _ *inspection) string {
			return "none, or " + oneOf(slices.Sorted(maps.Keys(v.policy.tokenTypes)))
		},
	},
}

// testSignature refuses an excluded algorithm before it asks for keys, which may have
// to be fetched.
func testSignature(ctx context.Context, v *Verifier, in *inspection) (err error) {
	if !v.policy.limits.accepts(in.signed.Algorithm) {
		in.known = v.keys.Status().Keys
		return invalid(jose.ErrExcluded)
	}
	in.signed.MaxRSABits = v.policy.limits.maxRSABits
	if in.keys, err = v.keys.verify(ctx, &in.signed); err != nil {
		in.known, in.tooLarge = v.keys.Status().Keys, errors.Is(err, jose.ErrTooLarge)
		return err
	}
	in.known = in.keys.Len()
	return nil
}

// when returns a test that passes if condition holds.
func when(condition func(*Verifier, *inspection) bool) func(context.Context, *Verifier, *inspection) error {
	return func(_ context.Context, v *Verifier, in *inspection) error {
		if condition(v, in) {
			return nil
		}
		return errFailed
	}
}

// foundRequired lists the claims that do not have their value, or all if each has.
func foundRequired(required []requiredClaim, values []string) string {
	var wrong, all []string
	for i, c := range required {
		found := "no " + c.name
		if values[i] != "" {
			found = c.name + " " + quoteJSON(values[i])
		}
		if all = append(all, found); !c.is(values[i]) {
			wrong = append(wrong, found)
		}
	}
	if len(wrong) > 0 {
		return andNone(wrong)
	}
	return andNone(all)
}

func wantedRequired(required []requiredClaim) string {
	wanted := make([]string, len(required))
	for i, c := range required {
		wanted[i] = c.name + " " + quote.Text(c.value)
	}
	return andNone(wanted)
}

func andNone(parts []string) string {
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func date(name string, has bool, seconds int64, now time.Time) string {
	if !has {
		return "no " + name
	}
	at := time.Unix(seconds, 0)
	since := now.Sub(at).Truncate(time.Second)
	if since >= 0 {
		return fmt.Sprintf("%s %s, %v ago", name, at.UTC().Format(time.RFC3339), since)
	}
	return fmt.Sprintf("%s %s, in %v", name, at.UTC().Format(time.RFC3339), -since)
}
