package otelgate_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestSpanOfTheRequestHasTheDecision(t *testing.T) {
	m, issuer := newMeter(t), bearergatetest.NewIssuer()
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	api := otelhttp.NewHandler(m.configured(t, newAPI(issuer.Verifier(), unlimited)), "api", otelhttp.WithTracerProvider(provider))
	const projects = "http.request.method=GET http.route=/orgs/{org}/projects"
	reader := issuer.InstallationToken(bearergatetest.WithScopes("projects:read"))
	for _, c := range []struct {
		method, path, token string
		want                string
		status              codes.Code
	}{
		{"GET", "/orgs/acme/projects", reader, "bearergate.client_id=app-1 bearergate.token_type=installation " + projects, codes.Unset},
		{"GET", "/orgs/acme/projects", reader, "bearergate.cache_hit=true bearergate.client_id=app-1 bearergate.token_type=installation " + projects, codes.Unset},
		{"GET", "/orgs/acme/projects", "", "bearergate.code=invalid_token " + projects, codes.Unset},
		{"BREW", "/unwired", "", "bearergate.code=server_error error.type=server_error http.request.method=_OTHER http.request.method_original=BREW http.route=/unwired", codes.Error},
	} {
		spans.Reset()
		send(api, c.method, c.path, c.token)
		ended := spans.Ended()
		if len(ended) != 1 {
			t.Fatalf("%s %s: got %d spans, want one", c.method, c.path, len(ended))
		}
		if diff := cmp.Diff(c.want, decisionIn(ended[0].Attributes())); diff != "" {
			t.Errorf("%s %s: attributes (-want +got):\n%s", c.method, c.path, diff)
		}
		if got := ended[0].Status().Code; got != c.status {
			t.Errorf("%s %s: got the status %v, want %v", c.method, c.path, got, c.status)
		}
	}
}

// decisionIn returns the attributes that a gate sets.
func decisionIn(all []attribute.KeyValue) string {
	ours := attribute.NewSet(all...)
	ours, _ = ours.Filter(func(a attribute.KeyValue) bool {
		return strings.HasPrefix(string(a.Key), "bearergate.") || a.Key == "error.type" || strings.HasPrefix(string(a.Key), "http.request.method") || a.Key == "http.route"
	})
	return textOf(ours)
}

// TestNeitherSpansNorMetricsHaveSecrets looks for the token, the subject and the
// reason.
//
// Rules: S1.25.
func TestNeitherSpansNorMetricsHaveSecrets(t *testing.T) {
	m, issuer := newMeter(t), bearergatetest.NewIssuer()
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	api := otelhttp.NewHandler(m.configured(t, newAPI(issuer.Verifier(), unlimited)), "api", otelhttp.WithTracerProvider(provider))
	token := issuer.InstallationToken(bearergatetest.WithClaim("sub", "mallory@example"))
	for range 2 {
		send(api, "GET", "/orgs/acme/projects", token)
	}
	text := fmt.Sprint(m.metrics(t))
	for _, span := range spans.Ended() {
		text += fmt.Sprint(span.Attributes(), span.Events(), span.Status())
	}
	for _, secret := range []string{token, strings.Split(token, ".")[2], "mallory", "projects:read"} {
		if strings.Contains(text, secret) {
			t.Errorf("got %q in spans or metrics, want it in the log alone", secret)
		}
	}
}

// TestWithoutASpanNothingIsDescribed has no span in the context.
func TestWithoutASpanNothingIsDescribed(t *testing.T) {
	m, issuer := newMeter(t), bearergatetest.NewIssuer()
	api := m.configured(t, bearergate.RequireToken(issuer.Verifier())(http.NotFoundHandler()))
	if got := send(api, "GET", "/", ""); got != 401 {
		t.Errorf("got status %d, want 401", got)
	}
}

func TestClientGoneIsNoErrorOfTheSpan(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	ctx, span := trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("").Start(t.Context(), "GET")
	newMeter(t).Observer(nil)(ctx, bearergate.Decision{Code: bearergate.ErrTemporarilyUnavailable, ClientGone: true, Method: "GET"})
	span.End()
	const want = "bearergate.client_gone=true bearergate.code=temporarily_unavailable http.request.method=GET"
	if got := spans.Ended()[0]; got.Status().Code != codes.Unset || decisionIn(got.Attributes()) != want {
		t.Errorf("got the status %v and %s, want none and %s", got.Status().Code, decisionIn(got.Attributes()), want)
	}
}
