// Picture draws docs/guards.svg, the way of a request through the guards, from
// guards.txt.
//
//	go generate ./docs/picture
package main

import (
	_ "embed"
	"fmt"
	"html"
	"log"
	"os"
	"strings"
)

//go:generate go run . ../guards.svg

//go:embed guards.txt
var description string

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: picture FILE")
	}
	if err := os.WriteFile(os.Args[1], []byte(draw(parse(description))), 0o666); err != nil {
		log.Fatal(err)
	}
}

type guard struct {
	name     string
	refusals []string
	question string
}

// parse reads the lines of a description; those that begin with # are comments.
func parse(text string) []guard {
	var guards []guard
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if strings.HasPrefix(line, "#") || len(fields) != 3 {
			continue
		}
		g := guard{name: strings.TrimSpace(fields[0]), question: strings.TrimSpace(fields[2])}
		for refusal := range strings.SplitSeq(fields[1], ",") {
			if refusal = strings.TrimSpace(refusal); refusal != "" {
				g.refusals = append(g.refusals, refusal)
			}
		}
		guards = append(guards, g)
	}
	return guards
}

// The measures of the picture, in pixels.
const (
	width     = 760
	step      = 70 // from one guard to the next
	boxHeight = 48
	boxWidth  = 420
	left      = 20
	answers   = 540 // the left edge of the column of answers
	centre    = left + boxWidth/2
)

// Colours for both modes: currentColor does not work in an image of a page.
const style = `<style>
text { font: 14px ui-sans-serif, system-ui, sans-serif; fill: #1f2328 }
.name { font-weight: 600 }
.question, .note { font-size: 12px; fill: #59636e }
.refusal { font-family: ui-monospace, monospace; font-size: 12px; fill: #b35900 }
.box { fill: #f6f8fa; stroke: #8c959f }
.line { stroke: #8c959f; fill: none }
.head { fill: #8c959f }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.question, .note { fill: #9198a1 }
.refusal { fill: #f0a35e }
.box { fill: #161b22; stroke: #6e7681 }
.line { stroke: #6e7681 }
.head { fill: #6e7681 }
}
</style>
`

// draw returns the picture as SVG.
func draw(guards []guard) string {
	var b strings.Builder
	height := 60 + len(guards)*step + 50
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-labelledby=\"title\">\n", width, height, width, height)
	b.WriteString("<title id=\"title\">The way of a request through the guards: each lets it pass or refuses it</title>\n")
	b.WriteString(style)
	text(&b, "name", "middle", centre, 30, "request")
	for i, g := range guards {
		box(&b, g, 60+i*step)
	}
	end := 60 + len(guards)*step
	down(&b, end-step+boxHeight, end)
	text(&b, "name", "middle", centre, end+18, "handler")
	text(&b, "note", "start", answers, end+18, "one writer answers every refusal;")
	text(&b, "note", "start", answers, end+36, "a guard that cannot tell: 503")
	b.WriteString("</svg>\n")
	return b.String()
}

func box(b *strings.Builder, g guard, y int) {
	down(b, y-step+boxHeight, y)
	fmt.Fprintf(b, "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n", left, y, boxWidth, boxHeight)
	text(b, "name", "middle", centre, y+20, g.name)
	text(b, "question", "middle", centre, y+38, g.question)
	if len(g.refusals) == 0 {
		return
	}
	middle := y + boxHeight/2
	fmt.Fprintf(b, "<path class=\"line\" d=\"M%d %dH%d\"/>\n", left+boxWidth, middle, answers-16)
	fmt.Fprintf(b, "<path class=\"head\" d=\"M%d %dl-8 -4v8z\"/>\n", answers-8, middle)
	for i, refusal := range g.refusals {
		text(b, "refusal", "start", answers, middle+4+18*i-9*(len(g.refusals)-1), refusal)
	}
}

// down draws an arrow between two boxes.
func down(b *strings.Builder, from, to int) {
	fmt.Fprintf(b, "<path class=\"line\" d=\"M%d %dV%d\"/>\n", centre, from, to-8)
	fmt.Fprintf(b, "<path class=\"head\" d=\"M%d %dl-4 -8h8z\"/>\n", centre, to)
}

func text(b *strings.Builder, class, anchor string, x, y int, s string) {
	fmt.Fprintf(b, "<text class=\"%s\" text-anchor=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, anchor, x, y, html.EscapeString(s))
}
