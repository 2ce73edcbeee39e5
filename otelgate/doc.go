// Package otelgate makes OpenTelemetry metrics and span attributes of what bearergate
// decides:
//
//	gate, err := otelgate.New(nil) // the global MeterProvider
//	…
//	configure, err := bearergate.Configure(bearergate.Config{
//		Observer: gate.Observer(bearergate.LogDecisions(slog.Default())),
//	})
//
// [Gate.Observer] counts the decisions of the guards and of the token endpoint.
// [Gate.ObserveKeys] measures the keys of an issuer, and [Gate.ObserveClient] the
// renewals of an app. docs/observability.md has the table of metrics and attributes.
//
// The metrics have no attribute whose values a client chooses: codes and token types
// are those of bearergate, routes those of the program, and methods those of HTTP or
// _OTHER. Neither metrics nor spans have a token, a subject or a reason. These are in
// the log.
package otelgate
