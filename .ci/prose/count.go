package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// A tally is the number of words of some texts, and how often they have each habit.
type tally struct {
	words int
	found map[string]int
}

func (t *tally) per1000(habit string) float64 {
	if t.words == 0 {
		return 0
	}
	return 1000 * float64(t.found[habit]) / float64(t.words)
}

// counts holds a tally of each kind of text and of each room, that is a package or
// a document.
type counts struct {
	kinds, rooms map[string]*tally
	finds        []string
}

func count(texts []text) *counts {
	c := &counts{make(map[string]*tally), make(map[string]*tally), nil}
	for _, t := range texts {
		joined := t.joined()
		kind, room := entry(c.kinds, t.kind), entry(c.rooms, t.room)
		kind.words += words(joined)
		room.words += words(joined)
		for _, h := range habits() {
			for _, offset := range h.match(joined) {
				kind.found[h.name]++
				room.found[h.name]++
				c.finds = append(c.finds, fmt.Sprintf("%s: %s (write %s): …%s…", t.position(offset), h.name, h.instead, excerpt(joined, offset)))
			}
		}
	}
	return c
}

func entry(m map[string]*tally, key string) *tally {
	if m[key] == nil {
		m[key] = &tally{found: make(map[string]int)}
	}
	return m[key]
}

func excerpt(s string, offset int) string {
	return s[offset:min(len(s), offset+60)]
}

// print writes a row for each room and each kind: its words, and each habit's
// frequency in 1,000 words.
func (c *counts) print(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "per 1,000 words\twords\t")
	for _, h := range habits() {
		fmt.Fprintf(table, "%s\t", h.name)
	}
	fmt.Fprintln(table)
	for _, rows := range []map[string]*tally{c.rooms, c.kinds} {
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			fmt.Fprintf(table, "%s\t%d\t", name, rows[name].words)
			for _, h := range habits() {
				fmt.Fprintf(table, "%.1f\t", rows[name].per1000(h.name))
			}
			fmt.Fprintln(table)
		}
	}
	fmt.Fprint(table, "limit\t\t")
	for _, h := range habits() {
		fmt.Fprintf(table, "%.1f\t", h.limit)
	}
	fmt.Fprintln(table)
	table.Flush()
}

// beyond returns a sentence for each habit of each kind of text that is more
// frequent than its limit.
func (c *counts) beyond() []string {
	var faults []string
	for _, kind := range slices.Sorted(maps.Keys(c.kinds)) {
		for _, h := range habits() {
			if got := c.kinds[kind].per1000(h.name); got > h.limit {
				faults = append(faults, fmt.Sprintf("%s: got %q %.1f times in 1,000 words, want at most %.1f: write %s", kind, h.name, got, h.limit, h.instead))
			}
		}
	}
	return faults
}
