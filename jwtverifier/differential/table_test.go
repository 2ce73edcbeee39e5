package differential_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var rule = regexp.MustCompile(`S(\d+[a-z]?\.\d+)`)

// rows returns a table as the page has it.
func rows(table []difference, verb string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "| a token that … | %s | specification | rule | why |\n|---|---|---|---|---|\n", verb)
	for _, d := range table {
		peers := strings.Join(d.peers, ", ")
		if peers == "" {
			peers = "none"
		}
		rules := rule.ReplaceAllString(d.rules, "[S$1](semantics.md#s$1)")
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", d.token, peers, d.source, rules, d.reason)
	}
	return text.String()
}

func TestPageHasTheTableAsItIs(t *testing.T) {
	page, err := os.ReadFile("../../docs/second-opinion.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{rows(refused, "accepted by"), rows(accepted, "refused by")} {
		if !strings.Contains(string(page), want) {
			t.Errorf("docs/second-opinion.md does not have the table; it is:\n%s", want)
		}
	}
}
