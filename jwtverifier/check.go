package jwtverifier

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// Check is one check that a [Verifier] makes, and its result.
type Check struct {
	// Name is what is checked, such as "audience".
	Name   string
	Result CheckResult
	// Found is what the token has, in words, and Wanted what it must have. Neither
	// holds the signature, and Found quotes no more than the part that decides.
	Found, Wanted string
	// Advice is what the client or the provider has to do if the check failed, and
	// Setting the field of [Config] that would change the result. They are empty if
	// nothing, or no setting, would.
	Advice, Setting string
}

// CheckResult is the result of a [Check].
type CheckResult string

// The results of a check.
const (
	// Passed is a check that the token passes.
	Passed CheckResult = "passed"
	// Failed is a check for which the token is refused.
	Failed CheckResult = "failed"
	// Undecided is a check that could not be made, since keys could not be fetched.
	Undecided CheckResult = "undecided"
	// NotMade is a check of something that could not be read.
	NotMade CheckResult = "not made"
)

// failure is a failed check as the reason of a refusal. It keeps the facts, and makes
// a text of them when it is read.
type failure struct {
	check func() Check
	cause error // nil if the check says all
}

func (f *failure) Error() string {
	c := f.check()
	text := c.Name
	if f.cause != nil {
		text += ": " + f.cause.Error()
	}
	if f.cause == nil || c.Found != f.cause.Error() {
		text += ": got " + c.Found + ", want " + c.Wanted
	}
	if c.Advice != "" {
		text += "; " + c.Advice
	}
	switch {
	case c.Setting == "":
		return text
	case c.Advice != "":
		return text + ", or see jwtverifier's Config." + c.Setting
	}
	return text + "; see jwtverifier's Config." + c.Setting
}

func (f *failure) Unwrap() error { return f.cause }

// inspection is a token while it is checked.
type inspection struct {
	signed   jose.Signed // parts of the buffer
	payload  string
	now      time.Time
	keys     *jose.KeySet // that have a key by which its signature is good
	known    int          // the number of keys when its signature was checked
	tooLarge bool         // its key, for Config.MaxRSABits
	fault    error        // why its claims cannot be read
	reading
}

// unpooled returns a copy without parts of the buffer, which other tokens use later.
func (in *inspection) unpooled() *inspection {
	c := *in
	c.signed = jose.Signed{Header: in.signed.Header}
	c.Audience = slices.Clone(in.Audience)
	return &c
}

// step is a check as it is made.
type step struct {
	name   string
	remedy remedy
	// test returns nil if the check passes, and errFailed if Found and Wanted say why
	// it does not. An error without ErrInvalidToken in its tree leaves it undecided.
	test   func(context.Context, *Verifier, *inspection) error
	found  func(*Verifier, *inspection) string
	wanted func(*Verifier, *inspection) string
}

var errFailed = invalid(errors.New("a check failed"))

// refusal returns why the token is refused, as the error of VerifyToken.
func (s *step) refusal(v *Verifier, in *inspection, err error) error {
	if !errors.Is(err, bearergate.ErrInvalidToken) {
		return err
	}
	kept := in.unpooled()
	return invalid(&failure{func() Check { return s.check(v, kept, Failed) }, in.cause(err)})
}

// cause returns why the check with this error failed, nil if the check says all.
func (in *inspection) cause(err error) error {
	var reason jose.Error
	switch {
	case in.fault != nil:
		return in.fault
	case errors.As(err, &reason):
		return reason
	}
	return nil
}

func (s *step) check(v *Verifier, in *inspection, result CheckResult) Check {
	c := Check{Name: s.name, Result: result, Found: s.found(v, in), Wanted: s.wanted(v, in)}
	if result != Passed {
		c.Advice, c.Setting = s.remedy(v, in)
	}
	return c
}
