package main

import "time"

// span is a time from a beginning to an end. The zero end is one to come.
type span struct{ begin, end time.Time }

func (s span) took() time.Duration { return s.end.Sub(s.begin) }

// overlaps reports whether the spans have an instant in common, if s ends this much
// later.
func (s span) overlaps(other span, later time.Duration) bool {
	return !s.begin.After(other.end) && (s.end.IsZero() || !s.end.Add(later).Before(other.begin))
}
