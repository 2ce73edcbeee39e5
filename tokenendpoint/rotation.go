package tokenendpoint

import (
	"slices"
	"time"
)

// rules are how refresh tokens are rotated. They are applied to a [Family] as it was
// read, without a store.
type rules struct {
	lifetime     time.Duration
	grace        time.Duration
	usesReported bool
	maxReuses    int // 0: any number
}

// rotation is the answer to a refresh token.
type rotation struct {
	// family is the family as it is after the answer.
	family Family
	// token is the token to answer with, the living one of the family.
	token refreshToken
	// again reports that a retired token was presented.
	again bool
	// changed reports that the family is to be written.
	changed bool
}

// begin returns a new family with its first token. If refresh tokens do not live,
// no text belongs to the family's Token.
func (r rules) begin(a Authorization, now time.Time) rotation {
	token := newFamilyToken()
	a.FamilyID = token.familyID()
	f := Family{Authorization: a, Version: 1, Used: !r.usesReported}
	if r.lifetime > 0 {
		f.Token, f.TokenExpiresAt = token.sum(), now.Add(r.lifetime)
		f.keep(f.TokenExpiresAt)
	}
	return rotation{family: f, token: token, changed: true}
}

// present returns the answer to a token of the family, and false if its use is
// reuse: the token was retired and is not answered any more, or never was one. Whether
// it is within its grace is measured at the time at which it arrived.
func (r rules) present(f Family, t refreshToken, arrived, now time.Time) (rotation, bool) {
	if t.sum() == f.Token {
		return r.rotate(f, t, now), true
	}
	return r.repeat(f, t, arrived)
}

// rotate retires the living token.
func (r rules) rotate(f Family, living refreshToken, now time.Time) rotation {
	successor := living.next()
	f = f.clone()
	f.Retired = append(f.Retired, RetiredToken{Token: f.Token, Successor: living.seal(successor), GraceEndsAt: now.Add(r.grace)})
	f.Generation++
	f.Token, f.TokenExpiresAt, f.Used = successor.sum(), now.Add(r.lifetime), !r.usesReported
	f.keep(f.TokenExpiresAt)
	return rotation{family: f, token: successor, changed: true}
}

// repeat answers a retired token with the living one: the successor of its successor
// and so on.
func (r rules) repeat(f Family, retired refreshToken, arrived time.Time) (rotation, bool) {
	sum := retired.sum()
	i := slices.IndexFunc(f.Retired, func(t RetiredToken) bool { return t.Token == sum })
	if i < 0 || !r.mayRepeat(f, i, arrived) {
		return rotation{}, false
	}
	f = f.clone()
	living := retired
	for _, t := range f.Retired[i:] {
		living = living.open(t.Successor)
	}
	counted := r.maxReuses > 0 && arrived.Before(f.Retired[i].GraceEndsAt)
	if counted {
		f.Retired[i].Reuses++
	}
	return rotation{family: f, token: living, again: true, changed: counted}, true
}

// mayRepeat reports whether a retired token is still answered: if nothing that was
// issued with its successor was ever used, and else within its grace.
func (r rules) mayRepeat(f Family, i int, arrived time.Time) bool {
	if r.usesReported && !f.Used && i == len(f.Retired)-1 {
		return true
	}
	return arrived.Before(f.Retired[i].GraceEndsAt) && (r.maxReuses == 0 || f.Retired[i].Reuses < r.maxReuses)
}
