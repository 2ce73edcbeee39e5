package main

import (
	"iter"
	"sync"
)

// cell is what one peer did in one situation.
type cell struct {
	verdict verdict
	short   []string // a word for each answer
	shown   []string // what came over the wire
	missing string   // why there is nothing
}

// report has the cells of all situations, in their order and that of the peers. The
// first peer is bearergate.
type report struct {
	peers  []peer
	themes []theme
	cells  map[*situation][]cell
}

// newReport brings each peer into each situation. Several run at a time, since some of
// them wait; many at a time would make each other slow.
func newReport(ps []peer, themes []theme) *report {
	r := &report{peers: ps, themes: themes, cells: make(map[*situation][]cell)}
	places := make(chan struct{}, 8)
	var running sync.WaitGroup
	for s := range r.situations() {
		row := make([]cell, len(ps))
		r.cells[s] = row
		for i, p := range ps {
			running.Go(func() {
				places <- struct{}{}
				row[i] = try(s, p)
				<-places
			})
		}
	}
	running.Wait()
	return r
}

func try(s *situation, p peer) cell {
	if reason := s.missing(p); reason != "" {
		return cell{missing: reason}
	}
	t := newTrial(p)
	defer t.close()
	v := s.run(t)
	if t.api == nil {
		return cell{verdict: hurts, short: t.short[:1], shown: t.shown[:1]}
	}
	return cell{verdict: v, short: t.short, shown: t.shown}
}

// situations yields the situations of all themes.
func (r *report) situations() iter.Seq[*situation] {
	return func(yield func(*situation) bool) {
		for _, th := range r.themes {
			for i := range th.situations {
				if !yield(&th.situations[i]) {
					return
				}
			}
		}
	}
}

// count returns how often a peer got a verdict.
func (r *report) count(peer int, v verdict) int {
	n := 0
	for _, row := range r.cells {
		if row[peer].verdict == v {
			n++
		}
	}
	return n
}

// better returns the peers that are good in a situation in which bearergate is not.
func (r *report) better(s *situation) []string {
	row := r.cells[s]
	if row[0].verdict == good {
		return nil
	}
	var names []string
	for i, c := range row {
		if c.verdict == good {
			names = append(names, r.peers[i].name)
		}
	}
	return names
}
