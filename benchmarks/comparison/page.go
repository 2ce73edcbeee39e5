package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"
)

const introduction = `# Side by side

What clients see of bearergate and of six other libraries in situations in which somebody is hurt. Each library
is set up as its own documentation says, and then brought into the situation, over HTTP. A program writes this
page, with what came over the wire:

    go run ./benchmarks/comparison >docs/comparison.md

`

const legend = `An answer without a mark is good. If a token is to be refused, 400, 401 and 403 are all good; if the server is at
fault, any 5xx is. A client waits 6 s for an answer, and an operator 6 s for the start.

- **hurts**: a client with a good token is refused, is blamed for a fault of the server, waits in vain, or cannot
  read from the answer what to do.
- **lets in**: a request that was to be refused reached the handler.
- **leaks**: a stranger reads an internal address, or a token gets into logs.
- –: the situation does not exist for the library.

`

const lastRun = "Last run: "

// writePage writes the report as a page of Markdown.
func writePage(w io.Writer, r *report, now time.Time) {
	io.WriteString(w, introduction)
	fmt.Fprintf(w, "%s%s.\n\n", lastRun, now.UTC().Format(time.DateOnly))
	io.WriteString(w, legend)
	r.writeSummary(w)
	r.writeWorse(w)
	first := 1
	for _, th := range r.themes {
		fmt.Fprintf(w, "## %s\n\n", th.title)
		r.writeTable(w, th, first)
		r.writeWire(w, th, first)
		first += len(th.situations)
	}
	r.writeSetUp(w)
}

func (r *report) writeSummary(w io.Writer) {
	fmt.Fprintf(w, "%d situations:\n\n", len(r.cells))
	fmt.Fprintf(w, "| | good | hurts | lets in | leaks | – |\n|---|---:|---:|---:|---:|---:|\n")
	for i, p := range r.peers {
		fmt.Fprintf(w, "| %s |", p.name)
		for _, v := range []verdict{good, hurts, letsIn, leaks, absent} {
			fmt.Fprintf(w, " %d |", r.count(i, v))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

// writeWorse writes the situations in which bearergate is not good.
func (r *report) writeWorse(w io.Writer) {
	fmt.Fprintf(w, "## Where a peer does better\n\n")
	r.writeReasons(w, func(better []string) bool { return len(better) > 0 })
	fmt.Fprintf(w, "## Where nobody is good\n\n")
	r.writeReasons(w, func(better []string) bool { return len(better) == 0 })
}

func (r *report) writeReasons(w io.Writer, selected func(better []string) bool) {
	written := false
	for s := range r.situations() {
		better := r.better(s)
		if !r.cells[s][0].verdict.worse() || !selected(better) {
			continue
		}
		written = true
		fmt.Fprintf(w, "- %s", s.title)
		if len(better) > 0 {
			fmt.Fprintf(w, " Better: %s.", strings.Join(better, ", "))
		}
		fmt.Fprintf(w, " %s\n", s.reason)
	}
	if !written {
		fmt.Fprintln(w, "In no situation.")
	}
	fmt.Fprintln(w)
}

// writeTable writes the answers of a theme in a word each.
func (r *report) writeTable(w io.Writer, th theme, first int) {
	columns := r.columns(th)
	fmt.Fprint(w, "| | |")
	for _, i := range columns {
		fmt.Fprintf(w, " %s |", r.peers[i].name)
	}
	fmt.Fprintf(w, "\n|---:|---|%s\n", strings.Repeat("---|", len(columns)))
	for n := range th.situations {
		s := &th.situations[n]
		fmt.Fprintf(w, "| %d | %s |", first+n, s.title)
		for _, i := range columns {
			fmt.Fprintf(w, " %s |", r.cells[s][i].word())
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	r.writeAbsences(w, th)
}

// columns are the peers that have a cell in the theme.
func (r *report) columns(th theme) []int {
	var columns []int
	for i, p := range r.peers {
		if th.absence(p) == "" {
			columns = append(columns, i)
		}
	}
	return columns
}

func (r *report) writeAbsences(w io.Writer, th theme) {
	names := newGroups()
	for _, p := range r.peers {
		if reason := th.absence(p); reason != "" {
			names.add(reason, p.name)
		}
	}
	for reason, names := range names.all() {
		fmt.Fprintf(w, "Not in the table: %s (%s).\n\n", names, reason)
	}
}

func (c cell) word() string {
	if c.missing != "" {
		return "–"
	}
	word := strings.Join(c.short, " ")
	if c.verdict.worse() {
		word += " **" + string(c.verdict) + "**"
	}
	return word
}

// writeWire writes why each situation hurts and what came over the wire.
func (r *report) writeWire(w io.Writer, th theme, first int) {
	fmt.Fprintf(w, "<details><summary>%s: why it hurts, and what came over the wire</summary>\n\n", th.title)
	for n := range th.situations {
		s := &th.situations[n]
		fmt.Fprintf(w, "**%d.** %s *%s*\n\n", first+n, s.title, s.why)
		r.writeCells(w, s, r.columns(th))
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "</details>\n\n")
}

// writeCells writes the cells of a situation. Peers with the same share a line.
func (r *report) writeCells(w io.Writer, s *situation, columns []int) {
	names := newGroups()
	for _, i := range columns {
		names.add(r.cells[s][i].text(), r.peers[i].name)
	}
	for text, names := range names.all() {
		fmt.Fprintf(w, "- %s: %s\n", names, text)
	}
}

func (c cell) text() string {
	if c.missing != "" {
		return "– (" + c.missing + ")"
	}
	text := strings.Join(c.shown, "; ")
	if c.verdict.worse() {
		text += " **" + string(c.verdict) + "**"
	}
	return text
}

func (r *report) writeSetUp(w io.Writer) {
	fmt.Fprintf(w, "## How each is set up\n\n")
	versions := moduleVersions()
	for _, p := range r.peers {
		fmt.Fprintf(w, "- **%s**", p.name)
		for _, module := range p.modules {
			fmt.Fprintf(w, ", %s %s", module, versions[module])
		}
		fmt.Fprintf(w, ". %s\n", p.setUp)
	}
	fmt.Fprintf(w, "\nThe code is in [benchmarks/comparison](../benchmarks/comparison), a file for each.\n")
}

// moduleVersions are the versions in this program, by module.
func moduleVersions() map[string]string {
	versions := make(map[string]string)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			versions[m.Path] = m.Version
		}
	}
	return versions
}
