package otelgate

import (
	"context"

	"github.com/bearergate/bearergate"
)

// Observer returns an observer that measures each decision, adds attributes to the
// span of the request, and then calls next. If next is nil, nothing is logged, not even
// answers of 500 and 503: pass [bearergate.LogDecisions].
//
// The span is that of the context that [bearergate.Configure] received, so Configure
// stands inside of what starts the span, such as otelhttp.NewHandler.
func (g *Gate) Observer(next bearergate.Observer) bearergate.Observer {
	return func(ctx context.Context, d bearergate.Decision) {
		g.count(ctx, d)
		describe(ctx, d)
		if next != nil {
			next(ctx, d)
		}
	}
}

func (g *Gate) count(ctx context.Context, d bearergate.Decision) {
	route := g.routes.of(d.Method, d.Pattern)
	decision, known := route.decisions[outcome(d)]
	if !known {
		decision = route.decisions[other]
	}
	g.decided.decisions.Add(ctx, 1, decision...)
	g.decided.duration.Record(ctx, d.Duration.Seconds(), route.duration...)
	if d.TokenType != "" {
		g.decided.verifications.Add(ctx, 1, g.sets.verification(d)...)
	}
	if d.Degraded {
		g.decided.degradations.Add(ctx, 1)
	}
	if d.Theft != "" {
		g.decided.thefts.Add(ctx, 1, g.sets.theft(d.Theft)...)
	}
	if d.Repeated {
		g.decided.repeats.Add(ctx, 1)
	}
}

// begin makes the series of rare events, so that the first event changes a series from
// 0 to 1. Prometheus sees no increase in a series that begins with 1.
func (g *Gate) begin() {
	ctx := context.Background()
	for _, set := range g.sets.thefts {
		g.decided.thefts.Add(ctx, 0, set...)
	}
	g.decided.degradations.Add(ctx, 0)
	g.decided.repeats.Add(ctx, 0)
}
