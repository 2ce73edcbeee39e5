package otelgate

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// maxRoutes bounds the routes that have series of their own, in case that patterns are
// not those of a route table. The routes beyond it share one.
const maxRoutes = 1000

// otherRoute is the pattern of the routes beyond maxRoutes.
const otherRoute = "/" + other

// routes has the attributes of each method and pattern. They are made once, so that a
// decision costs no allocation. Readers need no lock.
type routes struct {
	known atomic.Pointer[map[routeKey]*route]
	mu    sync.Mutex // of writers
}

type routeKey struct{ method, pattern string }

// route has the attributes of a method and a pattern.
type route struct {
	decisions map[string][]metric.AddOption // by bearergate.code
	duration  []metric.RecordOption
}

func (rs *routes) of(method, pattern string) *route {
	key := routeKey{knownMethod(method), pattern}
	known := rs.all()
	if r := known[key]; r != nil {
		return r
	}
	if len(known) < maxRoutes {
		return rs.add(key)
	}
	key.pattern = otherRoute
	if r := known[key]; r != nil {
		return r
	}
	return rs.add(key)
}

// all returns the routes, in a map that is not changed.
func (rs *routes) all() map[routeKey]*route {
	if known := rs.known.Load(); known != nil {
		return *known
	}
	return nil
}

func (rs *routes) add(key routeKey) *route {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	all := maps.Clone(rs.all())
	if all == nil {
		all = make(map[routeKey]*route)
	}
	if len(all) >= maxRoutes { // others have added routes meanwhile
		key.pattern = otherRoute
	}
	if all[key] == nil {
		all[key] = newRoute(key)
		rs.known.Store(&all)
	}
	return all[key]
}

func newRoute(key routeKey) *route {
	common := key.attributes()
	set := func(more ...attribute.KeyValue) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(append(more, common...)...))
	}
	r := &route{decisions: make(map[string][]metric.AddOption), duration: []metric.RecordOption{set()}}
	for _, value := range outcomes() {
		r.decisions[value] = []metric.AddOption{set(codeKey.String(value))}
	}
	return r
}

// attributes returns http.request.method and, if the pattern is known, http.route.
func (k routeKey) attributes() []attribute.KeyValue {
	all := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(k.method)}
	if path := pathOf(k.pattern); path != "" {
		all = append(all, semconv.HTTPRoute(path))
	}
	return all
}

// pathOf returns a pattern without its method and host.
func pathOf(pattern string) string {
	if i := strings.IndexByte(pattern, '/'); i >= 0 {
		return pattern[i:]
	}
	return ""
}

// knownMethod returns the method if it is one of HTTP (RFC 9110, RFC 5789 and the draft
// of QUERY), and else _OTHER, as OpenTelemetry's conventions say.
func knownMethod(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "QUERY":
		return method
	case "":
		return "GET" // as net/http means it
	}
	return other
}
