package main

import (
	"bytes"
	"fmt"
	"strings"
)

// mutant is a Go file with one change.
type mutant struct {
	file     string
	nth      int // of its file: the outer before the inner
	line     int
	function string
	kind     string
	source   []byte
	change   edit
	// guarded makes the same change while the mutant is switched on. If it is the zero
	// value, the change needs a program of its own.
	guarded guard
}

// edit replaces a part of a file.
type edit struct {
	from, to int
	text     string
}

// guard puts text before and after a part of a file. In both, # stands for the
// call that reports whether the mutant is switched on.
type guard struct {
	from, to      int
	before, after string
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", m.file, m.line, m.function, m.kind)
}

func (m mutant) switchable() bool { return m.guarded != guard{} }

// mutated returns the changed file.
func (m mutant) mutated() []byte {
	c := m.change
	return bytes.Join([][]byte{m.source[:c.from], []byte(c.text), m.source[c.to:]}, nil)
}

// diff returns the lines that the change replaces, and what they became.
func (m mutant) diff() string {
	c := m.change
	start := bytes.LastIndexByte(m.source[:c.from], '\n') + 1
	end := len(m.source)
	if i := bytes.IndexByte(m.source[c.to:], '\n'); i >= 0 {
		end = c.to + i
	}
	var b strings.Builder
	prefixed(&b, "-", string(m.source[start:end]))
	prefixed(&b, "+", string(m.source[start:c.from])+c.text+string(m.source[c.to:end]))
	return b.String()
}

func prefixed(b *strings.Builder, prefix, lines string) {
	for line := range strings.Lines(lines) {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintf(b, "%s %s\n", prefix, strings.TrimRight(line, "\n"))
		}
	}
}
