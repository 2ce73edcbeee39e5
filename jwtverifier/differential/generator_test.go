package differential_test

import (
	"math/rand/v2"
	"testing"
)

// generate returns inputs that are the same in every run. Most have a signature
// that costs little time.
func generate(n int) []input {
	random := rand.New(rand.NewPCG(1, 2))
	inputs := make([]input, n)
	for i := range inputs {
		in := input{signer: anySigner(random), keys: byte(random.IntN(len(keySets)))}
		for range random.IntN(4) {
			in.edits = append(in.edits, byte(random.Uint32()), byte(random.Uint32()))
		}
		if random.IntN(10) == 0 {
			in.at, in.cut, in.insert = uint16(random.Uint32()), byte(random.IntN(3)), []string{"", "=", "==", "\n", " ", ".", "A", "+", "%"}[random.IntN(9)]
		}
		inputs[i] = in
	}
	return inputs
}

// TestSameVerdict holds what [FuzzSameVerdict] does, for inputs that are the same in
// every run.
func TestSameVerdict(t *testing.T) {
	accepted := 0
	atRest(t, func() {
		for _, in := range append(oneEditEach(), generate(600)...) {
			p, token := panels()[int(in.keys)%len(keySets)], in.token()
			for _, text := range p.compare(token) {
				t.Errorf("%s\n%s", text, in)
			}
			if _, err := p.ours.claims(token); err == nil {
				accepted++
			}
		}
	})
	if accepted < 200 {
		t.Errorf("got %d good tokens, want some hundreds: the differences would be those of signatures alone", accepted)
	}
}

// anySigner returns ES256, EdDSA or HS256 half of the time, which cost little.
func anySigner(random *rand.Rand) byte {
	if random.IntN(2) == 0 {
		return []byte{6, 9, 10}[random.IntN(3)]
	}
	return byte(random.IntN(len(signers)))
}
