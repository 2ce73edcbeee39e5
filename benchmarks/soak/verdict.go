package main

import "github.com/bearergate/bearergate"

// verdict is what a guard may do with a request: let it pass, or refuse it.
type verdict struct {
	pass     bool
	refusals []refusal
}

type refusal struct {
	code bearergate.Code
	why  string
}

func (v *verdict) refuse(code bearergate.Code, why string) { v.add([]refusal{{code, why}}) }

func (v *verdict) add(rs []refusal) { v.refusals = append(v.refusals, rs...) }

// refused is the verdict of a guard that must refuse.
func refused(code bearergate.Code, why string) verdict {
	return verdict{refusals: []refusal{{code, why}}}
}
