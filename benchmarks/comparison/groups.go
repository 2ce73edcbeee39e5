package main

import (
	"iter"
	"strings"
)

// groups are names by what they have in common, in the order of their first names.
type groups struct {
	texts []string
	names map[string][]string
}

func newGroups() *groups { return &groups{names: make(map[string][]string)} }

func (g *groups) add(text, name string) {
	if g.names[text] == nil {
		g.texts = append(g.texts, text)
	}
	g.names[text] = append(g.names[text], name)
}

// all yields each text with its names.
func (g *groups) all() iter.Seq2[string, string] {
	return func(yield func(text, names string) bool) {
		for _, text := range g.texts {
			if !yield(text, strings.Join(g.names[text], ", ")) {
				return
			}
		}
	}
}
