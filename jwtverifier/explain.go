package jwtverifier

import (
	"context"
	"errors"

	"github.com/bearergate/bearergate"
)

// Explain makes the checks of [Verifier.VerifyToken], in their order, and returns
// each with its result: why a token is refused, and which setting would change
// that. If a check fails, those behind it are made all the same, with claims that
// nobody vouches for; if the token is not a compact JWS, that is the only check. VerifyToken accepts the token if all checks passed, and
// answers with the first that did not. Explain asks for keys as VerifyToken does.
//
// It is for programs and tests that say what is wrong with a configuration. Its
// result is not for clients. What a guard asks of a verified token, such as its
// scopes or its confirmation, is not among the checks.
func (v *Verifier) Explain(ctx context.Context, raw string) []Check {
	if !v.made() {
		return unmade()
	}
	return v.front.explain(ctx, raw)
}

func unmade() []Check {
	return []Check{{Name: "verifier", Result: Undecided, Found: errUnmade.Error()}}
}

func (f *front) explain(ctx context.Context, raw string) []Check {
	b := buffers.Get().(*buffer)
	defer b.release()
	b.token = append(b.token[:0], raw...)
	form := Check{Name: "form", Result: Passed, Found: "a compact JWS", Wanted: "a compact JWS of JSON objects"}
	if err := b.read(&f.parser); err != nil {
		form.Result, form.Found = Failed, err.Error()
		return []Check{form}
	}
	v, err := f.choose(b.payload)
	if err != nil {
		return []Check{form, chosen(err)}
	}
	return append([]Check{form}, v.explain(ctx, &b.inspection)...)
}

// chosen returns the check of the issuer that failed before its verifier was found.
func chosen(err error) Check {
	var f *failure
	if errors.As(err, &f) {
		return f.check()
	}
	c := Check{Name: "issuer", Result: Undecided, Found: err.Error()}
	if errors.Is(err, bearergate.ErrInvalidToken) {
		c.Result = Failed
	}
	return c
}

func (v *Verifier) explain(ctx context.Context, in *inspection) (checks []Check) {
	for i := range steps {
		checks = append(checks, steps[i].explain(ctx, v, in))
		if in.fault != nil {
			return append(checks, v.notMade(steps[i+1:])...)
		}
	}
	return checks
}

func (s *step) explain(ctx context.Context, v *Verifier, in *inspection) Check {
	err := s.test(ctx, v, in)
	switch {
	case err == nil:
		return s.check(v, in, Passed)
	case !errors.Is(err, bearergate.ErrInvalidToken):
		c := s.check(v, in, Undecided)
		c.Found = err.Error()
		return c
	}
	c := s.check(v, in, Failed)
	if cause := in.cause(err); cause != nil && c.Found != cause.Error() {
		c.Found = cause.Error() + ": " + c.Found
	}
	return c
}

func (v *Verifier) notMade(rest []step) (checks []Check) {
	for i := range rest {
		checks = append(checks, Check{Name: rest[i].name, Result: NotMade, Wanted: rest[i].wanted(v, nil)})
	}
	return checks
}
