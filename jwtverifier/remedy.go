package jwtverifier

import (
	"errors"
	"slices"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// remedy returns what would make a check pass: something that the client or the
// provider does, and the field of Config that decides. Either may be empty.
type remedy func(*Verifier, *inspection) (advice, setting string)

func setting(name string) remedy {
	return func(*Verifier, *inspection) (string, string) { return "", name }
}

func remedyOfHeaderType(v *Verifier, in *inspection) (advice, setting string) {
	if usual := in.signed.Type == "" || isJWT(in.signed.Type); usual {
		return "", "RequireTypeATJWT"
	}
	return "", "HeaderTypes"
}

// remedyOfSignature names no algorithm that [Config.Algorithms] cannot have.
func remedyOfSignature(v *Verifier, in *inspection) (advice, setting string) {
	switch {
	case in.tooLarge:
		return "", "MaxRSABits"
	case !v.policy.limits.accepts(in.signed.Algorithm) && slices.Contains(jose.Algorithms(), in.signed.Algorithm):
		return "", "Algorithms"
	}
	return "", "Keys"
}

// remedyOfClaims names no setting for a registered claim: it has one meaning.
func remedyOfClaims(v *Verifier, in *inspection) (advice, setting string) {
	var e *claimError
	switch {
	case !errors.As(in.fault, &e), isRegistered(e.name):
		return "", ""
	case v.policy.scopeClaims[e.name]:
		return "", "ScopeClaims"
	}
	return "", "ClaimNames"
}

func isRegistered(name string) bool {
	return slices.ContainsFunc(registered(), func(s spelling) bool { return s.name == name })
}

func remedyOfAudience(v *Verifier, in *inspection) (advice, setting string) {
	if !in.has[factAudience] && len(v.policy.audienceClaim) == 0 {
		return "the provider has to send one", "AudienceClaim"
	}
	return "the client has to ask for a token for this API", "Audience"
}

func remedyOfSubject(v *Verifier, in *inspection) (advice, setting string) {
	if in.has[factSubject] {
		return "the provider has to send one", ""
	}
	return "the provider has to send one", "SubjectOptional"
}

func remedyOfExpiry(v *Verifier, in *inspection) (advice, setting string) {
	switch {
	case !in.has[factExpiry]:
		return "the provider has to send one", ""
	case in.lifetime.expired(in.now, MaxLeeway):
		return "the client has to refresh it", ""
	}
	return "the client has to refresh it", "Leeway"
}

func remedyOfNotBefore(_ *Verifier, in *inspection) (advice, setting string) {
	if in.lifetime.begun(in.now, MaxLeeway) {
		return "", "Leeway"
	}
	return "look at the clocks, here and at the issuer", ""
}
