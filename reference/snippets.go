package reference

import (
	"embed"
	"encoding/json"
	"strconv"
	"strings"
	"text/template"

	"github.com/bearergate/bearergate"
)

// snippet is code that handles an error.
type snippet struct {
	Language language
	Code     string
	subject  string
}

// Label names the snippet for a screen reader.
func (s snippet) Label() string { return s.Language.Name + " for " + s.subject }

// Lines returns the lines of the code, with their ends.
func (s snippet) Lines() (lines []line) {
	for text := range strings.Lines(s.Code) {
		start := strings.TrimLeft(text, " \t")
		comment := strings.HasPrefix(start, "# ") || strings.HasPrefix(start, "// ")
		lines = append(lines, line{text, comment})
	}
	return lines
}

// line is a line of code.
type line struct {
	Text    string
	Comment bool
}

// language is a language of snippets.
type language struct {
	ID, Name string
	fence    string // the name in Markdown
}

func languages() []language {
	return []language{{"curl", "curl", "sh"}, {"go", "Go", "go"}, {"javascript", "JavaScript", "js"}}
}

//go:embed snippets/*.tmpl
var snippetFiles embed.FS

var snippetTemplates = parseSnippets()

// parseSnippets returns a template for each language, with a block for each code and
// one with the name setup.
func parseSnippets() map[string]*template.Template {
	quote := template.FuncMap{"sh": shellQuote, "go": strconv.Quote, "js": jsonQuote, "fill": fillIn}
	all := make(map[string]*template.Template)
	for _, l := range languages() {
		all[l.ID] = template.Must(template.New("").Funcs(quote).ParseFS(snippetFiles, "snippets/"+l.ID+".tmpl"))
	}
	return all
}

// snippetData is the data of the templates.
type snippetData struct {
	URL, APIURL, TokenURL, MintURL, Scope string
	Codes                                 []bearergate.Code
}

func (d *document) snippets(name string) ([]snippet, error) {
	data := snippetData{d.url(), d.APIURL, d.TokenURL, d.MintURL, d.scope(), bearergate.Codes()}
	var all []snippet
	for _, l := range languages() {
		var b strings.Builder
		if err := snippetTemplates[l.ID].ExecuteTemplate(&b, name, data); err != nil {
			return nil, err
		}
		all = append(all, snippet{l, strings.TrimSpace(b.String()), name})
	}
	return all, nil
}

// jsonQuote returns the text as a literal of JavaScript.
func jsonQuote(text string) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(text)
	return strings.TrimSpace(b.String()), err
}
