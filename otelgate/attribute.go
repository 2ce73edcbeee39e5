package otelgate

import (
	"github.com/bearergate/bearergate"
	"go.opentelemetry.io/otel/attribute"
)

// The attributes that are bearergate's own. The others are of OpenTelemetry's
// semantic conventions.
const (
	codeKey       = attribute.Key("bearergate.code")
	tokenTypeKey  = attribute.Key("bearergate.token_type")
	cacheHitKey   = attribute.Key("bearergate.cache_hit")
	theftKey      = attribute.Key("bearergate.theft")
	keySourceKey  = attribute.Key("bearergate.key_source")
	clientIDKey   = attribute.Key("bearergate.client_id")
	degradedKey   = attribute.Key("bearergate.degraded")
	repeatedKey   = attribute.Key("bearergate.repeated")
	clientGoneKey = attribute.Key("bearergate.client_gone")
)

// The values of bearergate.code beside the codes of the table.
const (
	passed     = "none"
	clientGone = "client_gone"
	other      = "_OTHER"
)

// outcomes are all values of bearergate.code.
func outcomes() []string {
	all := []string{passed, clientGone, other}
	for _, code := range bearergate.Codes() {
		all = append(all, string(code))
	}
	return all
}

// outcome returns a value of bearergate.code. If the client has gone, nobody received
// the code, and it is no fault of the server.
func outcome(d bearergate.Decision) string {
	switch {
	case d.ClientGone:
		return clientGone
	case d.Code == "":
		return passed
	}
	return string(d.Code)
}
