package jwtverifier

import (
	"fmt"
	"strings"
)

// ClaimPath names a claim, or a member of a claim that is an object: the names of
// the members on the way, such as {"permissions"} or {"realm_access", "roles"}.
// Names are compared byte for byte, and may hold dots and slashes. A claim on the
// way that is no object makes the token malformed; one that is absent does not.
type ClaimPath []string

// String returns the name of a claim as it is, and longer paths as a JSON array.
func (p ClaimPath) String() string {
	if len(p) == 1 {
		return p[0]
	}
	quoted := make([]string, len(p))
	for i, name := range p {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

func (p ClaimPath) equal(name string) bool { return len(p) == 1 && p[0] == name }
