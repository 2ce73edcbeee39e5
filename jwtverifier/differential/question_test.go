package differential_test

import (
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"slices"
)

// question is a token and the keys that it is checked with, as the conditions of the
// table see them.
type question struct {
	*reading
	entries []webKey
	secret  []byte
	signers []webKey // the keys that made the signature by the algorithm of the header
}

// webKey is an entry of a key set.
type webKey struct {
	object
	id, alg string
	public  any    // nil if it cannot be read
	defect  string // why it must not be used, empty if it may be
}

func ask(token string, secret []byte, entries []webKey) *question {
	q := &question{reading: read(token), secret: secret, entries: entries}
	alg, _ := q.header.text("alg")
	dot := max(0, len(token)-len(q.segments[len(q.segments)-1])-1)
	for _, k := range q.keys() {
		if signs(k.public, alg, []byte(token[:dot]), q.signature) {
			q.signers = append(q.signers, k)
		}
	}
	return q
}

func (q *question) keys() []webKey {
	if q.secret != nil {
		return []webKey{{public: q.secret}}
	}
	return q.entries
}

// readSet reads the entries of a set. An id that several usable keys have is a
// defect.
func readSet(set string) (entries []webKey) {
	document, ids := readObject([]byte(set)), make(map[string]int)
	var texts []json.RawMessage
	json.Unmarshal(document.members["keys"], &texts)
	for _, text := range texts {
		k := readKey(text)
		if !document.valid || document.duplicate {
			k.defect = "in a malformed set"
		}
		if k.defect == "" {
			ids[k.id]++
		}
		entries = append(entries, k)
	}
	for i, k := range entries {
		if k.defect == "" && k.id != "" && ids[k.id] > 1 {
			entries[i].defect = "shared kid"
		}
	}
	return entries
}

func readKey(text []byte) webKey {
	k := webKey{object: readObject(text)}
	k.id, _ = k.text("kid")
	k.alg, _ = k.text("alg")
	k.public = publicKey(k.object)
	k.defect = k.findDefect()
	return k
}

// candidates are the keys that a token is to be checked with (S3c.24): the one that
// kid names, or those without kid if none has it, or all if the token has no kid.
func (q *question) candidates() []webKey {
	if q.secret != nil {
		return q.keys()
	}
	usable := slices.DeleteFunc(slices.Clone(q.entries), func(k webKey) bool { return k.defect != "" })
	id, _ := q.header.text("kid")
	if id == "" {
		return usable
	}
	for _, wanted := range []string{id, ""} {
		named := slices.DeleteFunc(slices.Clone(usable), func(k webKey) bool { return k.id != wanted })
		if len(named) > 0 {
			return named
		}
	}
	return nil
}

// mayVerify reports whether a key is for all algorithms, or for that of the token.
func (q *question) mayVerify(k webKey) bool {
	alg, _ := q.header.text("alg")
	return k.alg == "" || k.alg == alg
}

// hasOtherSalt reports whether a signature is one of PSS whose salt is not as long
// as the hash.
func (q *question) hasOtherSalt() bool {
	alg, _ := q.header.text("alg")
	h, ok := map[string]crypto.Hash{"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512}[alg]
	if !ok || len(q.signers) == 0 {
		return false
	}
	input := []byte(q.segments[0] + "." + q.segments[1])
	return !slices.ContainsFunc(q.signers, func(k webKey) bool {
		public, ok := k.public.(*rsa.PublicKey)
		return ok && pssSigns(public, h, input, q.signature, rsa.PSSSaltLengthEqualsHash)
	})
}

// signedByCandidate reports whether one of the keys that count made the signature.
func (q *question) signedByCandidate() bool {
	return slices.ContainsFunc(q.candidates(), func(c webKey) bool {
		return q.mayVerify(c) && slices.ContainsFunc(q.signers, func(s webKey) bool { return s.source == c.source })
	})
}

// isSignedAsTheKeySays reports whether a key made the signature with its alg, and
// the token has another one.
func isSignedAsTheKeySays(q *question) bool {
	return len(q.segments) == 3 && slices.ContainsFunc(q.entries, func(k webKey) bool {
		return !q.mayVerify(k) && signs(k.public, k.alg, []byte(q.segments[0]+"."+q.segments[1]), q.signature)
	})
}

// tooManyFit reports whether more keys fit a token than are tried (S3c.24).
func (q *question) tooManyFit() bool {
	alg, _ := q.header.text("alg")
	fitting := slices.DeleteFunc(q.candidates(), func(k webKey) bool { return !q.mayVerify(k) || !slices.Contains(k.algorithms(), alg) })
	return len(fitting) > 4
}
