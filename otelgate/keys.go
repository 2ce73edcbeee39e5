package otelgate

import (
	"context"
	"errors"
	"time"

	"github.com/bearergate/bearergate/jwtverifier"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// ObserveKeys measures the keys under a name, such as that of their issuer. Each source
// has a name of its own. Unregister of the result ends the measuring; a program whose
// keys live as long as itself need not call it. ObserveKeys returns an error if keys is
// nil.
func (g *Gate) ObserveKeys(name string, keys jwtverifier.KeySource) (metric.Registration, error) {
	if keys == nil {
		return nil, errors.New("otelgate: ObserveKeys was given a nil KeySource; pass Verifier.Keys or what jwtverifier.Config.Keys has")
	}
	source := keySourceKey.String(name)
	all := metric.WithAttributeSet(attribute.NewSet(source))
	failed := metric.WithAttributeSet(attribute.NewSet(source, semconv.ErrorTypeOther))
	measure := func(_ context.Context, o metric.Observer) error {
		s := keys.Status()
		o.ObserveInt64(g.keys.count, int64(s.Keys), all)
		if !s.FetchedAt.IsZero() {
			o.ObserveFloat64(g.keys.age, time.Since(s.FetchedAt).Seconds(), all)
		}
		o.ObserveInt64(g.keys.fetches, int64(s.Fetches-s.FailedFetches), all)
		o.ObserveInt64(g.keys.fetches, int64(s.FailedFetches), failed)
		return nil
	}
	return g.meter.RegisterCallback(measure, g.keys.count, g.keys.age, g.keys.fetches)
}
