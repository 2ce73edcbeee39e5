package differential_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// panel is all libraries with one set of keys.
type panel struct {
	keys    keySet
	entries []webKey
	ours    checker
	peers   []checker
}

func newPanel(keys keySet) *panel {
	p := &panel{keys: keys, entries: readSet(keys.set), ours: ours.with(keys.set, keys.secret)}
	for _, l := range peers {
		p.peers = append(p.peers, l.with(keys.set, keys.secret))
	}
	return p
}

// compare returns the differences about a token that the table does not explain. The
// clock stands still, as it does for testing/synctest.
func (p *panel) compare(token string) (unexplained []string) {
	q := ask(token, p.keys.secret, p.entries)
	return append(p.comparePayloads(q), p.compareClaims(q)...)
}

func (p *panel) comparePayloads(q *question) (unexplained []string) {
	payload, err := p.ours.payload(q.token)
	unexplained = mustRefuse(q, err, "signature", false)
	if err != nil && q.mustAccept(false) {
		unexplained = append(unexplained, fmt.Sprintf("signature: we refuse a token that no row of the table refuses: %v", err))
	}
	for i, peer := range p.peers {
		theirs, theirErr := peer.payload(q.token)
		if text := explain(q, peers[i].name, err, theirErr, false); text != "" {
			unexplained = append(unexplained, "signature: "+text)
		}
		if err == nil && theirErr == nil && !bytes.Equal(payload, theirs) {
			unexplained = append(unexplained, fmt.Sprintf("signature: %s has another payload: %q, ours is %q", peers[i].name, theirs, payload))
		}
	}
	return unexplained
}

func (p *panel) compareClaims(q *question) (unexplained []string) {
	claims, err := p.ours.claims(q.token)
	unexplained = mustRefuse(q, err, "claims", true)
	if err != nil && q.mustAccept(true) {
		unexplained = append(unexplained, fmt.Sprintf("claims: we refuse a token that no row of the table refuses: %v", err))
	}
	for i, peer := range p.peers {
		theirs, theirErr := peer.claims(q.token)
		if text := explain(q, peers[i].name, err, theirErr, true); text != "" {
			unexplained = append(unexplained, "claims: "+text)
		}
		if err == nil && theirErr == nil && !cmp.Equal(claims, theirs) {
			unexplained = append(unexplained, fmt.Sprintf("claims: %s has other claims: %v, ours are %v", peers[i].name, theirs, claims))
		}
	}
	return unexplained
}

// mustRefuse returns the reasons for which we had to refuse a token.
func mustRefuse(q *question, err error, level string, ofClaims bool) (unexplained []string) {
	if err != nil {
		return nil
	}
	for _, d := range refused {
		if d.concerns(q, ofClaims) && d.holds(q) {
			unexplained = append(unexplained, level+": we accept a token that "+d.token)
		}
	}
	if !q.signedByCandidate() {
		unexplained = append(unexplained, level+": we accept a token that no key signed")
	}
	if ofClaims && !isDeep(q.payload) && !q.isForUs() {
		unexplained = append(unexplained, level+": we accept a token that is not for us, or not now")
	}
	return unexplained
}

// mustAccept reports whether a key that counts made the signature, and nothing is
// wrong with the token.
func (q *question) mustAccept(ofClaims bool) bool {
	if !q.signedByCandidate() || q.tooManyFit() || isDeep(q.payload) {
		return false
	}
	for _, d := range refused {
		if d.concerns(q, ofClaims) && d.holds(q) {
			return false
		}
	}
	return !ofClaims || q.isForUs()
}

// isForUs reports whether the policy that all libraries have accepts the claims.
func (q *question) isForUs() bool {
	p, now := q.payload, float64(time.Now().Unix())
	audiences, _ := p.texts("aud")
	return p.is("iss", issuer) && slices.Contains(audiences, audience) && p.seconds("exp") > now-leeway.Seconds() &&
		(!p.has("nbf") || p.seconds("nbf") <= now+leeway.Seconds())
}

// concerns reports whether the condition is known at a level. Claims that are nested
// too deeply for the tests are known to nobody.
func (d difference) concerns(q *question, ofClaims bool) bool {
	return !d.ofClaims || ofClaims && !isDeep(q.payload)
}

// explain returns "" if the verdicts agree, or if a row of the table says why not.
func explain(q *question, peer string, ours, theirs error, ofClaims bool) string {
	table := refused
	switch {
	case (ours == nil) == (theirs == nil):
		return ""
	case ours == nil:
		table = accepted
	}
	for _, d := range table {
		if slices.Contains(d.peers, peer) && (ofClaims || !d.ofClaims) && d.holds(q) {
			return ""
		}
	}
	if ours == nil {
		return fmt.Sprintf("we accept, %s refuses: %v", peer, theirs)
	}
	return fmt.Sprintf("we refuse, %s accepts: %v", peer, ours)
}

// atRest calls a function while the clock stands still at 2000-01-01.
func atRest(t *testing.T, f func()) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { f() })
}
