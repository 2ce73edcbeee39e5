package challenge_test

import (
	"strings"
	"testing"

	"github.com/bearergate/bearergate/internal/challenge"
	"github.com/google/go-cmp/cmp"
)

func TestChallengesAreReadFromEveryLine(t *testing.T) {
	bearer := func(parameters ...string) challenge.Challenge {
		c := challenge.Challenge{Scheme: "Bearer", Parameters: map[string]string{}}
		for i := 0; i < len(parameters); i += 2 {
			c.Parameters[parameters[i]] = parameters[i+1]
		}
		return c
	}
	basic := challenge.Challenge{Scheme: "Basic", Parameters: map[string]string{"realm": "a, b"}}
	negotiate := challenge.Challenge{Scheme: "Negotiate"}
	for _, c := range []struct {
		name  string
		lines []string
		want  []challenge.Challenge
	}{
		{"no header", nil, nil},
		{"an empty line", []string{"", " ", ",", " , \t,"}, nil},
		{"one parameter", []string{`Bearer realm="api"`}, []challenge.Challenge{bearer("realm", "api")}},
		{"several parameters", []string{`Bearer realm="api", error="x"`}, []challenge.Challenge{bearer("realm", "api", "error", "x")}},
		{"a scheme alone", []string{"Negotiate"}, []challenge.Challenge{negotiate}},
		{"a token as value", []string{"Bearer error=invalid_token"}, []challenge.Challenge{bearer("error", "invalid_token")}},
		{"an empty quoted value", []string{`Bearer error=""`}, []challenge.Challenge{bearer("error", "")}},
		{"names in upper case", []string{`Bearer ERROR="Invalid"`}, []challenge.Challenge{bearer("error", "Invalid")}},
		{"space around the equals sign", []string{"Bearer a \t= \"x\" , b =y"}, []challenge.Challenge{bearer("a", "x", "b", "y")}},
		{"more spaces behind the scheme", []string{`Bearer   error="x"`}, []challenge.Challenge{bearer("error", "x")}},
		{"empty elements", []string{`, Bearer error="x",, , realm=y,`}, []challenge.Challenge{bearer("error", "x", "realm", "y")}},
		{"a comma in quotes", []string{`Basic realm="a, b", Bearer error="x"`}, []challenge.Challenge{basic, bearer("error", "x")}},
		{"one in quotes", []string{`Bearer realm="Bearer a=\"x\", Basic"`}, []challenge.Challenge{bearer("realm", `Bearer a="x", Basic`)}},
		{"an escaped byte", []string{`Bearer realm="\a\\"`}, []challenge.Challenge{bearer("realm", `a\`)}},
		{"two lines", []string{`Basic realm="a, b"`, `Bearer error="x"`}, []challenge.Challenge{basic, bearer("error", "x")}},
		{"a token68", []string{"Bearer abc/d+e=="}, []challenge.Challenge{{Scheme: "Bearer"}}},
		{"a challenge behind a token68", []string{`Negotiate YII=, Bearer error="x"`}, []challenge.Challenge{negotiate, bearer("error", "x")}},
		{"a challenge behind a scheme alone", []string{`Negotiate, Bearer error="x"`}, []challenge.Challenge{negotiate, bearer("error", "x")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, challenge.Parse(c.lines)); diff != "" {
				t.Errorf("Parse(%q): -want +got\n%s", c.lines, diff)
			}
		})
	}
}

func TestMalformedLineIsIgnored(t *testing.T) {
	for name, line := range map[string]string{
		"a parameter without scheme":         `error="x"`,
		"a parameter twice":                  `Bearer error="x", error="x"`,
		"a parameter twice by case":          `Bearer error="x", Error="y"`,
		"a quote that stays open":            `Bearer error="x`,
		"a quote that is escaped":            `Bearer error="x\"`,
		"text behind a quote":                `Bearer error="x"y`,
		"no comma between parameters":        `Bearer error="x" realm="y"`,
		"no value":                           `Bearer error="x", realm=`,
		"no value before a comma":            `Bearer error="x", realm=, scope="y"`,
		"a value that is no token":           `Bearer error=ü`,
		"a control character in quotes":      "Bearer error=\"x\x00\"",
		"an escaped control character":       "Bearer error=\"x\\\x7f\"",
		"a scheme that is no token":          `Bea(rer error="x"`,
		"a quote for a scheme":               `"Bearer" error="x"`,
		"a parameter behind a token68":       `Bearer abc==, error="x"`,
		"malformed behind a good challenge":  `Bearer error="x", Basic realm="`,
		"malformed before a good challenge":  `Basic realm=", Bearer error="x"`,
		"a scheme and its parameter are one": `Bearer:error="x"`,
	} {
		t.Run(name, func(t *testing.T) {
			want := []challenge.Challenge{{Scheme: "Basic"}}
			if diff := cmp.Diff(want, challenge.Parse([]string{line, "Basic"})); diff != "" {
				t.Errorf("Parse(%q, Basic): -want +got\n%s", line, diff)
			}
		})
	}
}

// FuzzParse has a challenge between two others that hold the fuzzed text: in
// quotes, where it changes nothing, and bare, where its line may be lost.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "x", "a, b", `"`, `\`, `", error="invalid_token`, "Bearer error=x", "a=b, c", "\x00", "ü", "=="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := `Basic realm="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		got := challenge.Parse([]string{text, quoted + `, Bearer error="x"`, text})
		for _, c := range got {
			if c.Scheme == "" {
				t.Errorf("Parse(%q): got a challenge without a scheme, want none", text)
			}
		}
		if hasControl(text) {
			return
		}
		bare := challenge.Parse([]string{text})
		want := append(append(bare, challenge.Challenge{Scheme: "Basic", Parameters: map[string]string{"realm": text}},
			challenge.Challenge{Scheme: "Bearer", Parameters: map[string]string{"error": "x"}}), bare...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%q): -want +got\n%s", text, diff)
		}
	})
}

func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
