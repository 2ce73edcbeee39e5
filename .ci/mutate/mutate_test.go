package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEachSlipIsAMutant(t *testing.T) {
	for body, want := range map[string][]string{
		"if a > b { f() }": {
			"never | if false { f() }", "always | if true { f() }", "bound of > | if a >= b { f() }", "no statement | if a > b {  }",
		},
		"return a == 0 && !c": {
			"left side of && | return a == 0", "right side of && | return !c", "off by one | return a == 1 && !c",
		},
		"for a < b { a += b }": {
			"no loop | for false { a += b }", "bound of < | for a <= b { a += b }", "no statement | for a < b { _ = b }",
		},
		"c = true":                      {"no statement | _ = true", "true to false | c = false"},
		"c = !c":                        {"no statement | _ = !c", "no ! | c = c"},
		"switch a { case b: f() }":      {"no case | switch a {  }", "no statement | switch a { case b:  }"},
		"switch { case c: f() }":        {"never | switch { case false: f() }", "always | switch { case true: f() }", "no statement | switch { case c:  }"},
		"defer f()":                     {"no statement | "},
		"d, _ := a - b, _ == 1":         {"- turned | d, _ := a + b, _ == 1", "== turned | d, _ := a - b, _ != 1", "off by one | d, _ := a - b, _ == 2"},
		"var d = \"1\"":                 nil,
		"return func() error { g() }()": {"returns at once | return func() error { return *new(error);  g() }()", "no statement | return func() error {  }()"},
	} {
		if diff := cmp.Diff(want, changes(t, "package p\n\nfunc (r *T[U]) m() bool {\n"+body+"\n}\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

// changes returns the kinds of the mutants and the lines that they change, without
// the return at the start of the function.
func changes(t *testing.T, source string) (all []string) {
	t.Helper()
	mutants, err := mutate("p/p.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants[1:] {
		if m.line != 4 || m.function != "T.m" {
			t.Errorf("got %v, want line 4 and T.m", m)
		}
		_, line, _ := strings.Cut(m.diff(), "+ ")
		all = append(all, m.kind+" | "+strings.TrimSuffix(line, "\n"))
	}
	return all
}

func TestErrorsAreLeftOut(t *testing.T) {
	source := "package p\n\nfunc f() (int, error) {\nif g() { return 0, nil }\nreturn 1, err\n}\n"
	mutants, err := mutate("p/p.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range mutants {
		if m.kind == "no error" || m.kind == "returns at once" {
			got = append(got, m.diff())
		}
	}
	want := []string{
		"- func f() (int, error) {\n+ func f() (int, error) { return *new(int), *new(error); \n",
		"- return 1, err\n+ return 1, nil\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChoiceDependsOnTheSeedAlone(t *testing.T) {
	var all []mutant
	for i := range 20 {
		m := mutant{line: i}
		if i%2 == 0 {
			m.guarded.before = "#"
		}
		all = append(all, m)
	}
	lines := func(seed uint64, n, alone int) (lines []int) {
		for _, m := range choose(all, seed, n, alone) {
			lines = append(lines, m.line)
		}
		return lines
	}
	if diff := cmp.Diff(lines(1, 9, 20), lines(1, 9, 20)); diff != "" {
		t.Errorf("two choices with one seed differ:\n%s", diff)
	}
	if cmp.Equal(lines(1, 9, 20), lines(2, 9, 20)) {
		t.Error("got the same choice with two seeds")
	}
	if got := len(lines(1, 0, 20)); got != 20 {
		t.Errorf("got %d mutants, want all 20", got)
	}
	if got := len(lines(1, 0, 3)); got != 13 {
		t.Errorf("got %d mutants, want the 10 that can be switched on and 3 others", got)
	}
}

// The tests of this package do not try 10, and cannot notice a statement without
// effect. A mutant of its loop does not end.
const (
	measured = `package p

const limit = 10

func Small(n int) bool {
	n = n + 0
	return n < limit
}

func Sum(n int) (sum int) {
	for n > 0 {
		sum, n = sum+n, n-1
	}
	return sum
}
`
	measure = `package p

import "testing"

func TestSmall(t *testing.T) {
	if !Small(9) || Small(11) {
		t.Error("9 or 11")
	}
}

func TestSum(t *testing.T) {
	if Sum(3) != 6 {
		t.Error("3")
	}
}
`
)

func TestSurvivorsAreReported(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("GOWORK", "off")
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.25\n", "p/p.go": measured, "p/p_test.go": measure} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mutants, err := mutantsOf([]string{"p/p.go", "p/p_test.go"})
	if err != nil {
		t.Fatal(err)
	}
	mutants = slices.DeleteFunc(mutants, func(m mutant) bool { return !m.switchable() && m.function != "declarations" })
	var out strings.Builder
	if err := try(mutants, runner{timeout: time.Second, until: time.Now().Add(time.Hour), out: &out}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"p/p.go:6: Small: no statement\n- \tn = n + 0\n+ \t_ = n + 0\n",
		"p/p.go:7: Small: bound of <\n- \treturn n < limit\n+ \treturn n <= limit\n",
		"p/p.go:3: declarations: off by one\n- const limit = 10\n+ const limit = 11\n",
		" 1 timed out, 4 survived; 0 did not compile",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%s\nwant in it\n%s", &out, want)
		}
	}
}
