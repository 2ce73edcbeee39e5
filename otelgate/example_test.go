package otelgate_test

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/bearergate/bearergate/otelgate"
	"go.opentelemetry.io/otel/metric"
)

// observed returns the middleware that goes around an API, inside of what starts the
// spans.
func observed(provider metric.MeterProvider, verifier *jwtverifier.Verifier) (bearergate.Middleware, error) {
	gate, err := otelgate.New(provider)
	if err != nil {
		return nil, err
	}
	if _, err := gate.ObserveKeys("https://id.example.com", verifier.Keys()); err != nil {
		return nil, err
	}
	return bearergate.Configure(bearergate.Config{
		Observer: gate.Observer(bearergate.LogDecisions(slog.Default())), // metrics, the span, and the log
	})
}

// newTransport returns the transport of an app, whose renewals and deaths are measured.
func newTransport(gate *otelgate.Gate, c client.Config) (*client.Transport, error) {
	return client.New(gate.ObserveClient(c))
}

func Example() {
	issuer := bearergatetest.NewIssuer() // in place of an authorization server
	verifier := issuer.Verifier()
	configure, err := observed(nil, verifier) // nil stands for the global provider
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /projects", bearergate.RequireToken(verifier)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "projects")
	})))
	rec := httptest.NewRecorder()
	configure(mux).ServeHTTP(rec, bearergatetest.NewRequest("GET", "/projects", issuer.Token()))
	fmt.Println(rec.Code)
	// Output: 200
}
