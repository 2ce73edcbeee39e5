package tokenendpoint

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// DefaultInstallationTokenLifetime is how long installation tokens last where
// [MintInstallationTokens] is told nothing.
const DefaultInstallationTokenLifetime = time.Hour

// TokenIssuer makes a token that says what the claims say: a JWT, or an opaque
// one, see [IssueOpaque]. Its error is answered as that of a guard.
type TokenIssuer func(ctx context.Context, c bearergate.Claims) (string, error)

// MintInstallationTokens returns the handler of a route such as
// POST /installations/{grantId}/tokens, which gives an app short-lived
// installation tokens for its grant. It goes behind two guards,
//
//	bearergate.RequireToken(verifier, bearergate.AccessToken)
//	bearergate.RequireGrant(grants, bearergate.WithGrantInPath("grantId"))
//
// without which it answers 500 server_error.
//
// The token is no wider than the access token and the grant. The request may ask
// for less with a JSON object of at most 64 KiB:
//
//	{"scopes": ["projects:read"], "projectIds": ["p1"]}
//
// A scope that is too much is answered 403 missing_scope, and a project that is
// 400 invalid_request. The answer is 201 with a JSON object that has token,
// token_type, expires_in and scope. A lifetime of zero stands for
// [DefaultInstallationTokenLifetime]; it panics on one under a second, and on a
// nil issuer.
func MintInstallationTokens(issue TokenIssuer, lifetime time.Duration) http.Handler {
	if issue == nil {
		panic("tokenendpoint: MintInstallationTokens needs an issuer; see IssueOpaque")
	}
	if lifetime == 0 {
		lifetime = DefaultInstallationTokenLifetime
	}
	if lifetime < time.Second {
		panic("tokenendpoint: MintInstallationTokens needs a lifetime of a second at least; 0 stands for an hour")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := mint(r, issue, lifetime)
		if err != nil {
			bearergate.Refuse(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(answer)
	})
}

type minted struct {
	Token     string `json:"token"`
	TokenType string `json:"token_type"`
	ExpiresIn int64  `json:"expires_in"`
	Scope     string `json:"scope"`
}

var (
	errUnguarded = refusal(bearergate.ErrServerError, "minting and revoking need RequireToken with AccessToken, and RequireGrant, in front")
	errEmpty     = errors.New("tokenendpoint: the issuer returned neither a token nor an error")
	errProjects  = malformed("a project that was not granted")
	errNoProject = refusal(bearergate.ErrWrongOrganization, "token and grant have no project in common")
)

func mint(r *http.Request, issue TokenIssuer, lifetime time.Duration) (*minted, error) {
	token, grant, err := guarded(r)
	if err != nil {
		return nil, err
	}
	wanted, err := readWishes(r)
	if err != nil {
		return nil, err
	}
	scopes, err := boundScopes(wanted.scopes, token, grant)
	if err != nil {
		return nil, err
	}
	projects, err := boundProjects(wanted.projects, token, grant)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	text, err := issue(r.Context(), bearergate.Claims{
		Type: bearergate.InstallationToken, Issuer: token.Issuer(), Subject: token.Subject(), ClientID: token.ClientID(),
		GrantID: grant.ID, OrganizationID: grant.OrganizationID, InstallationID: grant.ID,
		ProjectIDs: projects, Scopes: scopes, IssuedAt: now, ExpiresAt: now.Add(lifetime),
	})
	switch {
	case err != nil:
		return nil, err
	case text == "":
		return nil, errEmpty
	}
	return &minted{text, "Bearer", int64(lifetime / time.Second), strings.Join(scopes, " ")}, nil
}

func guarded(r *http.Request) (*bearergate.Token, bearergate.Grant, error) {
	token, hasToken := bearergate.TokenFrom(r.Context())
	grant, hasGrant := bearergate.GrantFrom(r.Context())
	if !hasToken || !hasGrant || token.Type() != bearergate.AccessToken {
		return nil, grant, errUnguarded
	}
	return token, grant, nil
}

// boundScopes returns the wanted scopes, or where none are named all that token
// and grant have.
func boundScopes(wanted []string, t *bearergate.Token, g bearergate.Grant) ([]string, error) {
	granted := slices.DeleteFunc(t.Scopes(), func(s string) bool { return g.Scopes != nil && !slices.Contains(g.Scopes, s) })
	if wanted == nil {
		return granted, nil
	}
	missing := slices.DeleteFunc(slices.Clone(wanted), func(s string) bool { return slices.Contains(granted, s) })
	if len(missing) > 0 {
		return nil, &bearergate.Error{Code: bearergate.ErrMissingScope, Required: strings.Join(missing, " ")}
	}
	return wanted, nil
}

// boundProjects does the same for projects, of which none stand for all.
func boundProjects(wanted []string, t *bearergate.Token, g bearergate.Grant) ([]string, error) {
	granted := t.ProjectIDs()
	switch {
	case len(granted) == 0:
		granted = g.ProjectIDs
	case len(g.ProjectIDs) > 0:
		granted = slices.DeleteFunc(granted, func(id string) bool { return !slices.Contains(g.ProjectIDs, id) })
		if len(granted) == 0 {
			return nil, errNoProject
		}
	}
	if len(wanted) == 0 {
		return granted, nil
	}
	if len(granted) > 0 && slices.ContainsFunc(wanted, func(id string) bool { return !slices.Contains(granted, id) }) {
		return nil, errProjects
	}
	return wanted, nil
}

// wishes are what a request asks for, nil where it does not say.
type wishes struct {
	scopes, projects []string
}

func readWishes(r *http.Request) (w wishes, err error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	switch {
	case err != nil:
		return w, malformed("the body did not arrive")
	case len(body) == 0:
		return w, nil
	case len(body) > maxForm:
		return w, malformed("a body of more than 64 KiB")
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return w, malformed("a body that is not JSON")
	}
	err = strictjson.Object(string(body), func(name, value string) error {
		ok := true
		switch name {
		case "scopes":
			w.scopes, ok = strictjson.Strings(value)
			ok = ok && !slices.ContainsFunc(w.scopes, func(s string) bool { return !isScope(s) })
			if w.scopes == nil {
				w.scopes = []string{} // none is not all
			}
		case "projectIds":
			w.projects, ok = strictjson.Strings(value)
			ok = ok && len(w.projects) > 0 && !slices.Contains(w.projects, "")
		}
		if !ok {
			return malformed("not an array of strings")
		}
		return nil
	})
	if err != nil {
		return wishes{}, refusal(bearergate.ErrInvalidRequest, err.Error())
	}
	return w, nil
}

// isScope reports whether s is a scope-token of RFC 6749 section 3.3.
func isScope(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' })
}
