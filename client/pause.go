package client

import (
	"errors"
	"time"
)

const (
	// maxPause is the longest pause between two renewals that fail, apart from
	// Retry-After.
	maxPause = 15 * time.Second
	// maxRetryAfter is the longest Retry-After of a token endpoint that is waited
	// for.
	maxRetryAfter = time.Hour
	// maxForced is how many renewals in a minute refused tokens cause.
	maxForced = 4
)

// growing returns the pause after so many failures: 1 s, 2 s, 4 s, 8 s and then
// maxPause.
func growing(failures int) time.Duration {
	if failures > 4 {
		return maxPause
	}
	return time.Second << max(failures-1, 0)
}

// failure is the error of the last renewal. Every request gets it until a renewal
// may begin again.
type failure struct {
	err   error
	count int
	until time.Time
	looks bool  // the store can be asked for another connection meanwhile
	seen  int64 // the Revision of the connection that could not be renewed
}

// next returns the failure after f. It lasts for a pause, or until the token in use
// expires, but not less than Retry-After.
func (f failure) next(err error, now time.Time, inUse StoredToken) failure {
	f = failure{err: err, count: f.count + 1, until: now.Add(growing(f.count + 1))}
	if inUse.living(now) && inUse.ExpiresAt.Before(f.until) {
		f.until = inUse.ExpiresAt
	}
	if retryAt := now.Add(min(retryAfterOf(err), maxRetryAfter)); retryAt.After(f.until) {
		f.until = retryAt
	}
	return f
}

func (f failure) lasts(now time.Time) bool { return now.Before(f.until) }

// retryAfterOf returns the Retry-After of a refusal in the tree of err, or 0.
func retryAfterOf(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// budget counts the renewals of refused tokens, so that a server that refuses every
// token does not cause one for each request.
type budget struct {
	last [maxForced]time.Time
	next int
}

func (b *budget) take(now time.Time) bool {
	if now.Sub(b.last[b.next]) < time.Minute {
		return false
	}
	b.last[b.next] = now
	b.next = (b.next + 1) % maxForced
	return true
}
