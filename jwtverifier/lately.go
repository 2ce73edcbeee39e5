package jwtverifier

import "slices"

// lately remembers 16 bits of each of the last tokens that wanted a place in a
// bucket, whether they got one or not. It fills two cache lines. Another token has the
// same bits once in a thousand times, and is then kept as if it were in use; so is one
// with the bits 0 at first.
type lately struct {
	next   uint16
	prints [63]uint16
}

// remember reports whether the token wanted a place lately.
func (l *lately) remember(id *tokenHash) (again bool) {
	bits := uint16(id.tag()) // not those that choose the bucket
	if slices.Contains(l.prints[:], bits) {
		return true
	}
	l.prints[l.next] = bits
	l.next = (l.next + 1) % uint16(len(l.prints))
	return false
}
