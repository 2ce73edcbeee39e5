package bearergate

import (
	"net/http"
	"strconv"
	"time"
)

// maxFieldInteger is the largest integer of a structured field (RFC 9651
// section 3.3.1).
const maxFieldInteger = 999_999_999_999_999

// policyField is a RateLimit-Policy as it was last written. It hardly changes.
type policyField struct {
	limit  uint64
	window time.Duration
	text   string
}

// setFields sets RateLimit-Policy and RateLimit. Their slices are cut from one
// array, and belong to this response alone.
func (b *budget) setFields(h http.Header, q quota) {
	if q.limit == 0 {
		return // a store without a limit has nothing to tell
	}
	values := [...]string{b.policyText(q), b.limitText(q)}
	h["Ratelimit-Policy"] = values[0:1:1]
	h["Ratelimit"] = values[1:2:2]
}

func (b *budget) policyText(q quota) string {
	if p := b.policy.Load(); p != nil && p.limit == q.limit && p.window == q.window {
		return p.text
	}
	text := `"` + b.name + `";q=` + strconv.FormatUint(min(q.limit, maxFieldInteger), 10)
	if q.window >= time.Second {
		text += ";w=" + strconv.FormatInt(wholeSeconds(q.window), 10)
	}
	b.policy.Store(&policyField{q.limit, q.window, text})
	return text
}

func (b *budget) limitText(q quota) string {
	var buf [64]byte
	text := append(buf[:0], '"')
	text = append(text, b.name...)
	text = append(text, `";r=`...)
	text = strconv.AppendUint(text, min(q.remaining, maxFieldInteger), 10)
	text = append(text, ";t="...)
	text = strconv.AppendInt(text, wholeSeconds(time.Until(q.reset)), 10)
	return string(text)
}
