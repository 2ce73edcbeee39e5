package jwtverifier

import (
	"fmt"
	"maps"
)

// ClaimNames are the names of the claims that no RFC registers, and of the
// client's. If a name is empty, the documented spellings are read: grantId or
// grant_id, organizationId, organization_id or org_id, installationId or
// installation_id, projectIds or project_ids, client_id, and type. If it is set,
// it is read in their place. Names must differ from each other and from the
// registered ones.
//
// An id, "sub" among them, is a string, or an integer of at most 20 digits, which
// is read as its digits. A token with anything else in place of an id, or with two
// spellings that disagree, is refused.
type ClaimNames struct {
	GrantID        string
	OrganizationID string
	InstallationID string
	ProjectIDs     string
	ClientID       string
	// Type is the claim that is "installation" in an installation token.
	Type string
}

// fact is the meaning of a claim.
type fact int

const (
	issuer fact = iota
	audience
	subject
	expiry
	notBefore
	issuedAt
	confirmation
	scope
	tokenType
	clientID
	grantID
	organizationID
	installationID
	projectIDs
	facts
)

// registered are the claims of RFC 7519, RFC 7800 and RFC 9068, and the usual
// spellings of the last.
var registered = map[string]fact{
	"iss": issuer, "aud": audience, "sub": subject, "exp": expiry, "nbf": notBefore, "iat": issuedAt,
	"cnf": confirmation, "scope": scope, "scopes": scope, "scp": scope,
}

func (n ClaimNames) documented() []spelling {
	return []spelling{
		{grantID, n.GrantID, []string{"grantId", "grant_id"}},
		{organizationID, n.OrganizationID, []string{"organizationId", "organization_id", "org_id"}},
		{installationID, n.InstallationID, []string{"installationId", "installation_id"}},
		{projectIDs, n.ProjectIDs, []string{"projectIds", "project_ids"}},
		{clientID, n.ClientID, []string{"client_id"}},
		{tokenType, n.Type, []string{"type"}},
	}
}

type spelling struct {
	fact       fact
	configured string
	documented []string
}

func (s spelling) names() []string {
	if s.configured != "" {
		return []string{s.configured}
	}
	return s.documented
}

func (n ClaimNames) check() (faults []error) {
	seen := make(map[string]bool)
	for _, s := range n.documented() {
		for _, name := range s.names() {
			if _, ok := registered[name]; ok || seen[name] {
				faults = append(faults, fmt.Errorf("jwtverifier: Config.ClaimNames has %q twice, or for a claim that has another meaning", name))
			}
			seen[name] = true
		}
	}
	return faults
}

// facts returns the facts by the names of their claims, registered and not.
func (n ClaimNames) facts() map[string]fact {
	facts := maps.Clone(registered)
	for _, s := range n.documented() {
		for _, name := range s.names() {
			facts[name] = s.fact
		}
	}
	return facts
}
