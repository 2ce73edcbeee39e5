package jwtverifier

// lately remembers 16 bits of each of the last tokens that wanted a place in a
// bucket, whether they got one or not. It fills two cache lines. Another token has the
// same bits once in a thousand times, and is then kept as if it were in use.
type lately struct {
	next   uint16
	prints [63]uint16
}

// includes reports whether the token wanted a place lately, and remembers it.
func (l *lately) includes(id *tokenHash) bool {
	print := uint16(id.tag()) // not of the bits that choose the bucket
	for _, p := range l.prints {
		if p == print {
			return true
		}
	}
	l.prints[l.next] = print
	l.next = (l.next + 1) % uint16(len(l.prints))
	return false
}
