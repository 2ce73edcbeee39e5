package jwtverifier

import (
	"context"
	"log/slog"
	"slices"

	"github.com/bearergate/bearergate/internal/defaultlog"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// reporter logs the state of an issuer's keys for an operator: to logger or, if that
// is nil, to slog.Default at a bounded rate.
type reporter struct {
	logger *slog.Logger
	issuer string
	limits keyLimits
}

func (r reporter) equal(other reporter) bool {
	return r.logger == other.logger && r.issuer == other.issuer && r.limits.equal(&other.limits)
}

// The budgets of lines without a logger, for each kind of report.
var unheard struct{ skipped, costly, failing, recovered defaultlog.Log }

func (r reporter) skipped(reason string) {
	r.log(&unheard.skipped, slog.LevelWarn, "bearergate: key skipped", slog.String("reason", reason))
}

func (r reporter) costly(reason string) {
	r.log(&unheard.costly, slog.LevelWarn, "bearergate: costly key", slog.String("reason", reason))
}

func (r reporter) failing(err error) {
	r.log(&unheard.failing, slog.LevelWarn, "bearergate: keys cannot be fetched", slog.Any("reason", err))
}

func (r reporter) recovered() {
	r.log(&unheard.recovered, slog.LevelInfo, "bearergate: keys can be fetched again")
}

func (r reporter) log(byDefault *defaultlog.Log, level slog.Level, message string, attrs ...slog.Attr) {
	ctx := context.Background()
	attrs = append([]slog.Attr{slog.String("issuer", r.issuer)}, attrs...)
	if r.logger == nil {
		byDefault.Log(ctx, level, message, attrs...)
		return
	}
	defer func() { _ = recover() }() // a handler that panics must not end the program: this may be a goroutine of a fetch
	r.logger.LogAttrs(ctx, level, message, attrs...)
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
		r.newlyUsable(before.keySet(), keys.set)
	}
}

func (r reporter) newlySkipped(before, keys *fetchedKeys) {
	for _, reason := range keys.skipped {
		if before == nil || !slices.Contains(before.skipped, reason) {
			r.skipped(reason)
		}
	}
}

// newlyUsable reports the keys of the set that are costly, or excluded by the
// configuration, and not in the set before.
func (r reporter) newlyUsable(before, set *jose.KeySet) {
	known := make(map[string]bool) // a set may have thousands of keys
	if before != nil {
		for _, k := range before.Keys() {
			if r.limits.excluded(k) != "" || costly(k) != "" {
				known[k.SPKI()] = true
			}
		}
	}
	for _, k := range set.Keys() {
		excluded, costly := r.limits.excluded(k), costly(k)
		switch {
		case excluded == "" && costly == "", known[k.SPKI()]:
		case excluded != "":
			r.skipped(keyName(k) + ": " + excluded)
		default:
			r.costly(costly)
		}
	}
}

func (k *remoteKeys) reportTo(r reporter) {
	k.mu.Lock()
	known := slices.ContainsFunc(k.reporters, r.equal)
	if !known {
		k.reporters = append(slices.Clip(k.reporters), r)
	}
	k.mu.Unlock()
	if keys := k.current.Load(); keys != nil && !known {
		r.newlySkipped(nil, keys)
		r.newlyUsable(nil, keys.set)
	}
}
