package installation

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
)

// MintHandler returns the handler of a route such as
// POST /installations/{grantId}/tokens, which gives an app installation tokens
// for its grant. It needs the guards of the package comment in front; without them
// it answers 500 server_error. [Service.Mint] has them.
//
// The token has the scopes and projects that the access token and the grant have in
// common. A request asks for fewer with a JSON object of at most 64 KiB:
//
//	{"scopes": ["projects:read"], "projectIds": ["p1"]}
//
// The answer is 201 with a JSON object that has token, token_type, expires_in and
// scope. A scope that is not among these is answered 403 missing_scope, and a
// project that is not among them 400 invalid_request. If access token and grant have
// no project in common, the answer is 403 forbidden.
//
// If lifetime is zero, [DefaultTokenLifetime] is used. A nil issuer and a lifetime
// under a second are errors.
func MintHandler(issue TokenIssuer, lifetime time.Duration) (http.Handler, error) {
	if lifetime == 0 {
		lifetime = DefaultTokenLifetime
	}
	var faults []error
	if issue == nil {
		faults = append(faults, errors.New("installation: MintHandler was given a nil TokenIssuer; pass one, such as IssueOpaque(prefix, tokens.Save)"))
	}
	if lifetime < time.Second {
		faults = append(faults, fmt.Errorf("installation: MintHandler was given the lifetime %v; give a second at least, or 0 for %v", lifetime, DefaultTokenLifetime))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &minter{issue, lifetime}, nil
}

type minter struct {
	issue    TokenIssuer
	lifetime time.Duration
}

// minted is the body of the answer.
type minted struct {
	Token     string `json:"token"`
	TokenType string `json:"token_type"`
	ExpiresIn int64  `json:"expires_in"`
	Scope     string `json:"scope"`
}

func (m *minter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := m.mint(r)
	if err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(answer)
}

var errNoText = errors.New("installation: the issuer returned neither a token nor an error")

func (m *minter) mint(r *http.Request) (*minted, error) {
	claims, err := m.claims(r)
	if err != nil {
		return nil, err
	}
	text, err := m.issue(r.Context(), claims)
	switch {
	case err != nil:
		return nil, err
	case text == "":
		return nil, errNoText
	}
	return &minted{text, "Bearer", int64(m.lifetime / time.Second), strings.Join(claims.Scopes, " ")}, nil
}

// claims returns the claims of the token that the request asks for.
func (m *minter) claims(r *http.Request) (c bearergate.Claims, err error) {
	token, grant, err := guarded(r)
	if err != nil {
		return c, err
	}
	asked, err := readMintRequest(r)
	if err != nil {
		return c, err
	}
	if c.Scopes, err = boundScopes(asked.scopes, token, grant); err != nil {
		return c, err
	}
	if c.ProjectIDs, err = boundProjects(asked.projects, token, grant); err != nil {
		return c, err
	}
	c.Type, c.Issuer, c.Subject, c.ClientID = bearergate.InstallationToken, token.Issuer(), token.Subject(), token.ClientID()
	c.GrantID, c.OrganizationID, c.InstallationID = grant.ID, grant.OrganizationID, grant.ID
	c.IssuedAt = time.Now()
	c.ExpiresAt = c.IssuedAt.Add(m.lifetime)
	return c, nil
}
