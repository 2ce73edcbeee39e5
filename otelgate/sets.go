package otelgate

import (
	"github.com/bearergate/bearergate"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// sets has the attribute sets that do not depend on the route.
type sets struct {
	verifications map[verification][]metric.AddOption
	thefts        map[bearergate.Theft][]metric.AddOption
}

// verification is a token that was accepted.
type verification struct {
	tokenType bearergate.TokenType
	cacheHit  bool
}

func newSets() sets {
	s := sets{map[verification][]metric.AddOption{}, map[bearergate.Theft][]metric.AddOption{}}
	for _, tokenType := range []bearergate.TokenType{bearergate.AccessToken, bearergate.InstallationToken, other} {
		for _, hit := range []bool{false, true} {
			s.verifications[verification{tokenType, hit}] = with(tokenTypeKey.String(string(tokenType)), cacheHitKey.Bool(hit))
		}
	}
	for _, theft := range []bearergate.Theft{bearergate.CodeReplayed, bearergate.RefreshTokenReused} {
		s.thefts[theft] = with(theftKey.String(string(theft)))
	}
	return s
}

func with(attributes ...attribute.KeyValue) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attributes...))}
}

func (s *sets) verification(d bearergate.Decision) []metric.AddOption {
	if set, ok := s.verifications[verification{d.TokenType, d.CacheHit}]; ok {
		return set
	}
	return s.verifications[verification{other, d.CacheHit}]
}

func (s *sets) theft(t bearergate.Theft) []metric.AddOption { return s.thefts[t] }
