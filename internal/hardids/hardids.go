// Package hardids has ids that some stores confuse with each other or change, for the
// suites that test stores.
package hardids

import (
	"strings"
	"unicode/utf8"
)

// All returns ids that differ in one byte, or only in ways that some stores ignore.
func All() []string {
	long := strings.Repeat("é", 149)
	ids := []string{
		"e\u0301", "\u00e9", "straße", "STRASSE", "a/b", "a%2Fb", "a:b", "a::b", "1", "01", "1.0", "a", "A", "a ", " a", "%", "_", `a"b`, "a'b", "null", "<&>", "xy", "x\ufffdy",
		long + "x1", long + "x2", // 300 bytes
	}
	for b := range 256 {
		ids = append(ids, "x"+string([]byte{byte(b)})+"y")
	}
	return ids
}

// Refusable reports whether a store may refuse an id by an error: it is not UTF-8, or
// has a NUL. A store never changes one.
func Refusable(id string) bool {
	return !utf8.ValidString(id) || strings.ContainsRune(id, 0)
}
