package differential_test

import (
	"slices"
	"strings"
	"testing"
)

// fault is a verifier with one fault: in place of an input it reads another one, which
// is good although the first is not.
type fault func(input) input

// faults are planted, so that the vectors and the generator must find each of them.
var faults = map[string]fault{
	"accepts alg none": func(in input) input {
		header, _ := in.texts()
		if !strings.Contains(header, `"alg":"none"`) {
			return in
		}
		return in.resigned(signerES256, func(header, payload string) (string, string) {
			return setMember(header, "alg", `"ES256"`, false), payload
		})
	},
	"ignores crit":              ignoring("crit", true),
	"ignores exp":               expecting("exp", `946688400`, func(string) bool { return true }),
	"ignores nbf":               ignoring("nbf", false),
	"accepts exp as a string":   expecting("exp", `946688400`, func(value string) bool { return value == `"946688400"` }),
	"has a leeway of an hour":   expecting("exp", `946688400`, func(value string) bool { return strings.HasPrefix(value, "94668") }),
	"is a second too late":      expecting("exp", `946688400`, func(value string) bool { return value == "946684770" }),
	"accepts a prefix of aud":   expecting("aud", `"https://api.example"`, func(value string) bool { return strings.HasPrefix(value, `"https://api.example`) }),
	"accepts a null in aud":     expecting("aud", `"https://api.example"`, func(value string) bool { return strings.Contains(value, "null]") }),
	"compares iss without case": expecting("iss", `"https://issuer.example"`, func(value string) bool { return strings.EqualFold(value, `"https://issuer.example"`) }),
	"matches names without case": func(in input) input {
		return in.resigned(in.signer, func(header, payload string) (string, string) {
			return header, strings.ReplaceAll(payload, `"EXP":`, `"exp":`)
		}).onlyLast()
	},
	"lets the last duplicate win": func(in input) input { return in.onlyLast() },
	"accepts any salt":            trusting("a salt of no bytes", 3),
	"accepts ECDSA in ASN.1":      trusting("ASN.1", signerES256),
	"accepts keys of small order": trusting("a key of small order", signerES256),
	"uses public keys as secrets": trusting("the public key as the secret", signerES256),
	"ignores kid": func(in input) input {
		return in.resigned(in.signer, func(header, payload string) (string, string) {
			return setMember(header, "kid", removed, false), payload
		})
	},
	"ignores the alg of a key": func(in input) input {
		in.keys = []byte{1, 1, 2, 3, 4}[int(in.keys)%len(keySets)]
		return in
	},
	"drops padding and white space": func(in input) input {
		if strings.Trim(in.insert, "= \n") == "" && in.cut == 0 {
			in.insert = ""
		}
		return in
	},
	"ignores typ": ignoring("typ", true),
}

const signerES256 = 6

// resigned returns an input with the texts that change returns, and no edits.
func (in input) resigned(signer byte, change func(header, payload string) (string, string)) input {
	in.header, in.payload = change(in.texts())
	in.edits, in.signer = nil, signer
	return in
}

// onlyLast returns an input without the earlier of two members of one name.
func (in input) onlyLast() input {
	return in.resigned(in.signer, func(header, payload string) (string, string) { return lastOf(header), lastOf(payload) })
}

func lastOf(object string) string {
	all, ok := members(object)
	if !ok {
		return object
	}
	var last []member
	for i, m := range all {
		if !slices.ContainsFunc(all[i+1:], func(other member) bool { return other.name == m.name }) {
			last = append(last, m)
		}
	}
	return written(last)
}

func ignoring(name string, ofHeader bool) fault {
	return func(in input) input {
		return in.resigned(in.signer, func(header, payload string) (string, string) {
			if ofHeader {
				return setMember(header, name, removed, false), payload
			}
			return header, setMember(payload, name, removed, false)
		})
	}
}

// expecting is a verifier that reads some values of a claim as if they were good.
func expecting(name, good string, accepts func(value string) bool) fault {
	return func(in input) input {
		return in.resigned(in.signer, func(header, payload string) (string, string) {
			all, _ := members(payload)
			for _, m := range all {
				if m.name == name && accepts(m.value) {
					return header, setMember(payload, name, good, false)
				}
			}
			return header, payload
		})
	}
}

// trusting is a verifier that accepts signatures of a faulty signer as if they were
// those of a good one.
func trusting(name string, good byte) fault {
	return func(in input) input {
		if in.signedBy().name != name {
			return in
		}
		return in.resigned(good, func(header, payload string) (string, string) {
			header = setMember(header, "alg", `"`+signers[good].alg+`"`, false)
			return setMember(header, "kid", removed, false), payload
		})
	}
}

// faulty is our checker with a fault, for the token of one input.
type faulty struct {
	ours  checker
	token string // that of the input as the fault sees it
}

func (f faulty) payload(string) ([]byte, error) { return f.ours.payload(f.token) }
func (f faulty) claims(string) (facts, error)   { return f.ours.claims(f.token) }

// with returns what compares a token of in as if our checker had the fault, or nil
// if the fault makes no difference to it.
func (f fault) with(in input) *panel {
	seen := f(in)
	if seen.isMadeAs(in) {
		return nil
	}
	all := panels()
	p := *all[int(in.keys)%len(keySets)]
	p.ours = faulty{all[int(seen.keys)%len(keySets)].ours, seen.token()}
	return &p
}

func (in input) isMadeAs(other input) bool {
	header, payload := in.texts()
	otherHeader, otherPayload := other.texts()
	return header == otherHeader && payload == otherPayload && in.signer == other.signer && in.keys == other.keys && in.insert == other.insert
}

// TestPlantedFaultsAreFound holds that the comparison finds each fault.
func TestPlantedFaultsAreFound(t *testing.T) {
	inputs := slices.Concat(oneEditEach(), oneFaultySignerEach(), generate(300))
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			atRest(t, func() {
				for _, in := range inputs {
					if p := fault.with(in); p != nil && len(p.compare(in.token())) > 0 {
						return
					}
				}
				t.Error("got no difference, want the fault to be found")
			})
		})
	}
}

// oneFaultySignerEach returns inputs of each signer for each key set, and some that
// are padded.
func oneFaultySignerEach() (inputs []input) {
	for signer := range signers {
		for keys := range keySets {
			inputs = append(inputs, input{signer: byte(signer), keys: byte(keys)})
		}
	}
	return append(inputs, input{signer: signerES256, at: 143, insert: "="}, input{signer: signerES256, insert: " "})
}
