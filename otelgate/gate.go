package otelgate

import (
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Gate has the instruments. [New] returns one. It is safe for concurrent use.
type Gate struct {
	meter   metric.Meter
	routes  routes
	sets    sets
	decided decided
	keys    keyInstruments
	client  clientInstruments
}

// New returns a Gate whose instruments are those of the provider. If nil, the provider
// is [otel.GetMeterProvider]. It returns an error if the provider refuses an
// instrument. Make one Gate for a program.
func New(provider metric.MeterProvider) (*Gate, error) {
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	g := &Gate{meter: provider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL)), sets: newSets()}
	if err := errors.Join(g.decided.make(g.meter), g.keys.make(g.meter), g.client.make(g.meter)); err != nil {
		return nil, err
	}
	g.begin()
	return g, nil
}

const scope = "github.com/bearergate/bearergate/otelgate"
