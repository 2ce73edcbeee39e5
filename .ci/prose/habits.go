package main

import (
	"regexp"
	"slices"
	"strings"
)

// A habit is a way of speech to avoid.
type habit struct {
	name    string
	instead string
	// limit is how often the habit may occur in 1,000 words.
	limit float64
	// pattern matches the habit, and perhaps more. If notAfter is set, its group is
	// the word before the habit.
	pattern *regexp.Regexp
	// notAfter lists the words after which a match is no instance of the habit.
	notAfter []string
}

// sentence matches the text before the first word of a sentence or of a main clause.
const sentence = `(?:^|[.!;:–]\s+)`

// habits returns the habits to count, in the order of the table's columns.
func habits() []habit {
	return []habit{
		{
			name: "where", instead: `"if" or "when" for a condition`, limit: 1,
			pattern:  regexp.MustCompile(`(?i)(?:([\w']+)\s+)?\bwhere\b`),
			notAfter: placeWords(),
		},
		{
			name: "tell", instead: `"report", "return", "answer"`, limit: 0.3,
			pattern: regexp.MustCompile(`(?i)\b(?:told|tells?)\b`),
		},
		{
			name: "of which", instead: "two sentences", limit: 0.2,
			pattern: regexp.MustCompile(`(?i)\bof (?:which|whom)\b`),
		},
		{
			name: "What is", instead: "a noun as the subject", limit: 0.2,
			pattern: regexp.MustCompile(sentence + `[Ww]hat (?:is|are|was|has|had|it|its|they|an?|the|each|this|else|can|could|cannot|needs|no|not)\b`),
		},
		{
			name: "who", instead: `a noun: "the caller", "a client"`, limit: 0.2,
			pattern: regexp.MustCompile(sentence + `Who\b|\b(?:by|to|from|of|for|with|than|only|but|as|on|at|that|lets?|make[sn]?|gives?|refuses?|or|if|when) who(?:m|ever)?\b`),
		},
		{
			name: "taken", instead: `"accepted", "used"`, limit: 0.2,
			pattern: regexp.MustCompile(`(?i)\b(?:is|are|was|were|be|been|not|if|as) (?:\w+ly )?taken\b|\btakes? for\b|\btaken (?:for|as|at|to be|with)\b`),
		},
		{
			name: "save", instead: `"except"`, limit: 0.1,
			pattern:  regexp.MustCompile(`(?i)(?:([\w']+),?\s+)?\bsave (?:for|that|when|if|where|in|by|what|with)\b`),
			notAfter: []string{"to", "must", "can", "could", "may", "not", "and", "should", "call", "calls"},
		},
		{
			name: "where there are none", instead: `"without", "if there are none"`, limit: 0.1,
			pattern: regexp.MustCompile(`(?i)\bwhere there (?:is|are|was|were) none\b`),
		},
		{
			name: "must have been", instead: "a promise in the present tense", limit: 0.1,
			pattern: regexp.MustCompile(`(?i)\bmust (?:not )?have been\b`),
		},
	}
}

// placeWords are words after which "where" stands for a place.
func placeWords() []string {
	return []string{
		"place", "places", "point", "points", "spot", "position", "directory", "line", "column", "step", "moment",
		"from", "to", "near", "is", "says", "say", "shows", "show", "know", "knows", "find", "finds", "see", "reports",
		"returns", "decides", "exactly", "anywhere", "everywhere", "nowhere", "matter", "matters", "of", "on", "remembers",
	}
}

// match returns the offsets of the habit in text.
func (h habit) match(text string) []int {
	var at []int
	for _, m := range h.pattern.FindAllStringSubmatchIndex(text, -1) {
		if !question(text[m[1]:]) && !h.spared(text, m) {
			at = append(at, m[0])
		}
	}
	return at
}

// spared reports whether the word before a match makes it no instance of h.
func (h habit) spared(text string, m []int) bool {
	return len(m) > 2 && m[2] >= 0 && slices.Contains(h.notAfter, strings.ToLower(text[m[2]:m[3]]))
}

// question reports whether the sentence that text continues is one.
func question(text string) bool {
	end := strings.IndexAny(text, ".?;")
	return end >= 0 && text[end] == '?'
}
