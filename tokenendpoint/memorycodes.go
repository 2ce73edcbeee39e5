package tokenendpoint

import "slices"

const (
	// maxCodes bounds the codes that a MemoryStore keeps.
	maxCodes = 1 << 16
	// maxCodesOfOwner bounds those of one client and user.
	maxCodesOfOwner = 1 << 10
)

// memoryCodes are the codes of a MemoryStore. Nobody can push out the codes of
// others: those go that the owner of the most codes has.
type memoryCodes struct {
	bySum   map[Sum]AuthorizationCode
	byOwner map[codeOwner][]Sum // oldest first
}

type codeOwner struct{ client, subject string }

func ownerOf(c AuthorizationCode) codeOwner { return codeOwner{c.ClientID, c.Subject} }

func (m *memoryCodes) add(sum Sum, code AuthorizationCode) {
	if m.bySum == nil {
		m.bySum, m.byOwner = make(map[Sum]AuthorizationCode), make(map[codeOwner][]Sum)
	}
	m.delete(sum)
	owner := ownerOf(code)
	switch {
	case len(m.byOwner[owner]) >= maxCodesOfOwner:
		m.forgetOne(owner)
	case len(m.bySum) >= maxCodes:
		m.forgetOne(m.largest())
	}
	m.bySum[sum] = code
	m.byOwner[owner] = append(m.byOwner[owner], sum)
}

// forgetOne removes the oldest unused code of an owner, or else the oldest.
func (m *memoryCodes) forgetOne(owner codeOwner) {
	sums := m.byOwner[owner]
	i := slices.IndexFunc(sums, func(sum Sum) bool { return !m.bySum[sum].Used })
	m.delete(sums[max(i, 0)])
}

// largest returns the owner of the most codes.
func (m *memoryCodes) largest() (owner codeOwner) {
	most := 0
	for o, sums := range m.byOwner {
		if len(sums) > most {
			owner, most = o, len(sums)
		}
	}
	return owner
}

func (m *memoryCodes) delete(sum Sum) {
	code, ok := m.bySum[sum]
	if !ok {
		return
	}
	delete(m.bySum, sum)
	owner := ownerOf(code)
	sums := m.byOwner[owner]
	i := slices.Index(sums, sum)
	m.keep(owner, slices.Delete(sums, i, i+1))
}

// deleteFunc removes the codes for which del reports true.
func (m *memoryCodes) deleteFunc(del func(AuthorizationCode) bool) {
	for owner, sums := range m.byOwner {
		m.keep(owner, slices.DeleteFunc(sums, func(sum Sum) bool {
			if !del(m.bySum[sum]) {
				return false
			}
			delete(m.bySum, sum)
			return true
		}))
	}
}

func (m *memoryCodes) keep(owner codeOwner, sums []Sum) {
	if len(sums) == 0 {
		delete(m.byOwner, owner)
		return
	}
	m.byOwner[owner] = sums
}
