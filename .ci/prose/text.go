package main

import (
	"fmt"
	"regexp"
	"strings"
)

// The kinds of text. Each is held to the limits.
const (
	docs   = "doc comments"
	others = "everything else"
)

// A text is a piece of prose: a comment, a message, a paragraph.
type text struct {
	kind, room, file string
	lines            []line
}

type line struct {
	number int
	words  string
}

// joined returns the text in one line, with what is quoted made unreadable.
func (t text) joined() string {
	var b strings.Builder
	for _, l := range t.lines {
		b.WriteString(strings.ReplaceAll(l.words, "\t", " "))
		b.WriteByte(' ')
	}
	return mask(b.String())
}

// position returns the file and line of an offset of joined.
func (t text) position(offset int) string {
	for _, l := range t.lines {
		if offset < len(l.words) {
			return fmt.Sprintf("%s:%d", t.file, l.number)
		}
		offset -= len(l.words) + 1
	}
	return t.file
}

var (
	quoted = regexp.MustCompile("\"[^\"]{1,400}\"|“[^”]{1,400}”|`[^`]{1,400}`")
	letter = regexp.MustCompile(`\pL`)
)

// mask replaces the letters of words in quotes, and keeps all offsets. The words of
// an RFC or of a client are not the repository's.
func mask(s string) string {
	return quoted.ReplaceAllStringFunc(s, func(q string) string {
		return letter.ReplaceAllStringFunc(q, func(l string) string { return strings.Repeat("x", len(l)) })
	})
}

// words counts words: fields that have a letter.
func words(s string) (n int) {
	for _, field := range strings.Fields(s) {
		if letter.MatchString(field) {
			n++
		}
	}
	return n
}
