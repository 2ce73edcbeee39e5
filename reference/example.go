package reference

import (
	"encoding/base64"
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
	words := []string{"curl -i " + e.globOff() + shellQuote(origin+e.Path)}
	form := e.isForm()
	switch {
	case e.method() == http.MethodHead:
		words = append(words, "--head")
	case e.method() != http.MethodGet && !form:
		words = append(words, "-X "+shellQuote(e.Method))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Header)) {
		if !form || name != "Content-Type" {
			words = append(words, headerWord(name, e.Header[name]))
		}
	}
	return strings.Join(append(words, e.bodyWords(form)...), " \\\n  ")
}

// globOff is the option without which curl expands such a path to several.
func (e *Example) globOff() string {
	if strings.ContainsAny(e.Path, "[]{}") {
		return "-g "
	}
	return ""
}

// isForm reports whether curl sends the body with -d, which sets method and type.
func (e *Example) isForm() bool {
	return e.method() == http.MethodPost && e.Body != "" && e.Header["Content-Type"] == "application/x-www-form-urlencoded" &&
		!strings.Contains("&"+e.Body, "&@") // which names a file
}

func headerWord(name, value string) string {
	encoded, basic := strings.CutPrefix(value, "Basic ")
	if credentials, err := base64.StdEncoding.DecodeString(encoded); basic && err == nil && name == "Authorization" && strings.Contains(string(credentials), ":") && printable(string(credentials)) {
		return "-u " + shellQuote(string(credentials))
	}
	if value == "" {
		return "-H " + shellQuote(name+";") // with a colon, curl leaves the field out
	}
	return "-H " + shellQuote(name+": "+value)
}

func (e *Example) bodyWords(form bool) (words []string) {
	switch {
	case form:
		for pair := range strings.SplitSeq(e.Body, "&") {
			words = append(words, "-d "+shellQuote(pair))
		}
	case e.Body != "":
		words = append(words, "--data-raw "+shellQuote(e.Body))
	}
	return words
}

// shellQuote quotes a word for a POSIX shell, if it needs quotes.
func shellQuote(word string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:@%+,="
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
