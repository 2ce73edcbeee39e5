// Package challenge parses WWW-Authenticate headers (RFC 9110 section 11.6.1).
package challenge

import "strings"

// Challenge is a scheme that a client may authenticate with.
type Challenge struct {
	Scheme string
	// Parameters have names in lower case. A challenge with a token68 has none.
	Parameters map[string]string
}

// Parse returns the challenges of the header's lines. If a line is malformed, or if
// a challenge has a parameter twice, the whole line is ignored.
func Parse(lines []string) []Challenge {
	var all []Challenge
	for _, line := range lines {
		if challenges, ok := parseLine(line); ok {
			all = append(all, challenges...)
		}
	}
	return all
}

func parseLine(line string) ([]Challenge, bool) {
	s := scanner{line}
	var p parser
	for s.nextElement() {
		name := s.token()
		if name == "" || !p.element(&s, name) || !s.endOfElement() {
			return nil, false
		}
	}
	return p.challenges, true
}

// parser collects the elements of a line: each begins a challenge or is a further
// parameter of the last one.
type parser struct {
	challenges []Challenge
	token68    bool // the last challenge has one
}

// element reads the rest of an element, after its first token.
func (p *parser) element(s *scanner, name string) bool {
	if s.equals() {
		return len(p.challenges) > 0 && !p.token68 && p.parameter(s, name)
	}
	p.challenges = append(p.challenges, Challenge{Scheme: name})
	p.token68 = false
	switch {
	case s.endOfElement():
		return true
	case !s.space():
		return false
	case s.token68():
		p.token68 = true
		return true
	}
	name = s.token()
	return name != "" && s.equals() && p.parameter(s, name)
}

// parameter reads a value and adds the parameter to the last challenge. It reports
// whether the value is well-formed and the parameter is new.
func (p *parser) parameter(s *scanner, name string) bool {
	value, ok := s.value()
	if !ok {
		return false
	}
	last := &p.challenges[len(p.challenges)-1]
	if last.Parameters == nil {
		last.Parameters = make(map[string]string)
	}
	name = strings.ToLower(name)
	_, twice := last.Parameters[name]
	last.Parameters[name] = value
	return !twice
}
