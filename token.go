package bearergate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/scopetoken"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// TokenType is the purpose of a token.
type TokenType string

const (
	// AccessToken is the token of an identity provider or authorization server. On a
	// service that apps are installed on, it identifies the user of the app and mints
	// installation tokens, and routes for installation tokens refuse it.
	AccessToken TokenType = "access"
	// InstallationToken is the token of one installation of an app. It reads and
	// writes resources, and mints nothing.
	InstallationToken TokenType = "installation"
)

func (t TokenType) known() bool { return t == AccessToken || t == InstallationToken }

// DefaultLeeway is the difference that is allowed between the clocks of issuer and
// API: a token is accepted this long after its expiry, and a JWT this long before its
// "nbf".
const DefaultLeeway = 30 * time.Second

// Claims are the facts about a token that a verifier returns; [NewToken] makes a
// [Token] of them. Ids are compared without the issuer: if there are several issuers,
// an id must mean the same to all of them.
type Claims struct {
	Type           TokenType // required
	Issuer         string    // "iss" (RFC 7519 section 4.1.1)
	ID             string    // "jti" (RFC 7519 section 4.1.7)
	Audience       []string  // "aud" (RFC 7519 section 4.1.3)
	Subject        string    // "sub" (RFC 7519 section 4.1.2)
	ClientID       string    // "client_id" (RFC 8693 section 4.3)
	GrantID        string
	OrganizationID string
	InstallationID string
	ProjectIDs     []string  // empty: all projects
	Scopes         []string  // "scope" (RFC 8693 section 4.2), split
	IssuedAt       time.Time // "iat" (RFC 7519 section 4.1.6); zero: not known
	ExpiresAt      time.Time // "exp" (RFC 7519 section 4.1.4); required of a lookup
	// Confirmation is the key whose possession the sender of the token must prove. If
	// nil, the token is a bearer token.
	Confirmation *Confirmation
	// Raw is the claims as one JSON object, for [Token.Decode]. It is empty if there
	// are none.
	Raw string
}

// Confirmation names the key that a token is bound to (RFC 7800, "cnf"). If both
// fields are empty, the token is bound to it in another way.
type Confirmation struct {
	JWKThumbprint         string // "jkt" (RFC 9449 section 6.1)
	CertificateThumbprint string // "x5t#S256" (RFC 8705 section 3.1)
}

// Token is a verified token. It is immutable and safe for concurrent use. Its methods
// return copies, which the caller may change.
type Token struct {
	claims    Claims
	scopes    map[string]struct{} // nil for few scopes, which are found without
	limitKey  string
	limitName string
}

// fewScopes are as quickly compared one by one as found in a map.
const fewScopes = 8

// NewToken returns a Token with a copy of these claims. It checks nothing.
func NewToken(c Claims) *Token {
	lists := make([]string, 0, len(c.Audience)+len(c.ProjectIDs)+len(c.Scopes)) // one allocation for all copies
	c.Audience, lists = cutCopy(lists, c.Audience)
	c.ProjectIDs, lists = cutCopy(lists, c.ProjectIDs)
	c.Scopes, _ = cutCopy(lists, c.Scopes)
	if c.Confirmation != nil {
		confirmation := *c.Confirmation
		c.Confirmation = &confirmation
	}
	t := &Token{claims: c, limitKey: limitKey(&c), limitName: limitName(&c)}
	if len(c.Scopes) > fewScopes {
		t.scopes = make(map[string]struct{}, len(c.Scopes))
		for _, s := range c.Scopes {
			t.scopes[s] = struct{}{}
		}
	}
	return t
}

// limitKey returns the key of the budget in which the token's requests count. Kind
// and length keep its parts apart, since ids may contain any character. It is empty
// if the token names nobody.
func limitKey(c *Claims) string {
	switch {
	case c.InstallationID != "":
		return "installation:" + c.InstallationID
	case c.GrantID != "":
		return "grant:" + c.GrantID
	case c.Subject != "" || c.ClientID != "":
		return "subject:" + part(c.Issuer) + part(c.Subject) + c.ClientID
	default:
		return ""
	}
}

// limitName returns the name of that budget's policy.
func limitName(c *Claims) string {
	if c.InstallationID == "" && c.GrantID == "" {
		return "user"
	}
	return "installation"
}

// Type returns the type of the token.
func (t *Token) Type() TokenType { return t.claims.Type }

// Issuer returns the issuer of the token, empty if the token does not say.
func (t *Token) Issuer() string { return t.claims.Issuer }

// ID returns the identifier of the token, "jti" of a JWT, empty if the token does not
// say.
func (t *Token) ID() string { return t.claims.ID }

// Audience returns the resource servers that the token is meant for. It is empty if
// the token does not say.
func (t *Token) Audience() []string { return slices.Clone(t.claims.Audience) }

// Subject returns the user or client that the token stands for, empty if the token
// does not say.
func (t *Token) Subject() string { return t.claims.Subject }

// ClientID returns the client, such as an app, that the token was issued to. It is
// empty if the token does not say.
func (t *Token) ClientID() string { return t.claims.ClientID }

// GrantID returns the grant that the token was issued for, empty if the
// token does not say.
func (t *Token) GrantID() string { return t.claims.GrantID }

// OrganizationID returns the organization that the token names, empty if it names
// none.
func (t *Token) OrganizationID() string { return t.claims.OrganizationID }

// InstallationID returns the installation, empty if the token does not say.
func (t *Token) InstallationID() string { return t.claims.InstallationID }

// ProjectIDs returns the projects that the token is limited to. Empty means
// all projects; [Token.HasProject] knows that.
func (t *Token) ProjectIDs() []string { return slices.Clone(t.claims.ProjectIDs) }

// HasProject reports whether the token may be used for the project: the token names
// this project, or it names none.
func (t *Token) HasProject(id string) bool {
	return len(t.claims.ProjectIDs) == 0 || slices.Contains(t.claims.ProjectIDs, id)
}

// Scopes returns the scopes that the token holds, in the token's order.
func (t *Token) Scopes() []string { return slices.Clone(t.claims.Scopes) }

// HasScope reports whether the token holds the scope. Scopes are compared byte
// for byte; there are no wildcards.
func (t *Token) HasScope(scope string) bool {
	if t.scopes == nil {
		return slices.Contains(t.claims.Scopes, scope)
	}
	_, ok := t.scopes[scope]
	return ok
}

// IssuedAt returns when the token was issued, the zero time if the token
// does not say.
func (t *Token) IssuedAt() time.Time { return t.claims.IssuedAt }

// ExpiresAt returns when the token expires, without any leeway.
func (t *Token) ExpiresAt() time.Time { return t.claims.ExpiresAt }

// Confirmation returns the key that the token is bound to. It reports false for a
// bearer token. [RequireToken] refuses any other token unless a [RequestVerifier]
// returned it.
func (t *Token) Confirmation() (Confirmation, bool) {
	if t.claims.Confirmation == nil {
		return Confirmation{}, false
	}
	return *t.claims.Confirmation, true
}

// LogValue returns a text without claims, so that none of them get into a log.
func (t *Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// String returns a text without claims.
func (t *Token) String() string { return "bearergate.Token" }

// Format implements [fmt.Formatter]: it writes the text of [Token.String] for %#v and
// %d too, so that they print no claims.
func (t Token) Format(s fmt.State, _ rune) { io.WriteString(s, t.String()) }

// Decode decodes the raw claims into the value that into points to, as
// [json.Unmarshal] does. Claims whose names differ by case alone are an error,
// since encoding/json would let the last of them win.
func (t *Token) Decode(into any) error {
	if t.claims.Raw == "" {
		return errors.New("bearergate: the token has no raw claims to decode")
	}
	if err := strictjson.CheckNamesDistinct(t.claims.Raw); err != nil {
		return err
	}
	return json.Unmarshal([]byte(t.claims.Raw), into)
}

// ParseScope splits a scope parameter (RFC 6749 section 3.3) at spaces. It
// returns nil if there is no scope.
func ParseScope(scope string) []string {
	if strings.Trim(scope, " ") == "" {
		return nil
	}
	scopes := make([]string, 0, 1+strings.Count(scope, " "))
	for s := range strings.SplitSeq(scope, " ") {
		if s != "" {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

// isScopeList reports whether s is scope-tokens with one space between them.
func isScopeList(s string) bool {
	for scope := range strings.SplitSeq(s, " ") {
		if !scopetoken.Valid(scope) {
			return false
		}
	}
	return true
}
