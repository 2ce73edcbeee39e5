package bearergate_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
)

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

func TestReadmesProgramCompiles(t *testing.T) {
	_, program, _ := strings.Cut(readFile(t, "examples/minimal/main.go"), "package main\n")
	if !strings.Contains(readFile(t, "README.md"), "```go\npackage main\n"+program+"```\n") {
		t.Error("the program in README.md is not examples/minimal, which is compiled")
	}
}
