package bearergate

import "strconv"

// part is a part of a key that no other part runs into, whatever characters it
// holds.
func part(s string) string { return strconv.Itoa(len(s)) + ":" + s + ":" }
