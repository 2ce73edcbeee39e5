package otelgate

import (
	"github.com/bearergate/bearergate"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// ready has the attributes that do not depend on the route.
type ready struct {
	verifications map[verification][]metric.AddOption
	thefts        map[bearergate.Theft][]metric.AddOption
}

// verification is a token that was accepted.
type verification struct {
	tokenType bearergate.TokenType
	cacheHit  bool
}

func newReady() ready {
	r := ready{map[verification][]metric.AddOption{}, map[bearergate.Theft][]metric.AddOption{}}
	for _, tokenType := range []bearergate.TokenType{bearergate.AccessToken, bearergate.InstallationToken, other} {
		for _, hit := range []bool{false, true} {
			r.verifications[verification{tokenType, hit}] = with(tokenTypeKey.String(string(tokenType)), cacheHitKey.Bool(hit))
		}
	}
	for _, theft := range []bearergate.Theft{bearergate.CodeReplayed, bearergate.RefreshTokenReused} {
		r.thefts[theft] = with(theftKey.String(string(theft)))
	}
	return r
}

func with(attributes ...attribute.KeyValue) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attributes...))}
}

func (r *ready) verification(d bearergate.Decision) []metric.AddOption {
	if set, ok := r.verifications[verification{d.TokenType, d.CacheHit}]; ok {
		return set
	}
	return r.verifications[verification{other, d.CacheHit}]
}

func (r *ready) theft(t bearergate.Theft) []metric.AddOption { return r.thefts[t] }
