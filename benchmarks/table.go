package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// medians holds the medians of nanoseconds and allocations, by the name of the
// measurement.
type medians struct {
	order  []string
	time   map[string]float64
	allocs map[string]float64
	ratio  map[string]float64 // to ours
}

// ratios compares the measurements of each work with ours, round by round, and
// keeps the medians: if the machine is slower for a while, both are slower.
func (m *medians) ratios(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	rounds := make(map[string][]float64)
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		ns, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(fields[0], "Benchmark/")
		rounds[name] = append(rounds[name], ns)
	}
	m.ratio = make(map[string]float64)
	for name, times := range rounds {
		work, rest, _ := strings.Cut(name, "/stack=")
		_, cores, _ := strings.Cut(rest, "/")
		own := rounds[work+"/stack="+ours+"/"+cores]
		if len(own) != len(times) {
			continue
		}
		var quotients []float64
		for i := range times {
			quotients = append(quotients, times[i]/own[i])
		}
		slices.Sort(quotients)
		m.ratio[name] = quotients[len(quotients)/2]
	}
	return nil
}

const benchstatVersion = "golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da"

// benchstat returns the medians that the command benchstat computes.
func benchstat(file string) (medians, error) {
	m := medians{time: make(map[string]float64), allocs: make(map[string]float64)}
	cmd := exec.Command("go", "run", benchstatVersion, "-format", "csv", file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return m, fmt.Errorf("benchstat: %w: %s", err, &stderr)
	}
	r := csv.NewReader(bytes.NewReader(out))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	unit := ""
	for _, row := range rows {
		if len(row) > 1 && row[0] == "" {
			unit = row[1]
		}
		if len(row) < 2 || !strings.Contains(row[0], "=") {
			continue
		}
		value, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			continue
		}
		name := strings.TrimPrefix(row[0], "/")
		switch unit {
		case "sec/op":
			m.order = append(m.order, name)
			m.time[name] = value * 1e9
		case "allocs/op":
			m.allocs[name] = value
		}
	}
	return m, err
}

// printTables prints the time and the allocations of each stack for each work, on
// one core and on two, and the time of a hit as things grow.
func printTables(w io.Writer, file string) error {
	m, err := benchstat(file)
	if err == nil {
		err = m.ratios(file)
	}
	if err != nil {
		return err
	}
	works, stacks, grown := m.names()
	routed := func(work string) bool { return strings.HasPrefix(work, "router=") }
	if routers := slices.DeleteFunc(slices.Clone(works), func(w string) bool { return !routed(w) }); len(routers) > 0 {
		printTable(w, "a route, one core", routers, []string{"bare", "adapter", "guarded"}, func(work, stack string) string {
			return m.cell(work, stack, 1) + ", " + m.count(work, stack)
		})
	}
	works = slices.DeleteFunc(works, routed)
	stacks = slices.DeleteFunc(stacks, func(s string) bool { return slices.Contains([]string{"bare", "adapter", "guarded"}, s) })
	if len(works) > 0 {
		for cores := 1; cores <= 2; cores++ {
			printTable(w, []string{"one core", "two cores"}[cores-1], works, stacks, func(work, stack string) string {
				return m.cell(work, stack, cores)
			})
		}
		printTable(w, "allocations", works, stacks, m.count)
	}
	if len(grown) > 0 {
		printTable(w, "a hit, by", grown, []string{"1 core", "2 cores"}, func(name, cores string) string {
			return duration(m.time[name+"/cores="+cores[:1]])
		})
	}
	return nil
}

// names returns the works, the stacks, and the measurements of growth.
func (m medians) names() (works, stacks, grown []string) {
	add := func(to *[]string, name string) {
		if !slices.Contains(*to, name) {
			*to = append(*to, name)
		}
	}
	for _, name := range m.order {
		base, _, _ := strings.Cut(name, "/cores=")
		if work, stack, ok := strings.Cut(base, "/stack="); ok {
			add(&works, work)
			add(&stacks, stack)
		} else {
			add(&grown, base)
		}
	}
	return works, stacks, grown
}

// cell returns the time, and its ratio to ours.
func (m medians) cell(work, stack string, cores int) string {
	name := fmt.Sprintf("%s/stack=%s/cores=%d", work, stack, cores)
	ns, ok := m.time[name]
	if !ok {
		return ""
	}
	ratio, ok := m.ratio[name]
	if !ok || stack == ours {
		return duration(ns)
	}
	return fmt.Sprintf("%s (%.3g×)", duration(ns), ratio)
}

// count returns the number of allocations.
func (m medians) count(work, stack string) string {
	allocs, ok := m.allocs[fmt.Sprintf("%s/stack=%s/cores=1", work, stack)]
	if !ok {
		return ""
	}
	return fmt.Sprintf("%.0f", allocs)
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
// hit-by=keys/n=10.
func words(name string) string {
	var values []string
	for field := range strings.SplitSeq(name, "/") {
		if _, value, _ := strings.Cut(field, "="); value != "" {
			values = append(values, value)
		}
	}
	return strings.Join(values, ", ")
}

func duration(ns float64) string {
	if ns >= 1000 {
		return fmt.Sprintf("%.3g µs", ns/1000)
	}
	return fmt.Sprintf("%.3g ns", ns)
}
