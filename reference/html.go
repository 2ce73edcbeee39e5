package reference

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page, its style and its script
	"encoding/base64"
	"html/template"
)

var (
	//go:embed page.tmpl
	pageText string
	//go:embed style.css
	style string
	//go:embed script.js
	script string
)

var pageTemplate = template.Must(template.New("").Parse(pageText))

// html returns the page and its Content-Security-Policy.
func (d *document) html() (page []byte, policy string, err error) {
	var b bytes.Buffer
	err = pageTemplate.Execute(&b, map[string]any{
		"Document":  d,
		"Languages": languages(),
		"Style":     template.CSS(style),
		"Script":    template.JS(script),
	})
	return b.Bytes(), d.policy(), err
}

// policy allows this style and this script alone, and requests to the own origin if
// there is one to send.
func (d *document) policy() string {
	policy := "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script)
	for _, e := range d.Errors {
		if len(e.Examples) > 0 {
			policy += "; connect-src 'self'"
			break
		}
	}
	return policy + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// hash is the source expression of an element with the text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
