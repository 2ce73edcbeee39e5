package jwtverifier

import (
	"log/slog"
	"slices"
)

// reporter logs the state of an issuer's keys for an operator.
type reporter struct {
	logger *slog.Logger
	issuer string
}

func (r reporter) skipped(reason string) {
	r.logger.Warn("bearergate: key skipped", "issuer", r.issuer, "reason", reason)
}

func (r reporter) failing(err error) {
	r.logger.Warn("bearergate: keys cannot be fetched", "issuer", r.issuer, "reason", err)
}

func (r reporter) recovered() {
	r.logger.Info("bearergate: keys can be fetched again", "issuer", r.issuer)
}

// fetched reports the changes by a fetch.
func (r reporter) fetched(before, keys *fetchedKeys, failure, err error) {
	switch {
	case err != nil && failure == nil:
		r.failing(err)
	case err == nil && failure != nil:
		r.recovered()
	}
	if err == nil {
		r.newlySkipped(before, keys)
	}
}

func (r reporter) newlySkipped(before, keys *fetchedKeys) {
	for _, reason := range keys.skipped {
		if before == nil || !slices.Contains(before.skipped, reason) {
			r.skipped(reason)
		}
	}
}

func (k *remoteKeys) reportTo(r reporter) {
	k.mu.Lock()
	known := slices.Contains(k.reporters, r)
	if !known {
		k.reporters = append(slices.Clip(k.reporters), r)
	}
	k.mu.Unlock()
	if keys := k.current.Load(); keys != nil && !known {
		r.newlySkipped(nil, keys)
	}
}
