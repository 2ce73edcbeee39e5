package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// printTables prints the time and the allocations of each stack for each work, on one
// core and on two, and the time of a hit as things grow.
func printTables(w io.Writer, r *results) {
	works, stacks, grown := r.names()
	for cores := 1; cores <= 2 && len(works) > 0; cores++ {
		printTable(w, []string{"one core", "two cores"}[cores-1], works, stacks, func(work, stack string) string {
			return r.cell(work, stack, cores)
		})
	}
	if len(works) > 0 {
		printTable(w, "allocations", works, stacks, r.count)
	}
	if len(grown) > 0 {
		printTable(w, "a hit, by", grown, []string{"1 core", "2 cores"}, func(name, cores string) string {
			return duration(median(r.time[name+"/cores="+cores[:1]]))
		})
	}
}

// printRoutes prints the time and the allocations of each stack behind each router.
func printRoutes(w io.Writer, r *results) {
	routers, stacks, _ := r.names()
	printTable(w, "a route, one core", routers, stacks, func(router, stack string) string {
		return r.cell(router, stack, 1) + ", " + r.count(router, stack)
	})
}

// cell returns the time, and its ratio to ours with the quartiles.
func (r *results) cell(work, stack string, cores int) string {
	times := r.time[onCores(work, stack, cores)]
	if times == nil {
		return ""
	}
	ratio := r.ratio(onCores(work, stack, cores), onCores(work, ours, cores))
	if ratio == nil || stack == ours {
		return duration(median(times))
	}
	q := quartilesOf(ratio)
	return fmt.Sprintf("%s (%.3g× [%.3g–%.3g])", duration(median(times)), q.median, q.low, q.high)
}

// count returns the number of allocations.
func (r *results) count(work, stack string) string {
	allocs := r.allocs[onCores(work, stack, 1)]
	if allocs == nil {
		return ""
	}
	return fmt.Sprintf("%.0f", median(allocs))
}

func printTable(w io.Writer, title string, rows, columns []string, cell func(row, column string) string) {
	table := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintf(table, "| %s\t| %s\t|\n", title, strings.Join(columns, "\t| "))
	fmt.Fprintf(table, "|---\t%s|\n", strings.Repeat("|---:\t", len(columns)))
	for _, row := range rows {
		fmt.Fprintf(table, "| %s\t", words(row))
		for _, column := range columns {
			fmt.Fprintf(table, "| %s\t", cell(row, column))
		}
		fmt.Fprintln(table, "|")
	}
	table.Flush()
	fmt.Fprintln(w)
}

// words returns the values of a name such as work=repeated/alg=RS256 or
// hit-by=keys/n=10. A name without values is returned as it is.
func words(name string) string {
	var values []string
	for field := range strings.SplitSeq(name, "/") {
		if _, value, _ := strings.Cut(field, "="); value != "" {
			values = append(values, value)
		}
	}
	if values == nil {
		return name
	}
	return strings.Join(values, ", ")
}

func duration(ns float64) string {
	switch {
	case ns >= 1e6:
		return fmt.Sprintf("%.3g ms", ns/1e6)
	case ns >= 1e3:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	}
	return fmt.Sprintf("%.3g ns", ns)
}

// base is a stack that others of the same work are compared with.
type base struct{ title, stack string }

// printLists prints a table for each work: a row for each stack, with its time, its
// allocations and its ratios to the bases on one core.
func printLists(w io.Writer, r *results, bases ...base) {
	works, stacks, _ := r.names()
	columns := []string{"one core", "two cores", "allocations"}
	for _, b := range bases {
		columns = append(columns, b.title)
	}
	for _, work := range works {
		measured := slices.DeleteFunc(slices.Clone(stacks), func(s string) bool { return r.time[onCores(work, s, 1)] == nil })
		printTable(w, words(work), measured, columns, func(stack, column string) string {
			return r.listed(work, stack, column, bases)
		})
	}
}

func (r *results) listed(work, stack, column string, bases []base) string {
	name := onCores(work, stack, 1)
	switch column {
	case "one core":
		return duration(median(r.time[name]))
	case "two cores":
		return duration(median(r.time[onCores(work, stack, 2)]))
	case "allocations":
		return r.count(work, stack)
	}
	b := bases[slices.IndexFunc(bases, func(b base) bool { return b.title == column })]
	return quartilesOf(r.ratio(name, onCores(work, b.stack, 1))).String()
}
