package jwtverifier

import (
	"errors"
	"slices"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/scopetoken"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// reading is the claims as they are read, before they are compared with the policy.
type reading struct {
	bearergate.Claims
	has      [facts]bool
	single   [1]string // the array of an audience that is one string
	standIn  []string  // the audience of Config.AudienceClaim
	required []string  // the values of the required claims as JSON, empty if absent
	typ      string
	lifetime lifetime
}

// read decodes the payload of a token into r. The claims' strings are parts of it.
func (p *policy) read(r *reading, payload string) error {
	*r = reading{lifetime: lifetime{notBefore: -farthest}}
	if n := len(p.required); n > 0 {
		r.required = make([]string, n)
	}
	return p.claims.readMembers(r, payload)
}

var (
	errNotString  = errors.New("not a string")
	errNotStrings = errors.New("neither a string nor an array of strings")
	errNotID      = errors.New("neither a string nor an integer of at most 20 digits")
	errNotIDs     = errors.New("not an array of strings and integers of at most 20 digits")
	errDisagree   = errors.New("two spellings that disagree")
)

func (r *reading) take(f fact, value string) error {
	switch f {
	case factIssuer:
		return r.takeString(f, &r.Issuer, value)
	case factTokenType:
		return r.takeString(f, &r.typ, value)
	case factSubject:
		return r.takeID(f, &r.Subject, value)
	case factClientID:
		return r.takeID(f, &r.ClientID, value)
	case factGrantID:
		return r.takeID(f, &r.GrantID, value)
	case factOrganizationID:
		return r.takeID(f, &r.OrganizationID, value)
	case factInstallationID:
		return r.takeID(f, &r.InstallationID, value)
	case factAudience:
		return r.takeAudience(value)
	case factAudienceStandIn:
		return r.takeStandIn(value)
	case factJwtID:
		r.ID, _ = readID(value)
	case factProjectIDs:
		return r.takeProjects(value)
	case factConfirmation:
		return r.takeConfirmation(value)
	case factScope:
		return r.takeScopes(value)
	case factExpiry:
		return takeExpiry(&r.lifetime.expiry, value)
	case factNotBefore:
		return takeDate(&r.lifetime.notBefore, value)
	case factIssuedAt:
		return r.takeIssuedAt(value)
	}
	return nil
}

func (r *reading) takeString(f fact, into *string, value string) error {
	s, ok := strictjson.String(value)
	if !ok {
		return errNotString
	}
	return r.set(f, into, s)
}

func (r *reading) takeID(f fact, into *string, value string) error {
	id, ok := readID(value)
	if !ok {
		return errNotID
	}
	return r.set(f, into, id)
}

func (r *reading) set(f fact, into *string, value string) error {
	if r.has[f] && value != *into {
		return errDisagree
	}
	*into = value
	return nil
}

func (r *reading) takeAudience(value string) error {
	if s, ok := strictjson.String(value); ok {
		r.single[0] = s
		r.Audience = r.single[:]
		return nil
	}
	list, ok := strictjson.Strings(value)
	if !ok {
		return errNotStrings
	}
	r.Audience = list
	return nil
}

// takeStandIn reads a claim that may name the client as well.
func (r *reading) takeStandIn(value string) (err error) {
	var ok bool
	if id, isID := readID(value); isID {
		r.standIn = []string{id}
	} else if r.standIn, ok = strictjson.Strings(value); !ok {
		return errNotStrings
	}
	return nil
}

func (r *reading) takeProjects(value string) error {
	ids, ok := readIDs(value)
	switch {
	case !ok:
		return errNotIDs
	case r.has[factProjectIDs] && !sameSet(ids, r.ProjectIDs):
		return errDisagree
	}
	r.ProjectIDs = ids
	return nil
}

// takeScopes splits a string at spaces. An element of an array is one scope, or none
// if it is no scope-token, and never becomes two.
func (r *reading) takeScopes(value string) error {
	var scopes []string
	if s, ok := strictjson.String(value); ok {
		scopes = bearergate.ParseScope(s)
	} else if scopes, ok = strictjson.Strings(value); !ok {
		return errNotStrings
	}
	scopes = slices.DeleteFunc(scopes, func(s string) bool { return !scopetoken.Valid(s) })
	if len(r.Scopes) == 0 {
		r.Scopes = scopes
	} else {
		r.Scopes = union(r.Scopes, scopes)
	}
	return nil
}

// union returns the list with those of more that it does not have.
func union(list, more []string) []string {
	has := make(map[string]bool, len(list)+len(more))
	for _, s := range list {
		has[s] = true
	}
	for _, s := range more {
		if !has[s] {
			has[s] = true
			list = append(list, s)
		}
	}
	return list
}

// sameSet reports whether a and b have the same elements. Neither order nor
// repetition matters.
func sameSet(a, b []string) bool { return slices.Equal(sortedSet(a), sortedSet(b)) }

func sortedSet(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

// takeIssuedAt never refuses a number: "iat" decides nothing.
func (r *reading) takeIssuedAt(value string) error {
	var at int64
	if err := takeDate(&at, value); err != nil {
		return err
	}
	if 0 < at && at <= lastSecond {
		r.IssuedAt = time.Unix(at, 0)
	}
	return nil
}
