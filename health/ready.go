package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Check returns nil if a part of the program works. Its context ends at the timeout. It
// must be safe for concurrent use with the rest of the program. A panic is a failure.
type Check func(ctx context.Context) error

// DefaultTimeout is the default of Config.Timeout.
const DefaultTimeout = time.Second

// Config is the settings of [Ready]. Checks is required.
type Config struct {
	// Checks are the parts that this instance needs, by their names in the answer and
	// in the log.
	Checks map[string]Check
	// Timeout bounds a probe. A check that takes longer has failed. If zero,
	// [DefaultTimeout] is used. Let it be shorter than the timeout of the prober.
	Timeout time.Duration
	// Logger receives the error when a check begins to fail, and a line when it
	// works again. If nil, [slog.Default] is used.
	Logger *slog.Logger
}

// Ready returns a handler that runs all checks at once and answers 200 if each returns
// nil, and else 503. The answer names the parts, and says which are failing; the
// reasons are in the log alone.
//
// Probes that arrive at once share the checks. A check that ignores its context is
// running once at most, however many probes wait for it. The error of Ready names every
// fault of c.
func Ready(c Config) (http.Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	h := &readiness{timeout: c.Timeout}
	for name, check := range c.Checks {
		h.parts = append(h.parts, &part{name: name, check: check, timeout: c.Timeout, logger: c.Logger})
	}
	return h, nil
}

func (c *Config) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("health: Config."+format, args...))
	}
	if len(c.Checks) == 0 {
		fault("Checks is empty; add a check, or use Live")
	}
	for name, check := range c.Checks {
		if check == nil {
			fault("Checks has a nil function for %q; leave it out", name)
		}
	}
	if c.Timeout < 0 {
		fault("Timeout is %v; use a positive duration, or 0 for %v", c.Timeout, DefaultTimeout)
	}
	return errors.Join(faults...)
}

type readiness struct {
	parts   []*part
	timeout time.Duration
}

// report is the body of an answer.
type report struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"` // sorted by encoding/json
}

// ServeHTTP implements [http.Handler].
func (h *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if refused(w, r) {
		return
	}
	body, status := h.probe(r.Context()), http.StatusOK
	if !body.Ready {
		status = http.StatusServiceUnavailable
	}
	answer(w, r, status, body)
}

func (h *readiness) probe(ctx context.Context) report {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	runs := make([]*run, len(h.parts))
	for i, p := range h.parts {
		runs[i] = p.begin()
	}
	all := report{Ready: true, Checks: make(map[string]string)}
	for i, p := range h.parts {
		all.Checks[p.name] = "ok"
		if !p.wait(ctx, runs[i]) {
			all.Ready, all.Checks[p.name] = false, "failing"
		}
	}
	return all
}
