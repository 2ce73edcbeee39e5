package jwtverifier

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// steps are the checks of a well-formed token, in their order: no claim is believed
// before the signature was good.
var steps = [...]step{
	{
		name: "header type", setting: "HeaderTypes",
		test:   when(func(v *Verifier, in *inspection) bool { return v.policy.acceptsType(in.signed.Type) }),
		found:  func(_ *Verifier, in *inspection) string { return textOrNo("typ", in.signed.Type) },
		wanted: func(v *Verifier, _ *inspection) string { return "typ " + oneOf(v.policy.headerTypes) },
	},
	{
		name: "signature", setting: "Keys",
		test: func(ctx context.Context, v *Verifier, in *inspection) (err error) {
			in.keys, err = v.keys.verify(ctx, &in.signed)
			return err
		},
		found: func(_ *Verifier, in *inspection) string {
			return "alg " + quote(in.signed.Algorithm) + " with " + textOrNo("kid", in.signed.KeyID)
		},
		wanted: func(v *Verifier, _ *inspection) string {
			return fmt.Sprintf("a signature by one of the %d keys of %s", v.keys.Status().Keys, quote(v.policy.issuer))
		},
	},
	{
		name: "claims", setting: "ClaimNames",
		test: func(_ context.Context, v *Verifier, in *inspection) error {
			in.now = time.Now() // keys may have taken a while
			if in.fault = v.policy.read(&in.reading, in.payload); in.fault != nil {
				return errFailed
			}
			return nil
		},
		found:  func(_ *Verifier, in *inspection) string { return strconv.Itoa(len(in.payload)) + " bytes" },
		wanted: func(*Verifier, *inspection) string { return "" },
	},
	{
		name: "issuer", setting: "Issuer",
		test:   when(func(v *Verifier, in *inspection) bool { return in.has[issuer] && in.Issuer == v.policy.issuer }),
		found:  func(_ *Verifier, in *inspection) string { return textOrNo("iss", in.Issuer) },
		wanted: func(v *Verifier, _ *inspection) string { return "iss " + quote(v.policy.issuer) },
	},
	{
		name: "audience", setting: "Audience",
		test: when(func(v *Verifier, in *inspection) bool { return v.policy.hasAudience(&in.reading) }),
		found: func(v *Verifier, in *inspection) string {
			found := listed("aud", in.has[audience], in.audience)
			if path := v.policy.audienceClaim; len(path) > 0 {
				found += ", " + listed(path.String(), in.has[audienceStandIn], in.standIn)
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
		name: "subject", setting: "SubjectOptional",
		test: when(func(v *Verifier, in *inspection) bool { return v.policy.hasSubject(&in.reading) }),
		found: func(_ *Verifier, in *inspection) string {
			switch {
			case !in.has[subject]:
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
		name: "expiry", setting: "Leeway",
		test: when(func(v *Verifier, in *inspection) bool {
			return in.has[expiry] && !in.lifetime.expired(in.now, v.policy.leeway)
		}),
		found: func(_ *Verifier, in *inspection) string {
			return date("exp", in.has[expiry], in.lifetime.expiry, in.now)
		},
		wanted: func(v *Verifier, _ *inspection) string {
			return fmt.Sprintf("an exp that is at most %v ago", v.policy.leeway)
		},
	},
	{
		name: "not before", setting: "Leeway",
		test: when(func(v *Verifier, in *inspection) bool { return in.lifetime.begun(in.now, v.policy.leeway) }),
		found: func(_ *Verifier, in *inspection) string {
			return date("nbf", in.has[notBefore], in.lifetime.notBefore, in.now)
		},
		wanted: func(v *Verifier, _ *inspection) string {
			return fmt.Sprintf("no nbf, or one that is at most %v ahead", v.policy.leeway)
		},
	},
	{
		name: "required claims", setting: "RequiredClaims",
		test:   when(func(v *Verifier, in *inspection) bool { return v.policy.hasRequired(&in.reading) }),
		found:  func(v *Verifier, in *inspection) string { return foundRequired(v.policy.required, in.required) },
		wanted: func(v *Verifier, _ *inspection) string { return wantedRequired(v.policy.required) },
	},
	{
		name: "token type", setting: "TokenTypes",
		test: when(func(v *Verifier, in *inspection) (ok bool) {
			in.Type, ok = v.policy.tokenType(&in.reading)
			return ok
		}),
		found: func(_ *Verifier, in *inspection) string {
			if !in.has[tokenType] {
				return "no type claim, as an access token"
			}
			return "the type claim " + quote(in.typ)
		},
		wanted: func(v *Verifier, _ *inspection) string {
			return "none, or " + oneOf(slices.Sorted(maps.Keys(v.policy.tokenTypes)))
		},
	},
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

func foundRequired(required []requiredClaim, values []string) string {
	found := make([]string, len(required))
	for i, c := range required {
		if found[i] = "no " + c.name; values[i] != "" {
			found[i] = c.name + " " + quoteJSON(values[i])
		}
	}
	return andNone(found)
}

func wantedRequired(required []requiredClaim) string {
	wanted := make([]string, len(required))
	for i, c := range required {
		wanted[i] = c.name + " " + quote(c.value)
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
