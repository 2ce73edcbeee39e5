package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"text/tabwriter"
)

// medians are nanoseconds and allocations of a measurement, by its name.
type medians struct {
	order  []string
	time   map[string]float64
	allocs map[string]float64
}

const benchstatVersion = "golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da"

// benchstat reads medians of the measurements from benchstat.
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

func printTables(w io.Writer, file string) error {
	m, err := benchstat(file)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "| work\t| stack\t| 1 core\t| 2 cores\t| allocations\t| to bearergate\t|")
	fmt.Fprintln(table, "|---\t|---\t|---:\t|---:\t|---:\t|---:\t|")
	for _, name := range m.order {
		base, one := strings.CutSuffix(name, "/cores=1")
		if !one {
			continue
		}
		fields := fieldsOf(base)
		work := strings.TrimSpace(fields["work"] + " " + fields["alg"])
		stack := fields["stack"]
		ratio := ""
		if own := m.time[strings.Replace(name, "stack="+stack, "stack="+ours, 1)]; own > 0 && fields["work"] != "floor" {
			ratio = fmt.Sprintf("%.2f", m.time[name]/own)
		}
		if what, ok := fields["hit-by"]; ok {
			work, stack = "hit, by "+what, fields["n"]
		}
		fmt.Fprintf(table, "| %s\t| %s\t| %s\t| %s\t| %.0f\t| %s\t|\n", work, stack,
			duration(m.time[name]), duration(m.time[base+"/cores=2"]), m.allocs[name], ratio)
	}
	return nil
}

func fieldsOf(name string) map[string]string {
	fields := make(map[string]string)
	for field := range strings.SplitSeq(name, "/") {
		key, value, _ := strings.Cut(field, "=")
		fields[key] = value
	}
	return fields
}

func duration(ns float64) string {
	if ns >= 1000 {
		return fmt.Sprintf("%.2f µs", ns/1000)
	}
	return fmt.Sprintf("%.0f ns", ns)
}
