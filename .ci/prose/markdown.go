package main

import (
	"path"
	"strings"
)

// markdown returns the paragraphs of a document, without its headings and without
// code in fences or indented by four columns after a blank line.
func markdown(name, content string) ([]text, error) {
	var texts []text
	paragraph := text{others, path.Clean(name), name, nil}
	flush := func() {
		if len(paragraph.lines) > 0 {
			texts = append(texts, paragraph)
		}
		paragraph.lines = nil
	}
	fence := ""
	for i, words := range strings.Split(content, "\n") {
		trimmed := strings.TrimSpace(words)
		switch {
		case fence != "":
			if strings.HasPrefix(trimmed, fence) {
				fence = ""
			}
		case strings.HasPrefix(trimmed, "```"), strings.HasPrefix(trimmed, "~~~"):
			flush()
			fence = trimmed[:3]
		case trimmed == "", strings.HasPrefix(trimmed, "#"):
			flush()
		case len(paragraph.lines) == 0 && strings.HasPrefix(words, "    "):
		default:
			if item(trimmed) {
				flush()
			}
			paragraph.lines = append(paragraph.lines, line{i + 1, strings.TrimLeft(trimmed, "-*+>| ")})
		}
	}
	flush()
	return texts, nil
}

// item reports whether a line begins an item of a list or a row of a table.
func item(line string) bool {
	return strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "|")
}
