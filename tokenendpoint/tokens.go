package tokenendpoint

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/tokenid"
)

// tokens is the answer of RFC 6749 section 5.1.
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
	GrantID      string `json:"grant_id,omitempty"`

	lifetime time.Duration // of the access token
}

var errNoToken = errors.New("tokenendpoint: Issue returned no error and no access token that lasts at least a second")

// issueFor returns the answer without its refresh token. The grant is looked at
// again at the end, since Issue may take its time.
func (e *Endpoint) issueFor(ctx context.Context, a Authorization, generation int64) (*tokens, error) {
	if err := e.checkGrant(ctx, a.GrantID); err != nil {
		return nil, err
	}
	request := IssueRequest{Authorization: a, TokenID: tokenid.ID{Family: a.FamilyID, Generation: generation}.New()}
	request.Scopes = slices.Clone(a.Scopes)
	access, err := e.issue(ctx, request)
	if err != nil {
		return nil, err
	}
	if access.Token == "" || access.ExpiresIn < time.Second {
		return nil, errNoToken
	}
	if err := e.checkGrant(ctx, a.GrantID); err != nil {
		return nil, err
	}
	return &tokens{
		AccessToken: access.Token, TokenType: "Bearer", ExpiresIn: int64(access.ExpiresIn / time.Second), Scope: strings.Join(a.Scopes, " "),
		GrantID: a.GrantID, lifetime: access.ExpiresIn,
	}, nil
}

func (e *Endpoint) checkGrant(ctx context.Context, id string) error {
	if e.grants == nil {
		return nil
	}
	grant, err := e.grants.Grant(ctx, id)
	switch {
	case errors.Is(err, bearergate.ErrGrantNotFound), errors.Is(err, bearergate.ErrGrantRevoked):
		return refusal(bearergate.ErrInvalidGrant, "the grant is unknown or was revoked")
	case err != nil:
		return err
	case grant.ID != id:
		return errors.New("tokenendpoint: the grant store returned a grant with another id than requested")
	case !grant.RevokedAt.IsZero():
		return refusal(bearergate.ErrInvalidGrant, "the grant was revoked")
	}
	return nil
}

func (t *tokens) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	json.NewEncoder(w).Encode(t)
}
