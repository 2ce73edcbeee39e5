package reference

import (
	"bytes"
	_ "embed" // the template
	"strings"
	"text/template"
)

//go:embed markdown.tmpl
var markdownText string

var markdownTemplate = template.Must(template.New("").Funcs(template.FuncMap{
	"text": markdownEscape, "code": codeSpan, "fence": fence,
}).Parse(markdownText))

func (d *document) markdown() ([]byte, error) {
	var b bytes.Buffer
	err := markdownTemplate.Execute(&b, d)
	return b.Bytes(), err
}

var markdownSpecial = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`, "#", `\#`, "~", `\~`,
	"!", `\!`, ":", "&#58;", "@", "&#64;", // no image, no link of a bare address
)

// markdownEscape returns Markdown that reads as the text.
func markdownEscape(text string) string { return markdownSpecial.Replace(text) }

// codeSpan returns the text as a span of code, which may stand in a table.
func codeSpan(text string) string {
	ticks := strings.Repeat("`", 1+longestRun(text))
	text = strings.ReplaceAll(text, "|", `\|`)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return ticks + text + ticks
}

// fence returns the text as a block of code.
func fence(language, text string) string {
	ticks := strings.Repeat("`", max(3, 1+longestRun(text)))
	return ticks + language + "\n" + strings.TrimRight(text, "\n") + "\n" + ticks
}

// longestRun is the number of backticks in a row.
func longestRun(text string) (longest int) {
	run := 0
	for _, c := range text {
		if run++; c != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// Text returns the answer after its status line.
func (a answer) Text() string {
	var b strings.Builder
	for _, name := range a.Names() {
		b.WriteString(name + ": " + a.Header[name] + "\n")
	}
	return b.String() + "\n" + a.Body
}

// Fence returns the snippet as a block of code in Markdown.
func (s snippet) Fence() string { return fence(s.Language.fence, s.Code) }
