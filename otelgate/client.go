package otelgate

import (
	"context"
	"errors"
	"net/url"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// ObserveClient returns c with a Renewed and a Dead that measure, and then call those
// of c. Pass the result to [client.New]. The connections to one API share their series.
func (g *Gate) ObserveClient(c client.Config) client.Config {
	api := serverOf(c.APIURL)
	renewed, dead := c.Renewed, c.Dead
	c.Renewed = func(r client.Renewal) {
		g.renewed(api, r)
		if renewed != nil {
			renewed(r)
		}
	}
	c.Dead = func(err error) {
		g.died(api, err)
		if dead != nil {
			dead(err)
		}
	}
	for _, code := range []bearergate.Code{bearergate.ErrInvalidGrant, bearergate.ErrGrantRevoked} {
		g.client.deaths.Add(context.Background(), 0, with(append(api, codeKey.String(string(code)))...)...)
	}
	return c
}

func (g *Gate) renewed(api []attribute.KeyValue, r client.Renewal) {
	attributes := api
	if r.Err != nil {
		attributes = append(attributes, semconv.ErrorTypeKey.String(errorType(r.Err)))
	}
	set := metric.WithAttributeSet(attribute.NewSet(attributes...))
	g.client.renewal.Record(context.Background(), r.Duration.Seconds(), set)
}

func (g *Gate) died(api []attribute.KeyValue, err error) {
	code := codeKey.String(errorType(err))
	g.client.deaths.Add(context.Background(), 1, with(append(api, code)...)...)
}

// serverOf returns server.address. The slice has no room: to append to it makes a copy.
func serverOf(apiURL string) []attribute.KeyValue {
	u, err := url.Parse(apiURL)
	if err != nil || u.Hostname() == "" {
		return nil // New of the client refuses it
	}
	return []attribute.KeyValue{semconv.ServerAddress(u.Hostname())}
}

// errorType returns the code of an answer of the API, timeout, or _OTHER.
func errorType(err error) string {
	var e *client.Error
	switch {
	case errors.As(err, &e) && e.Code.Status() != 0:
		return string(e.Code)
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return other
}
