package chaos

import (
	"sync"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Losses counts the facts that a store acknowledged and lost.
type Losses struct {
	Redeemable int // codes that were redeemed and can be redeemed again
	Retired    int // retired tokens that are valid again
	Revoked    int // codes and families that are revoked and valid
	Lost       int // living tokens that are not valid, so that a user has to connect again
}

// Any reports whether there is a loss.
func (l Losses) Any() bool { return l != Losses{} }

// losses reads all facts back.
func (c *chaos) losses() (l Losses) {
	var mu sync.Mutex
	atOnce(workers, func(n int) {
		for i := n; i < len(c.facts) && !c.t.Failed(); i += workers {
			f := c.facts[i]
			code, found := c.code(f.code)
			family, alive := c.family(f.family)
			mu.Lock()
			l.add(f, code, found, family, alive)
			mu.Unlock()
		}
	})
	return l
}

func (l *Losses) add(f fact, code tokenendpoint.AuthorizationCode, found bool, family tokenendpoint.Family, alive bool) {
	switch {
	case f.revoked && (found || alive):
		l.Revoked++
	case f.revoked:
	case f.redeemed && found && !code.Used:
		l.Redeemable++
	case f.unsure:
	case !found, f.version > 0 && !alive:
		l.Lost++
	case alive && family.Version < f.version:
		l.Retired++
	case alive && family.Version == f.version && f.version > 1 && family.Token != f.token:
		l.Lost++
	}
}
