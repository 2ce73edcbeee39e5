// Package routing helps to write adapters for routers. Behind an adapter, guards
// see the route and the path parameters of a request as they do behind
// [net/http.ServeMux]. routingtest.Run tests an adapter.
package routing
