package main

import (
	"fmt"
	"io"
	"slices"
)

// group is a part of the program that -only selects.
type group struct {
	name string
	run  func(p *program, w io.Writer) error
}

func groups() []group {
	return []group{
		{"comparisons", measured(comparisons, 1, printTables)},
		{"adapters", measured(adapters, 1, printRoutes)},
		{"many-tokens", measured(manyTokens, 4, printTables)},
		{"growth", measured(growth, 4, printTables)},
		{"guards", measured(eachGuards, 1, printGuards)},
		{"refusals", measured(eachRefusal, 1, printRefusals)},
		{"first-sight", measured(firstSights, 1, printFirstSights)},
		{"forgeries", measured(forgeries, 4, printForgeries)},
		{"floods", printFloods},
		{"takes", measured(takes, 1, printTakes)},
		{"waits", printWaits},
		{"memory", printMemory},
		{"http", printHTTP},
	}
}

func groupNames() []string {
	var names []string
	for _, g := range groups() {
		names = append(names, g.name)
	}
	return names
}

func (p *program) runGroups(w io.Writer, only string) error {
	if only != "" && !slices.Contains(groupNames(), only) {
		return fmt.Errorf("there is no group %q; use one of %q", only, groupNames())
	}
	for _, g := range groups() {
		if only != "" && only != g.name {
			continue
		}
		if err := g.run(p, w); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return nil
}

// measured returns what runs the measurements and prints them. The divisor makes
// rounds fewer, for groups that use much memory or are slow.
func measured(setUp func() []measurement, divisor int, print func(io.Writer, *results)) func(*program, io.Writer) error {
	return func(p *program, w io.Writer) error {
		r := newResults()
		if err := p.measure(r, setUp(), (p.rounds+divisor-1)/divisor, 1, 2); err != nil {
			return err
		}
		print(w, r)
		return nil
	}
}
