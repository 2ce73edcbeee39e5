package otelgate

import (
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// decided has the instruments of decisions.
type decided struct {
	decisions     metric.Int64Counter
	duration      metric.Float64Histogram
	verifications metric.Int64Counter
	degradations  metric.Int64Counter
	thefts        metric.Int64Counter
	repeats       metric.Int64Counter
}

func (i *decided) make(m metric.Meter) error {
	var errs [6]error
	i.decisions, errs[0] = m.Int64Counter("bearergate.decisions", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that the guards or the token endpoint decided about."))
	i.duration, errs[1] = m.Float64Histogram("bearergate.decision.duration", metric.WithUnit("s"),
		metric.WithDescription("Time from Configure to the last guard's decision."),
		metric.WithExplicitBucketBoundaries(10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5))
	i.verifications, errs[2] = m.Int64Counter("bearergate.token.verifications", metric.WithUnit("{token}"),
		metric.WithDescription("Tokens that were accepted as valid, from the cache or after a check of the signature."))
	i.degradations, errs[3] = m.Int64Counter("bearergate.limiter.degradations", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that the fallback of a limiter decided about, since the limiter failed."))
	i.thefts, errs[4] = m.Int64Counter("bearergate.thefts", metric.WithUnit("{theft}"),
		metric.WithDescription("Thefts of codes and refresh tokens that the token endpoint detected."))
	i.repeats, errs[5] = m.Int64Counter("bearergate.refresh.repeats", metric.WithUnit("{response}"),
		metric.WithDescription("Retired refresh tokens that were answered with their successor again."))
	return errors.Join(errs[:]...)
}

// keyInstruments has the instruments of key sources.
type keyInstruments struct {
	count   metric.Int64ObservableUpDownCounter
	age     metric.Float64ObservableGauge
	fetches metric.Int64ObservableCounter
}

func (i *keyInstruments) make(m metric.Meter) error {
	var errs [3]error
	i.count, errs[0] = m.Int64ObservableUpDownCounter("bearergate.key.count", metric.WithUnit("{key}"),
		metric.WithDescription("Keys that tokens can be verified with now."))
	i.age, errs[1] = m.Float64ObservableGauge("bearergate.key.age", metric.WithUnit("s"),
		metric.WithDescription("Time since the keys in use were fetched."))
	i.fetches, errs[2] = m.Int64ObservableCounter("bearergate.key.fetches", metric.WithUnit("{fetch}"),
		metric.WithDescription("Fetches of keys that ended."))
	return errors.Join(errs[:]...)
}

// clientInstruments has the instruments of package client.
type clientInstruments struct {
	renewal metric.Float64Histogram
	deaths  metric.Int64Counter
}

func (i *clientInstruments) make(m metric.Meter) error {
	var errs [2]error
	i.renewal, errs[0] = m.Float64Histogram("bearergate.client.renewal.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of the renewals of a connection's tokens."),
		metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25))
	i.deaths, errs[1] = m.Int64Counter("bearergate.client.deaths", metric.WithUnit("{connection}"),
		metric.WithDescription("Connections that ended: their users have to connect again."))
	return errors.Join(errs[:]...)
}
