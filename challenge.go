package bearergate

import (
	"net/http"
	"strings"
)

// schemeChallenges returns a challenge for each scheme that the client could use.
// The challenge of the scheme that it used has the error. If the client sent a
// proof, the challenge of that scheme is the only one (RFC 9449 section 7.2).
func (e *Error) schemeChallenges(r *row, c *Config, schemes *acceptedScheme) []string {
	if schemes.proof() {
		return []string{e.challenge(r, c, schemes.all[schemes.used], !e.noCredentials)}
	}
	challenges := make([]string, len(schemes.all))
	for i, scheme := range schemes.all {
		challenges[i] = e.challenge(r, c, scheme, !e.noCredentials && (i == schemes.used || schemes.used < 0))
	}
	return challenges
}

func (e *Error) challenge(r *row, c *Config, scheme Scheme, withError bool) string {
	var b strings.Builder
	b.Grow(128) // one allocation for most
	b.WriteString(scheme.Name)
	b.WriteString(` realm="`)
	b.WriteString(c.Realm)
	member := func(name, value string) {
		if value != "" {
			b.WriteString(`", `)
			b.WriteString(name)
			b.WriteString(`="`)
			b.WriteString(value)
		}
	}
	if withError {
		member("error", r.attribute)
	}
	member("scope", e.challengeScopes(r, c))
	member("resource_metadata", c.ResourceMetadataURL)
	b.WriteByte('"')
	if scheme.Parameters != "" {
		b.WriteString(", ")
		b.WriteString(scheme.Parameters)
	}
	return b.String()
}

// challengeScopes returns the scopes of the route, or, for an Error that an
// application made, those that are required. A list that would need escaping is
// left out.
func (e *Error) challengeScopes(r *row, c *Config) string {
	switch {
	case e.Code == ErrMissingScope && e.routeScopes != "":
		return e.routeScopes
	case e.Code == ErrMissingScope && isScopeList(e.Required):
		return e.Required
	case r.status == http.StatusUnauthorized:
		return c.DefaultScope
	}
	return ""
}
