package reference

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// example is an [Example] for the page.
type example struct {
	Title string
	// Request is the request in JSON, for the script.
	Request string
	// Command is the same request for curl.
	Command string
}

func examples(list []Example, origin string) []example {
	var all []example
	for i := range list {
		all = append(all, list[i].example(origin))
	}
	return all
}

func (e *Example) example(origin string) example {
	request, _ := json.Marshal(map[string]any{ // of strings alone
		"method": e.method(), "path": e.Path, "headers": e.headers(), "body": e.Body,
	})
	return example{e.Title, string(request), e.command(origin)}
}

func (e *Example) headers() map[string]string {
	if e.Header == nil {
		return map[string]string{}
	}
	return e.Header
}

// command returns the command that sends the request to an origin.
func (e *Example) command(origin string) string {
	words := []string{"curl -i " + shellQuote(origin+e.Path)}
	switch {
	case e.method() == http.MethodHead:
		words = append(words, "--head")
	case e.method() != http.MethodGet:
		words = append(words, "-X "+shellQuote(e.Method))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Header)) {
		words = append(words, "-H "+shellQuote(name+": "+e.Header[name]))
	}
	if e.Body != "" {
		words = append(words, "--data-binary "+shellQuote(e.Body))
	}
	return strings.Join(words, " \\\n  ")
}

// shellQuote quotes a word for a POSIX shell, if it needs quotes.
func shellQuote(word string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:@%+,="
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
