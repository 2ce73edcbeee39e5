package jwtverifier

import (
	"errors"
	"math"
	"strconv"
)

var errDate = errors.New("not a NumericDate")

// lastSecond is the last of the year 9999, the last that RFC 3339 can write.
const lastSecond = 253402300799

// takeExpiry refuses mistakes of the issuer: 0, which other libraries read as never,
// and milliseconds in place of seconds.
func takeExpiry(into *int64, value string) error {
	if err := takeDate(into, value); err != nil {
		return err
	}
	if *into <= 0 || *into > lastSecond {
		return errDate
	}
	return nil
}

// farthest ends the integers that a float64 holds exactly.
const farthest = 1 << 53

// takeDate reads a JSON number and drops its fraction. Numbers beyond all dates
// become the farthest.
func takeDate(into *int64, value string) error {
	if c := value[0]; c != '-' && (c < '0' || c > '9') {
		return errDate
	}
	if seconds, ok := shortInteger(value); ok {
		*into = seconds
		return nil
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return errDate
	}
	*into = int64(max(-farthest, min(math.Trunc(f), farthest)))
	return nil
}

// shortInteger reads the usual form of a date.
func shortInteger(value string) (n int64, ok bool) {
	if len(value) > 15 {
		return 0, false
	}
	for _, c := range []byte(value) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}
