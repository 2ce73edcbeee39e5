package outages

import (
	"bufio"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Page returns docs/outages.md.
func Page(recordings map[string]Recording) string {
	var page strings.Builder
	page.WriteString(introduction)
	page.WriteString(index(recordings))
	page.WriteString(howToRead)
	for _, group := range Groups() {
		fmt.Fprintf(&page, "\n## %s\n", group.Title)
		for _, s := range group.Scenarios {
			page.WriteString(section(s, recordings[s.Name]))
		}
	}
	return page.String()
}

// index is the table at the top.
func index(recordings map[string]Recording) string {
	var table strings.Builder
	table.WriteString("| outage or attack | clients get | metric |\n|---|---|---|\n")
	for _, s := range Scenarios() {
		fmt.Fprintf(&table, "| [%s](#%s) | %s | %s |\n", s.Title, s.Name, codesOf(recordings[s.Name]), texts[s.Name].Metric)
	}
	return table.String()
}

// codesOf returns the codes that clients got.
func codesOf(r Recording) string {
	var all []string
	for _, c := range r.Answers {
		switch {
		case c.Label == noAnswer:
			all = append(all, "no answer")
		case c.Label != passed:
			all = append(all, strings.Replace(codeText(c.Label), " ", " `", 1)+"`")
		}
	}
	if len(all) == 0 {
		return "their usual answers"
	}
	return strings.Join(all, ", ")
}

func section(s Scenario, r Recording) string {
	var text strings.Builder
	t := texts[s.Name]
	fmt.Fprintf(&text, "\n### <a id=\"%s\"></a>%s\n\n![%s, as recorded](outages/%s.svg)\n\n", s.Name, s.Title, s.Title, s.Name)
	fmt.Fprintf(&text, "**What you see.** %s%s\n\n%s%s", t.See, alerted(t.Alert), moved(r), logged(r))
	fmt.Fprintf(&text, "**What clients get.** %s\n\n%s", t.Get, answers(r))
	fmt.Fprintf(&text, "**What to do.** %s\n\n**How to try it.** %s\n", t.Do, t.Try)
	return text.String()
}

// alerted names the alerting rule.
func alerted(rule string) string {
	if rule == "" {
		return " No [rule](../examples/otel/alerts.yml) fires."
	}
	return fmt.Sprintf(" The [rule](../examples/otel/alerts.yml) `%s` fires, if it lasts.", rule)
}

// moved lists the counters that began to move. That of all durations always moves.
func moved(r Recording) string {
	var list strings.Builder
	for _, m := range r.Moved {
		if r.Break > 0 {
			fmt.Fprintf(&list, "- `%s`: + %s\n", m.Series, number(m.By))
		}
	}
	if list.Len() == 0 {
		return ""
	}
	return "These counters stood still before:\n\n" + list.String() + "\n"
}

// logged shows the first line of each kind.
func logged(r Recording) string {
	if len(r.Log) == 0 {
		return "The log has no line.\n\n"
	}
	var all strings.Builder
	for _, l := range r.Log {
		times := "Once"
		if l.Count > 1 {
			times = fmt.Sprint(l.Count, " times")
		}
		fmt.Fprintf(&all, "%s in the log, here the first:\n\n    %s\n\n", times, l.Line)
	}
	return strings.ReplaceAll(all.String(), "Once in the log, here the first:", "Once in the log:")
}

// answers shows the first answer with each code.
func answers(r Recording) string {
	var all strings.Builder
	for _, f := range r.First {
		if f.Bytes != "" {
			fmt.Fprintf(&all, "%s of %d requests. The first answer:\n\n%s\n", number(float64(f.Count)), r.requests(), excerpt(f.Bytes))
		}
	}
	return all.String()
}

func (r Recording) requests() (total int) {
	for _, f := range r.First {
		total += f.Count
	}
	return total
}

// common are the headers that every refusal has.
var common = []string{"Cache-Control", "Content-Length", "Content-Type", "X-Content-Type-Options", "Date", "Pragma"}

// excerpt returns the bytes of an answer as an indented block, without the common
// headers.
func excerpt(answer string) string {
	var block strings.Builder
	head, body, _ := strings.Cut(answer, "\r\n\r\n")
	lines := bufio.NewScanner(strings.NewReader(head))
	for lines.Scan() {
		name, _, _ := strings.Cut(lines.Text(), ":")
		if !slices.Contains(common, http.CanonicalHeaderKey(name)) {
			block.WriteString("    " + lines.Text() + "\n")
		}
	}
	block.WriteString("\n    " + body)
	return block.String()
}
