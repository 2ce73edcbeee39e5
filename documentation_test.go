package bearergate_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
)

// page is a Markdown file of the documentation.
type page struct {
	name, text string
}

func pages(t *testing.T) []page {
	t.Helper()
	if _, err := os.Stat("go.work"); err != nil {
		t.Skip("the nested modules are not here, as in a module that was downloaded")
	}
	names, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []page
	for _, name := range append(names, "README.md", "CONTRIBUTING.md") {
		all = append(all, page{filepath.ToSlash(name), readFile(t, name)})
	}
	return all
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestReadmeHasTheTableAsItIs(t *testing.T) {
	readme := readFile(t, "README.md")
	var rows strings.Builder
	for _, c := range bearergate.Codes() {
		fmt.Fprintf(&rows, "| %d | `%s` | %s | %s |\n", c.Status(), c, c.Meaning(), c.Remedy())
	}
	if !strings.Contains(readme, rows.String()) {
		t.Errorf("README.md does not have the table; it is:\n%s", &rows)
	}
}

func TestReadmeIsShort(t *testing.T) {
	readme := readFile(t, "README.md")
	if size := len(readme); size > 9000 {
		t.Errorf("got %d bytes, want 9,000 at most: move something into docs", size)
	}
	if lines := strings.Count(readme, "\n"); lines > 200 {
		t.Errorf("got %d lines, want 200 at most: move something into docs", lines)
	}
}

func TestReadmesFirstProgramIsMinimal(t *testing.T) {
	_, program, _ := strings.Cut(readFile(t, "examples/minimal/main.go"), "package main\n")
	first, _, _ := strings.Cut(readFile(t, "README.md"), "\n## What clients see")
	if !strings.Contains(first, "```go\npackage main\n"+program+"```\n") {
		t.Error("the first program of README.md is not examples/minimal")
	}
}

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// Go code of the documentation is part of a Go file that is compiled: it stands
// there line for line, and may be indented.
func TestGoCodeOfTheDocumentationIsCompiled(t *testing.T) {
	sources := compiled(t)
	for _, page := range pages(t) {
		for _, block := range goBlock.FindAllStringSubmatch(page.text, -1) {
			if !contains(sources, block[1]) {
				t.Errorf("%s: no Go file in docs/code, an example or a module has these lines:\n%s", page.name, block[1])
			}
		}
	}
}

// compiled returns the Go files that the documentation may quote.
func compiled(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{"docs/code", "examples", "adapters", "otelgate", "sqlstore", "redisstore"} {
		err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(name) == ".go" {
				all.WriteString("\n" + readFile(t, name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func contains(sources, block string) bool {
	for indent := ""; len(indent) <= 3; indent += "\t" {
		lines := strings.SplitAfter(block, "\n")
		for i, line := range lines {
			if line != "" && line != "\n" {
				lines[i] = indent + line
			}
		}
		if strings.Contains(sources, "\n"+strings.Join(lines, "")) {
			return true
		}
	}
	return false
}

var (
	link         = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading      = regexp.MustCompile(`(?m)^#+ (.*)$`)
	anchor       = regexp.MustCompile(`<a id="([^"]+)">`)
	markdownCode = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	unslug       = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

func TestLinksOfTheDocumentationResolve(t *testing.T) {
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(markdownCode.ReplaceAllString(page.text, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target, fragment, _ := strings.Cut(m[1], "#")
			file := page.name
			if target != "" {
				file = filepath.Join(filepath.Dir(page.name), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: the link %s leads nowhere: %v", page.name, m[1], err)
			} else if fragment != "" && !hasAnchor(readFile(t, file), fragment) {
				t.Errorf("%s: the link %s leads to no heading", page.name, m[1])
			}
		}
	}
}

// hasAnchor reports whether GitHub makes the fragment an anchor of the page.
func hasAnchor(text, fragment string) bool {
	for _, m := range anchor.FindAllStringSubmatch(text, -1) {
		if m[1] == fragment {
			return true
		}
	}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		slug := unslug.ReplaceAllString(strings.ToLower(m[1]), "")
		if strings.ReplaceAll(slug, " ", "-") == fragment {
			return true
		}
	}
	return false
}

func TestEveryPageIsInTheIndex(t *testing.T) {
	index := readFile(t, "docs/README.md")
	contributing := readFile(t, "CONTRIBUTING.md") // has the pages for maintainers
	for _, page := range pages(t) {
		name, isDoc := strings.CutPrefix(page.name, "docs/")
		if isDoc && name != "README.md" && !strings.Contains(index, "]("+name+")") && !strings.Contains(contributing, "](docs/"+name+")") {
			t.Errorf("neither docs/README.md nor CONTRIBUTING.md has a link to %s", name)
		}
	}
}
