package differential_test

import (
	"fmt"
	"strings"
)

// input is what a token is made of. Most inputs have a good signature, whatever was
// done to their header and payload.
type input struct {
	header, payload string // if empty, a good one
	edits           []byte // pairs
	signer, keys    byte
	// Of the token, cut bytes at the position at are replaced by insert.
	at     uint16
	cut    byte
	insert string
}

// goodPayload counts from the time that testing/synctest begins with, 2000-01-01.
const goodPayload = `{"iss":"https://issuer.example","aud":"https://api.example","sub":"user","exp":946688400,"iat":946684800,"scope":"read"}`

func (in input) signedBy() signer { return signers[int(in.signer)%len(signers)] }
func (in input) keySet() keySet   { return keySets[int(in.keys)%len(keySets)] }

// texts returns header and payload as they are signed.
func (in input) texts() (header, payload string) {
	header, payload = in.header, in.payload
	if header == "" {
		alg := in.signedBy().alg
		kid := alg
		if alg[0] == 'P' || strings.HasPrefix(alg, "RS") {
			kid = "RS256"
		}
		header = `{"alg":"` + alg + `","kid":"` + kid + `"}`
	}
	if payload == "" {
		payload = goodPayload
	}
	return applyEdits(in.edits, header, payload)
}

func (in input) token() string {
	header, payload := in.texts()
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	token := signed + "." + encode(in.signedBy().sign([]byte(signed)))
	if in.cut == 0 && in.insert == "" {
		return token
	}
	at := int(in.at) % (len(token) + 1)
	return token[:at] + in.insert + token[min(at+int(in.cut), len(token)):]
}

func (in input) String() string {
	header, payload := in.texts()
	return fmt.Sprintf("signed by %s, for keys %s, %d bytes at %d replaced by %q:\n%.500s\n%.500s",
		in.signedBy().name, in.keySet().name, in.cut, in.at, in.insert, header, payload)
}
