package jwtverifier

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bearergate/bearergate/internal/strictjson"
)

// The parts of a token that a reason quotes are bounded, since they go into logs.
const (
	maxQuoted = 128
	maxListed = 8
)

func quote(s string) string {
	if len(s) > maxQuoted {
		return strconv.Quote(s[:maxQuoted]) + "…"
	}
	return strconv.Quote(s)
}

func quoteJSON(value string) string {
	if s, ok := strictjson.String(value); ok {
		return quote(s)
	}
	return quote(value)
}

func textOrNo(name, text string) string {
	if text == "" {
		return "no " + name
	}
	return name + " " + quote(text)
}

func listed(name string, has bool, values []string) string {
	switch {
	case !has:
		return "no " + name
	case len(values) == 0:
		return "an empty " + name
	}
	return name + " " + quoteAll(values, ", ")
}

func oneOf(values []string) string { return quoteAll(values, " or ") }

// oneOfOrNone lists values of which an empty one stands for none.
func oneOfOrNone(values []string) string {
	some := slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
	if len(some) < len(values) {
		return oneOf(some) + " or none"
	}
	return oneOf(some)
}

func quoteAll(values []string, separator string) string {
	quoted := make([]string, 0, maxListed+1)
	for i, s := range values {
		if i == maxListed {
			quoted = append(quoted, "…")
			break
		}
		quoted = append(quoted, quote(s))
	}
	return strings.Join(quoted, separator)
}
