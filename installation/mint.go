package installation

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/tokenid"
)

type minter struct{ MintConfig }

// minted is the body of the answer.
type minted struct {
	Token      string   `json:"token"`
	TokenType  string   `json:"token_type"`
	ExpiresIn  int64    `json:"expires_in"`
	Scope      string   `json:"scope"`
	ProjectIDs []string `json:"projectIds"`
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

// mint reports the use of the access token before and after it issues: a token that is
// issued while the family is revoked is not sent.
func (m *minter) mint(r *http.Request) (*minted, error) {
	ctx := r.Context()
	access, claims, err := m.claims(r)
	if err != nil {
		return nil, err
	}
	if err := m.reportUse(ctx, access); err != nil {
		return nil, err
	}
	text, err := m.Issue(ctx, claims)
	switch {
	case err != nil:
		return nil, err
	case text == "":
		return nil, errNoText
	}
	if err := m.reportUse(ctx, access); err != nil {
		return nil, err
	}
	projects := append([]string{}, claims.ProjectIDs...)
	return &minted{
		Token: text, TokenType: "Bearer", ExpiresIn: int64(m.Lifetime / time.Second),
		Scope: strings.Join(claims.Scopes, " "), ProjectIDs: projects,
	}, nil
}

func (m *minter) reportUse(ctx context.Context, access *bearergate.Token) error {
	if m.ReportUse == nil {
		return nil
	}
	return m.ReportUse(ctx, access)
}

// claims returns the access token and the claims of the token that the request asks
// for. The grant is looked up after the body was read: it may have been revoked while
// the body arrived.
func (m *minter) claims(r *http.Request) (token *bearergate.Token, c bearergate.Claims, err error) {
	token, before, err := guarded(r)
	if err != nil {
		return nil, c, err
	}
	asked, err := readMintRequest(r)
	if err != nil {
		return nil, c, err
	}
	grant, err := activeGrant(r.Context(), m.Grants, before.ID)
	if err != nil {
		return nil, c, err
	}
	if c.Scopes, err = boundScopes(asked.scopes, token, grant); err != nil {
		return nil, c, err
	}
	if c.ProjectIDs, err = boundProjects(asked.projects, token, grant); err != nil {
		return nil, c, err
	}
	c.ID = idLike(token.ID())
	c.Type, c.Issuer, c.Subject, c.ClientID = bearergate.InstallationToken, token.Issuer(), token.Subject(), token.ClientID()
	c.GrantID, c.OrganizationID, c.InstallationID = grant.ID, grant.OrganizationID, grant.ID
	if key, bound := token.Confirmation(); bound {
		c.Confirmation = &key
	}
	c.IssuedAt = time.Now()
	c.ExpiresAt = c.IssuedAt.Add(m.Lifetime)
	return token, c, nil
}

// idLike returns the id of a new token of the same family as the access token, empty
// if that has none.
func idLike(accessTokenID string) string {
	id, ok := tokenid.Parse(accessTokenID)
	if !ok {
		return ""
	}
	return id.New()
}
