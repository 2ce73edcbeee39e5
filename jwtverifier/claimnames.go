package jwtverifier

import "fmt"

// ClaimNames are the claims of facts that no RFC registers, and of the client. If a
// path is empty, the documented spellings are read: grantId or grant_id,
// organizationId, organization_id or org_id, installationId or installation_id,
// projectIds or project_ids, client_id, azp, cid or appid, and type. If it is set,
// it is read in their place. Paths must differ from each other and from the
// registered claims.
//
// An id, "sub" among them, is a string, or an integer of at most 20 digits, which
// is read as its digits. A token with anything else in place of an id, or with two
// spellings that disagree, is refused.
type ClaimNames struct {
	GrantID        ClaimPath
	OrganizationID ClaimPath
	InstallationID ClaimPath
	ProjectIDs     ClaimPath
	ClientID       ClaimPath
	// Type is the claim that is "installation" in an installation token. See
	// [Config.TokenTypes] for other values.
	Type ClaimPath
}

// fact is the meaning of a claim.
type fact int

const (
	factIssuer fact = iota
	factAudience
	factAudienceStandIn
	factSubject
	factExpiry
	factNotBefore
	factIssuedAt
	factJwtID
	factConfirmation
	factScope
	factTokenType
	factClientID
	factGrantID
	factOrganizationID
	factInstallationID
	factProjectIDs
	facts
)

// registered are the claims of RFC 7519, RFC 7800 and RFC 9068, and the usual
// spellings of the last.
func registered() []spelling {
	return []spelling{
		{factIssuer, "iss"}, {factAudience, "aud"}, {factSubject, "sub"}, {factExpiry, "exp"}, {factNotBefore, "nbf"}, {factIssuedAt, "iat"},
		{factJwtID, "jti"}, {factConfirmation, "cnf"}, {factScope, "scope"}, {factScope, "scopes"}, {factScope, "scp"},
	}
}

type spelling struct {
	fact fact
	name string
}

// named is a fact whose claims can be configured.
type named struct {
	fact       fact
	configured ClaimPath
	documented []string
}

func (n ClaimNames) named() []named {
	return []named{
		{factGrantID, n.GrantID, []string{"grantId", "grant_id"}},
		{factOrganizationID, n.OrganizationID, []string{"organizationId", "organization_id", "org_id"}},
		{factInstallationID, n.InstallationID, []string{"installationId", "installation_id"}},
		{factProjectIDs, n.ProjectIDs, []string{"projectIds", "project_ids"}},
		{factClientID, n.ClientID, []string{"client_id", "azp", "cid", "appid"}},
		{factTokenType, n.Type, []string{"type"}},
	}
}

func (n named) paths() []ClaimPath {
	if len(n.configured) > 0 {
		return []ClaimPath{n.configured}
	}
	paths := make([]ClaimPath, len(n.documented))
	for i, name := range n.documented {
		paths[i] = ClaimPath{name}
	}
	return paths
}

func (n ClaimNames) check() (faults []error) {
	seen := make(map[string]bool)
	for _, s := range registered() {
		seen[s.name] = true
	}
	for _, named := range n.named() {
		for _, path := range named.paths() {
			if seen[path.String()] {
				faults = append(faults, fmt.Errorf("jwtverifier: Config.ClaimNames has %q twice, or for a claim that has another meaning", path))
			}
			seen[path.String()] = true
		}
	}
	return faults
}
