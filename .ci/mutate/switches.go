package main

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// The files of a package get a function that reports whether a mutant is switched on.
const switchFile = `package %s

import (
	"os"
	"strconv"
)

var mutantOn, _ = strconv.Atoi(os.Getenv("MUTANT"))

func isMutant(n int) bool { return n == mutantOn }
`

// withSwitches returns the files of a package with all of its mutants in them. The
// first of them is number 1.
func withSwitches(mutants []mutant) map[string][]byte {
	byFile := make(map[string][]insertion)
	sources := make(map[string][]byte)
	for i, m := range mutants {
		call := fmt.Sprintf("isMutant(%d)", i+1)
		sources[m.file] = m.source
		byFile[m.file] = append(byFile[m.file],
			insertion{m.guarded.from, opening, m.nth, strings.ReplaceAll(m.guarded.before, "#", call)},
			insertion{m.guarded.to, closing, -m.nth, strings.ReplaceAll(m.guarded.after, "#", call)})
	}
	files := make(map[string][]byte)
	for name, insertions := range byFile {
		files[name] = inserted(sources[name], insertions)
	}
	first := mutants[0]
	files[path.Join(path.Dir(first.file), "mutant_switches.go")] = fmt.Appendf(nil, switchFile, packageName(first.source))
	return files
}

// insertion is a text and its place: what ends there comes before what begins
// there, the inner before the outer that ends, the outer before the inner that begins.
type insertion struct {
	at, side, order int
	text            string
}

const (
	closing = iota
	opening
)

func inserted(source []byte, insertions []insertion) []byte {
	slices.SortStableFunc(insertions, func(a, b insertion) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.side, b.side), cmp.Compare(a.order, b.order))
	})
	var out []byte
	last := 0
	for _, i := range insertions {
		out = append(append(out, source[last:i.at]...), i.text...)
		last = i.at
	}
	return append(out, source[last:]...)
}
