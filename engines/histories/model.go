package histories

import (
	"github.com/anishathalye/porcupine"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// call is the name of a method of a store.
type call string

const (
	saveCode      call = "SaveCode"
	code          call = "Code"
	consume       call = "Consume"
	family        call = "Family"
	replaceFamily call = "ReplaceFamily"
	revokeGrant   call = "RevokeGrant"
)

// input is what a call is given. A grant has two codes, each with one family.
type input struct {
	call    call
	grant   int
	which   int // code and family
	version int64
	token   tokenendpoint.Sum
}

// output is what a call returned.
type output struct {
	lost    bool // no answer: the call may take effect at any time, or never
	found   bool
	used    bool
	outcome tokenendpoint.Outcome
	version int64
	token   tokenendpoint.Sum
	ok      bool
}

// record is a code with its family.
type record struct {
	saved, used bool
	version     int64 // 0 if there is no family
	token       tokenendpoint.Sum
}

// state is all that a store has of one grant.
type state [2]record

// model is what a store promises: each call takes effect at one moment between its
// beginning and its end.
var model = porcupine.Model{
	Partition: byGrant,
	Init:      func() any { return state{} },
	Step: func(before, in, out any) (bool, any) {
		expected, after := before.(state).after(in.(input))
		got := out.(output)
		return got.lost || got == expected, after
	},
}

// after returns the answer to a call, and the state after it.
func (s state) after(in input) (output, state) {
	r := &s[in.which]
	switch in.call {
	case saveCode:
		r.saved = true
		return output{}, s
	case code:
		return output{found: r.saved, used: r.used}, s
	case consume:
		return r.consume(in), s
	case family:
		return output{found: r.version > 0, version: r.version, token: r.token}, s
	case replaceFamily:
		return r.replace(in), s
	case revokeGrant:
		return output{}, state{}
	}
	panic("histories: unknown call " + in.call)
}

func (r *record) consume(in input) output {
	switch {
	case !r.saved:
		return output{outcome: tokenendpoint.Unknown}
	case r.used:
		return output{outcome: tokenendpoint.Used}
	}
	r.used, r.version, r.token = true, 1, in.token
	return output{outcome: tokenendpoint.Fresh}
}

func (r *record) replace(in input) output {
	if r.version == 0 || r.version != in.version-1 {
		return output{}
	}
	r.version, r.token = in.version, in.token
	return output{ok: true}
}

// byGrant returns the history of each grant: a revocation is one step for all that a
// grant has.
func byGrant(history []porcupine.Operation) [][]porcupine.Operation {
	grants := make(map[int][]porcupine.Operation)
	for _, o := range history {
		grant := o.Input.(input).grant
		grants[grant] = append(grants[grant], o)
	}
	var all [][]porcupine.Operation
	for _, history := range grants {
		all = append(all, history)
	}
	return all
}
