package jwtverifier

import (
	"slices"
	"strings"

	"github.com/bearergate/bearergate/internal/quote"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// maxListed bounds the values that a reason lists, since it goes into logs.
const maxListed = 8

func quoteJSON(value string) string {
	if s, ok := strictjson.String(value); ok {
		return quote.Text(s)
	}
	return quote.Text(value)
}

func textOrNo(name, text string) string {
	if text == "" {
		return "no " + name
	}
	return name + " " + quote.Text(text)
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
		quoted = append(quoted, quote.Text(s))
	}
	return strings.Join(quoted, separator)
}
