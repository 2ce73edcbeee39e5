package differential_test

import (
	"sync"
	"testing"
)

// panels are those of keySets.
var panels = sync.OnceValue(func() (all []*panel) {
	for _, k := range keySets {
		all = append(all, newPanel(k))
	}
	return all
})

// FuzzSameVerdict gives one token to all libraries. Header and payload are signed
// after they were changed, so that no change is lost behind a wrong signature.
func FuzzSameVerdict(f *testing.F) {
	for _, in := range generate(150) {
		f.Add(in.header, in.payload, in.edits, in.signer, in.keys, in.at, in.cut, in.insert)
	}
	f.Add(`{"alg":"ES256","kid":"ES256"}`, goodPayload, []byte(nil), byte(6), byte(0), uint16(0), byte(0), "")
	f.Add(`{"typ":"at+jwt","alg":"EdDSA"}`, goodPayload, []byte(nil), byte(9), byte(2), uint16(0), byte(0), "")
	f.Add("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", goodPayload, []byte(nil), byte(10), byte(4), uint16(0), byte(0), "")
	f.Fuzz(func(t *testing.T, header, payload string, edits []byte, signer, keys byte, at uint16, cut byte, insert string) {
		in := input{header, payload, edits, signer, keys, at, cut, insert}
		atRest(t, func() {
			for _, text := range panels()[int(keys)%len(keySets)].compare(in.token()) {
				t.Errorf("%s\n%s", text, in)
			}
		})
	})
}

// oneEditEach returns inputs that have one edit, with each value of each edit, and
// the first value of each beside another.
func oneEditEach() (inputs []input) {
	for i, e := range edits {
		signer := byte(6 + 3*(i%2)) // ES256 or EdDSA
		for j := range e.values {
			inputs = append(inputs, input{edits: []byte{byte(i), byte(j)}, signer: signer})
		}
		inputs = append(inputs, input{edits: []byte{byte(i), 0, byte(i), 0x80}, signer: signer})
	}
	return inputs
}
