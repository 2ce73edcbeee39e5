package outages

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// The measures of a picture, in pixels.
const (
	width       = 720.0
	left, right = 56.0, 704.0 // of the charts
	firstTop    = 56.0
	firstHeight = 96.0
	gap         = 40.0 // for the title of the second chart
	restHeight  = 64.0
	axis        = 40.0 // for the times
	lineHeight  = 12.0
	letter      = 6.5 // the width of a letter, roughly
)

// picture is an SVG that is being drawn.
type picture struct {
	strings.Builder
	r      Recording
	s      Scenario
	height float64
}

// Draw returns the picture of a recording as an SVG.
func Draw(s Scenario, r Recording) string {
	p := &picture{r: r, s: s, height: firstTop + firstHeight + axis}
	if len(r.Second) > 0 {
		p.height += gap + restHeight
	}
	p.begin()
	p.stack(firstTop, firstHeight)
	if len(r.Second) > 0 {
		p.lines(firstTop+firstHeight+gap, restHeight)
	}
	p.times()
	p.WriteString("</svg>\n")
	return p.String()
}

func (p *picture) add(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *picture) begin() {
	p.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-labelledby="t d">`,
		number(width), number(p.height), number(width), number(p.height))
	p.add(`<title id="t">%s</title>`, html.EscapeString(p.s.Title))
	p.add(`<desc id="d">%s</desc>`, html.EscapeString(p.description()))
	p.add("<style>%s</style>", style)
	p.add(`<rect class="bg" x=".5" y=".5" width="%s" height="%s" rx="8"/>`, number(width-1), number(p.height-1))
	p.text(14, 22, "title", p.s.Title)
	p.outage()
}

// outage shades the time of the outage.
func (p *picture) outage() {
	from, to := p.x(float64(p.r.Break)), p.x(float64(p.r.Mend))
	p.add(`<rect class="outage" x="%s" y="%s" width="%s" height="%s"/>`, number(from), number(firstTop), number(to-from), number(p.height-axis-firstTop))
}

// length is how long the recording is, in seconds.
func (p *picture) length() float64 {
	return float64(len(p.r.Answers[0].Values)) * float64(p.r.Step)
}

func (p *picture) x(seconds float64) float64 { return left + (right-left)*seconds/p.length() }

func (p *picture) text(x, y float64, class, text string) {
	p.add(`<text class="%s" x="%s" y="%s">%s</text>`, class, number(x), number(y), html.EscapeString(text))
}

// stack draws the answers as areas on top of each other.
func (p *picture) stack(top, height float64) {
	total := make([]float64, len(p.r.Answers[0].Values))
	for _, c := range p.r.Answers {
		for i, v := range c.Values {
			total[i] += v
		}
	}
	scale := p.scale(top, height, highest(total))
	base := make([]float64, len(total))
	var labels []label
	for _, c := range p.r.Answers {
		over := make([]float64, len(base))
		for i, v := range c.Values {
			over[i] = base[i] + v
		}
		p.add(`<path class="f %s" d="%sL%sZ"/>`, classOf(c.Label), p.steps(over, scale, false), p.steps(base, scale, true)[1:])
		labels = append(labels, label{classOf(c.Label), codeText(c.Label)})
		base = over
	}
	p.legend(top-8, "bearergate.decisions, in "+stepText(p.r.Step), labels)
}

// lines draws the curves of the second chart.
func (p *picture) lines(top, height float64) {
	var most float64
	for _, c := range p.r.Second {
		most = max(most, highest(c.Values))
	}
	scale := p.scale(top, height, most)
	var labels []label
	for i, c := range p.r.Second {
		class := fmt.Sprint("l", i)
		p.add(`<path class="l %s" d="%s"/>`, class, p.steps(c.Values, scale, false))
		labels = append(labels, label{class, c.Label})
	}
	p.legend(top-8, p.s.Second.Title, labels)
}

// label is an entry of a legend.
type label struct{ class, text string }

// legend writes the title of a chart, and its labels at the right.
func (p *picture) legend(y float64, title string, labels []label) {
	p.text(14, y, "name", title)
	x := right
	for i := len(labels) - 1; i >= 0; i-- {
		x -= float64(len(labels[i].text)) * letter
		p.text(x, y, "key", labels[i].text)
		x -= 14
		p.add(`<rect class="f %s" x="%s" y="%s" width="10" height="10" rx="2"/>`, labels[i].class, number(x), number(y-9))
		x -= 12
	}
}

// scale draws the grid of a chart, and returns the y of a value.
func (p *picture) scale(top, height, most float64) func(float64) float64 {
	most = roundUp(most)
	scale := func(v float64) float64 { return top + height - height*v/most }
	for _, v := range []float64{0, most / 2, most} {
		y := scale(v)
		p.add(`<path class="grid" d="M%s %sH%s"/>`, number(left), number(y), number(right))
		p.text(left-6, y+4, "tick end", number(v))
	}
	return scale
}

// steps returns the path of values that each last for a step. Equal ones are one line.
func (p *picture) steps(values []float64, y func(float64) float64, back bool) string {
	var points []string
	begin := "L"
	for i := 0; i < len(values); {
		end := i + 1
		for end < len(values) && values[end] == values[i] {
			end++
		}
		if values[i] == absent {
			begin, i = "M", end
			continue
		}
		at := number(y(values[i]))
		points = append(points, begin+p.at(i)+" "+at, "L"+p.at(end)+" "+at)
		begin, i = "L", end
	}
	if back {
		for i, j := 0, len(points)-1; i < j; i, j = i+1, j-1 {
			points[i], points[j] = points[j], points[i]
		}
	}
	return "M" + strings.TrimLeft(strings.Join(points, ""), "LM")
}

// at returns the x of a step's begin.
func (p *picture) at(step int) string { return number(p.x(float64(step) * float64(p.r.Step))) }

// times writes the times, and the begin and the end of the outage.
func (p *picture) times() {
	y := p.height - axis
	every := tickOf(p.length())
	for d := 0.0; d <= p.length(); d += every {
		class := "tick mid"
		if d == p.length() {
			class = "tick end"
		}
		p.text(p.x(d), y+16, class, p.clock(Seconds(d), "15:04"))
	}
	p.event(p.r.Break, p.s.Begins)
	if p.r.Mend != p.r.Break && float64(p.r.Mend) != p.length() {
		p.event(p.r.Mend, p.s.Ends)
	}
}

// event marks a time.
func (p *picture) event(at Seconds, text string) {
	x, y := p.x(float64(at)), p.height-axis
	p.add(`<path class="edge" d="M%s %sV%s"/>`, number(x), number(firstTop), number(y))
	p.text(x, y+31, "event mid", text)
}

// tickOf returns the distance of the times on the axis.
func tickOf(length float64) float64 {
	for _, every := range []float64{60, 300, 600, 3600, 3 * 3600} {
		if length/every <= 8 {
			return every
		}
	}
	return 6 * 3600
}

// description is what the picture shows, for those who do not see it.
func (p *picture) description() string {
	parts := []string{fmt.Sprintf("Answers over time. The shaded time is from %s to %s UTC.", p.clock(p.r.Break, time.TimeOnly), p.clock(p.r.Mend, time.TimeOnly))}
	for _, c := range p.r.Answers {
		parts = append(parts, fmt.Sprintf("%s: %s in all.", codeText(c.Label), number(sum(c.Values))))
	}
	for _, c := range p.r.Second {
		parts = append(parts, fmt.Sprintf("%s, %s: at most %s.", p.s.Second.Title, c.Label, number(highest(c.Values))))
	}
	return strings.Join(parts, " ")
}

func (p *picture) clock(s Seconds, layout string) string {
	return p.r.Start.Add(time.Duration(float64(s) * float64(time.Second))).Format(layout)
}

func highest(values []float64) (most float64) {
	for _, v := range values {
		most = max(most, v)
	}
	return most
}

// roundUp returns the next number that is 1, 2, 5 times a power of ten, or between.
func roundUp(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 3, 4, 5, 6, 8} {
		if v <= f*unit {
			return f * unit
		}
	}
	return 10 * unit
}

// number writes a number with one decimal at most.
func number(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

func stepText(s Seconds) string {
	if s >= 60 {
		return number(float64(s)/60) + " min"
	}
	return number(float64(s)) + " s"
}
