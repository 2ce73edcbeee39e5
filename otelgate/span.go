package otelgate

import (
	"context"
	"net/http"

	"github.com/bearergate/bearergate"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// describe adds the decision to the span of the request. By OpenTelemetry's conventions
// for HTTP servers, an answer of 500 or more is an error of the span, and 400 to 499 is
// none.
func describe(ctx context.Context, d bearergate.Decision) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(attributesOf(d)...)
	if d.Code.Status() >= http.StatusInternalServerError && !d.ClientGone {
		span.SetAttributes(semconv.ErrorTypeKey.String(string(d.Code)))
		span.SetStatus(codes.Error, "")
	}
}

func attributesOf(d bearergate.Decision) []attribute.KeyValue {
	all := routeKey{knownMethod(d.Method), d.Pattern}.attributes()
	text := func(key attribute.Key, value string) {
		if value != "" {
			all = append(all, key.String(value))
		}
	}
	is := func(key attribute.Key, value bool) {
		if value {
			all = append(all, key.Bool(true))
		}
	}
	text(codeKey, string(d.Code))
	text(tokenTypeKey, string(d.TokenType))
	text(clientIDKey, d.ClientID)
	text(theftKey, string(d.Theft))
	is(cacheHitKey, d.CacheHit)
	is(degradedKey, d.Degraded)
	is(repeatedKey, d.Repeated)
	is(clientGoneKey, d.ClientGone)
	return all
}
