package lookupcache

import "time"

// Forget drops the answer for a key. A look-up that began before keeps nothing, and
// no later caller waits for it.
func (c *Cache[K, V]) Forget(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, k)
	delete(c.flights, k)
}

// ForgetGroup does the same with all answers of a group. It does it with all look-ups
// in progress, since the groups of their answers are not known.
func (c *Cache[K, V]) ForgetGroup(group string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups.size() >= c.config.MaxEntries {
		c.forgetAll()
	}
	c.groups.add(group)
	clear(c.flights)
}

// ForgetAll does the same with everything.
func (c *Cache[K, V]) ForgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgetAll()
}

func (c *Cache[K, V]) forgetAll() {
	c.entries = make(map[K]*entry[V])
	clear(c.flights)
	c.groups.clear()
}

// Alive reports that all invalidations that were sent before this time have come. A
// time to come counts as now.
func (c *Cache[K, V]) Alive(at time.Time) {
	proof := int64(min(at.Sub(c.born), c.now()))
	for {
		last := c.proof.Load()
		if proof <= last || c.proof.CompareAndSwap(last, proof) {
			return
		}
	}
}

// proven reports whether the last proof of life is recent enough.
func (c *Cache[K, V]) proven(now time.Duration) bool {
	silence := c.config.MaxSilence
	return silence == 0 || now-time.Duration(c.proof.Load()) < silence
}
