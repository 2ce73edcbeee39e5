package installation

import (
	"net/http"

	"github.com/bearergate/bearergate"
)

// Service mints and revokes installations for the apps of a resource server. It is
// safe for concurrent use.
type Service struct {
	verifier     bearergate.Verifier
	token, grant bearergate.Middleware // the guards of both routes
	mint, revoke http.Handler          // without their guards; revoke may be nil
}

// New returns a service whose installation tokens are opaque, as those of
// [IssueOpaque]. The error names every fault of c.
func New(c Config) (*Service, error) {
	c.setDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	verifier := bearergate.ByPrefix(c.Prefix, bearergate.NewOpaqueVerifier(c.Prefix, c.Tokens.Lookup), c.AccessTokens)
	s := &Service{
		verifier: verifier,
		token:    bearergate.RequireToken(verifier, bearergate.AccessToken),
		grant:    bearergate.RequireGrant(c.Grants, bearergate.WithGrantInPath(c.GrantParameter)),
		mint:     &minter{MintConfig{Issue: IssueOpaque(c.Prefix, c.Tokens.Save), Grants: c.Grants, Lifetime: c.Lifetime, ReportUse: c.ReportUse}},
	}
	if c.RevokeGrant != nil {
		s.revoke = &revoker{RevokeConfig{Tokens: c.RevokeTokens, Grant: c.RevokeGrant, ReportUse: c.ReportUse}}
	}
	return s, nil
}

// Verifier returns a verifier of access tokens and of installation tokens, for
// RequireToken on all routes of the server.
func (s *Service) Verifier() bearergate.Verifier { return s.verifier }

// Mint returns the handler of a route such as POST /installations/{grantId}/tokens:
// a [MintHandler] behind RequireToken and RequireGrant. The given guards, such as
// RateLimit, stand between these two.
//
// It accepts access tokens alone: an installation token is answered 401. A grant
// that is not the token's is answered 404, and a revoked one 410.
func (s *Service) Mint(guards ...bearergate.Middleware) http.Handler {
	return s.guarded(guards, s.mint)
}

// Revoke returns the handler of a route such as DELETE /installations/{grantId}: a
// [RevokeHandler] behind the same guards as [Service.Mint]. It panics if Config has
// no RevokeTokens and RevokeGrant.
func (s *Service) Revoke(guards ...bearergate.Middleware) http.Handler {
	if s.revoke == nil {
		panic("installation: Revoke needs Config.RevokeTokens and Config.RevokeGrant; set them, or leave the route out")
	}
	return s.guarded(guards, s.revoke)
}

func (s *Service) guarded(guards []bearergate.Middleware, h http.Handler) http.Handler {
	return bearergate.Chain(s.token, bearergate.Chain(guards...), s.grant)(h)
}
