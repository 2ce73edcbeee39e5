package client

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
)

// pauseOf returns how long to wait after an answer of this status without
// Retry-After. It is 0 if the status does not ask to wait.
func pauseOf(status int) time.Duration {
	for _, code := range bearergate.Codes() {
		if code.Status() == status && code.Action() == Wait {
			return code.RetryAfter()
		}
	}
	return 0
}

// retryAfter reads Retry-After (RFC 9110 section 10.2.3): seconds or a date. The
// time is at least a second, so that no request is repeated without a pause. A date
// in the past is a second. If the header is absent or malformed, absent is returned
// (S8.28).
func retryAfter(h http.Header, now time.Time, absent time.Duration) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		const most = uint64(1<<63-1) / uint64(time.Second)
		return max(time.Duration(min(seconds, most))*time.Second, time.Second)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), time.Second)
	}
	return absent
}
