package bearergate_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	// ruleID is how docs/semantics.md, tests and comments name a rule.
	ruleID = regexp.MustCompile(`\bS[1-8][abc]?\.[0-9]+\b`)
	// ruleLine is the first line of a rule: its anchor, its id, and perhaps the
	// mark of a rule that is not kept yet.
	ruleLine = regexp.MustCompile(`^[-|] <a id="([^"]*)"></a>\*\*([^*]*)\*\* (†?)`)
	// openLine is a line of the list of rules that are not kept yet.
	openLine = regexp.MustCompile(`^- \[([^]]*)\]\(#([^)]*)\): \S`)
	// looksLikeRule finds lines that are meant to be one of the two.
	looksLikeRule = regexp.MustCompile(`<a id|\*\*S[0-9]|\]\(#s[0-9]`)
)

// semantics is docs/semantics.md, as far as its ids go.
type semantics struct {
	rules []string // in the order of the page
	open  []string // those marked as not kept yet
	list  []string // those listed as not kept yet
	all   []string // each mention of an id
}

func readSemantics(t *testing.T) (s semantics) {
	t.Helper()
	for line := range strings.Lines(readFile(t, "docs/semantics.md")) {
		s.all = append(s.all, ruleID.FindAllString(line, -1)...)
		rule, open := ruleLine.FindStringSubmatch(line), openLine.FindStringSubmatch(line)
		switch {
		case rule != nil:
			s.rules = append(s.rules, rule[2])
			if rule[3] != "" {
				s.open = append(s.open, rule[2])
			}
			wantAnchor(t, rule[2], rule[1])
		case open != nil:
			s.list = append(s.list, open[1])
			wantAnchor(t, open[1], open[2])
		case looksLikeRule.MatchString(line):
			t.Errorf("got the line %q, want one that begins with anchor and id as the others do", line)
		}
	}
	return s
}

func wantAnchor(t *testing.T, id, got string) {
	t.Helper()
	if want := strings.ToLower(id); got != want || ruleID.FindString(id) != id {
		t.Errorf("%s: got the anchor %q, want %q and an id such as S3a.7", id, got, want)
	}
}

// place orders ids as the page does: by section, and then by number.
func place(id string) (section string, number int) {
	section, digits, _ := strings.Cut(id, ".")
	number, _ = strconv.Atoi(digits)
	return section, number
}

func TestSemanticsIdsAreUnique(t *testing.T) {
	page := readSemantics(t)
	if len(page.rules) < 300 {
		t.Errorf("got %d rules, want all of the page's", len(page.rules))
	}
	last := "S0.0"
	for _, id := range page.rules {
		section, number := place(id)
		lastSection, lastNumber := place(last)
		if section < lastSection || section == lastSection && number <= lastNumber {
			t.Errorf("got %s after %s, want each id once, in order", id, last)
		}
		last = id
	}
	if diff := cmp.Diff(page.open, page.list); diff != "" {
		t.Errorf("the rules marked † and the list of rules that are not kept yet differ (-marked +listed):\n%s", diff)
	}
	known := setOf(page.rules)
	for _, id := range page.all {
		if !known[id] {
			t.Errorf("the page mentions %s, and has no rule of this id", id)
		}
	}
}

func TestSemanticsIdsThatCodeNamesExist(t *testing.T) {
	known := setOf(readSemantics(t).rules)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir(), filepath.Ext(path) != ".go":
			return nil
		}
		for _, id := range ruleID.FindAllString(readFile(t, path), -1) {
			if !known[id] {
				t.Errorf("%s names %s, which docs/semantics.md does not have", path, id)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func setOf(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}
