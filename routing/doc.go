// Package routing helps authors of adapters for routers: behind an adapter, guards
// see the route and the parameters of a request as behind [net/http.ServeMux].
// routingtest.Run proves an adapter.
package routing
