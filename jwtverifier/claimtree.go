package jwtverifier

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/bearergate/bearergate/internal/strictjson"
)

// claim is the meaning of a claim, or of a member of one. The zero value has none.
type claim struct {
	facts    []fact
	required int               // its number among the required claims, counted from 1; 0 for any other claim
	members  map[string]*claim // with a meaning, of a claim that is an object
}

// newClaimTree returns a claim whose members are those that a token of c has.
func newClaimTree(c *Config) *claim {
	tree := new(claim)
	for _, s := range registered() {
		tree.at(ClaimPath{s.name}).mean(s.fact)
	}
	for _, named := range c.ClaimNames.named() {
		for _, path := range named.paths() {
			tree.at(path).mean(named.fact)
		}
	}
	for _, path := range c.ScopeClaims {
		tree.at(path).mean(factScope)
	}
	if len(c.AudienceClaim) > 0 {
		tree.at(c.AudienceClaim).mean(factAudienceStandIn)
	}
	for i, name := range requiredNames(c.RequiredClaims) {
		tree.at(ClaimPath{name}).required = 1 + i
	}
	return tree
}

func requiredNames(required map[string]string) []string {
	return slices.Sorted(maps.Keys(required))
}

func (c *claim) at(path ClaimPath) *claim {
	for _, name := range path {
		member := c.members[name]
		if member == nil {
			member = new(claim)
			if c.members == nil {
				c.members = make(map[string]*claim)
			}
			c.members[name] = member
		}
		c = member
	}
	return c
}

func (c *claim) mean(f fact) {
	if !slices.Contains(c.facts, f) {
		c.facts = append(c.facts, f)
	}
}

var errNotObject = errors.New("not an object")

// read reads the value of the claim into r.
func (c *claim) read(r *reading, value string) error {
	for _, f := range c.facts {
		if err := r.take(f, value); err != nil {
			return err
		}
		r.has[f] = true
	}
	if c.required > 0 {
		r.required[c.required-1] = value
	}
	switch {
	case c.members == nil:
		return nil
	case value[0] != '{':
		return errNotObject
	}
	return c.readMembers(r, value)
}

func (c *claim) readMembers(r *reading, object string) error {
	return strictjson.Object(object, func(name, value string) error {
		member := c.members[name]
		if member == nil {
			return nil
		}
		if err := member.read(r, value); err != nil {
			return &claimError{name, err}
		}
		return nil
	})
}

// claimError says which claim cannot be read.
type claimError struct {
	name  string
	cause error
}

func (e *claimError) Error() string { return e.name + ": " + e.cause.Error() }
func (e *claimError) Unwrap() error { return e.cause }

// check returns the claims that are read as a value and as an object.
func (c *claim) check(path ClaimPath) (faults []error) {
	if len(c.members) > 0 && (len(c.facts) > 0 || c.required > 0) {
		faults = append(faults, fmt.Errorf("jwtverifier: Config reads %q as a value, and as an object with members; leave one out", path))
	}
	for _, name := range slices.Sorted(maps.Keys(c.members)) {
		faults = append(faults, c.members[name].check(append(path, name))...)
	}
	return faults
}
