package main

import (
	"slices"
	"time"
)

// keyVerdict is what a request may find about a key: that it is known, that it is
// refused as unknown, and that nobody can tell.
type keyVerdict struct{ known, refused, undecided bool }

// arrival is how long after its end a fetch may not have had its effect.
const arrival = 2 * time.Second

// The times of jwtverifier.
const (
	coolDown = 10 * time.Second // S3c.27
	retry    = 5 * time.Second  // S3c.36
)

// verdict judges what a request finds about a key.
func (s *keyServer) verdict(id string, request span, slow bool) (v keyVerdict) {
	fetches := s.seen()
	has, lacks := inForce(fetches, id, request)
	v.known = has
	if lacks {
		v.refused = mayRefuse(fetches, request)
		v.undecided = slow || mayBeUndecided(fetches, request)
	}
	return v
}

// inForce reports whether a set that may be in force has the key, and whether one lacks
// it. Rules: S3c.14, S3c.37.
func inForce(fetches []fetch, id string, request span) (has, lacks bool) {
	next := span{} // of the set that replaces this one
	for _, f := range slices.Backward(fetches) {
		if f.keys == nil {
			continue
		}
		if (span{f.begin, next.end}).overlaps(request, arrival) {
			contains := slices.Contains(f.keys, id)
			has, lacks = has || contains, lacks || !contains
		}
		next = f.span
	}
	return has, lacks
}

// mayRefuse reports whether an unknown key may be 401: the last fetch worked, so that
// there is a cool-down or a new set. Rules: S3c.26, S3c.27, S3c.28.
func mayRefuse(fetches []fetch, request span) bool {
	for _, f := range slices.Backward(fetches) {
		if f.keys == nil {
			if !f.end.IsZero() && f.end.Add(arrival).Before(request.begin) {
				return false
			}
			continue
		}
		if f.overlaps(request, coolDown+arrival) {
			return true
		}
	}
	return false
}

// mayBeUndecided reports whether an unknown key may be 503: a fetch failed, and is not
// repeated yet. Rules: S3c.28, S3c.31, S3c.36.
func mayBeUndecided(fetches []fetch, request span) bool {
	return slices.ContainsFunc(fetches, func(f fetch) bool { return f.keys == nil && f.overlaps(request, retry+arrival) })
}
