// Package quote quotes texts from outside for a log.
package quote

import "strconv"

// Max is how many bytes of a text are quoted.
const Max = 128

// Text returns a text as an ASCII string literal, cut to Max bytes.
func Text(s string) string {
	if len(s) > Max {
		return strconv.QuoteToASCII(s[:Max]) + "…"
	}
	return strconv.QuoteToASCII(s)
}
