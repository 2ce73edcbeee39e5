package jwtverifier

import (
	"strings"

	"github.com/bearergate/bearergate/internal/strictjson"
)

// maxDigits is the number of digits of the greatest 64-bit integer.
const maxDigits = 20

// readID reads an id: a string, or a JSON integer, which is read as its digits.
// It is never a number in between: a float64 has one value for two long ids.
func readID(value string) (id string, ok bool) {
	if id, ok := strictjson.String(value); ok {
		return id, true
	}
	if len(value) > maxDigits || strings.Trim(value, "0123456789") != "" {
		return "", false
	}
	return value, true
}

// readIDs reads an array of ids.
func readIDs(value string) (ids []string, ok bool) {
	err := strictjson.Array(value, func(element string) error {
		id, ok := readID(element)
		if !ok {
			return errNotID
		}
		ids = append(ids, id)
		return nil
	})
	return ids, err == nil
}
