package main

// situation is one in which somebody is hurt.
type situation struct {
	title string
	why   string // it hurts
	needs []need
	// reason is why bearergate does not do what a peer does better.
	reason string
	run    func(*trial) verdict
}

// theme is a table of situations.
type theme struct {
	title      string
	situations []situation
}

func situations() []theme {
	return []theme{
		{"The key server", keyServerSituations},
		{"Tokens", tokenSituations},
		{"Credentials", credentialSituations},
		{"Answers", answerSituations},
		{"Limits", limitSituations},
	}
}

// missing returns why the situation does not exist for the peer, or nothing.
func (s situation) missing(p peer) string {
	for _, n := range s.needs {
		if reason := p.lacks[n]; reason != "" {
			return reason
		}
	}
	return ""
}

// absence returns why the theme has no situation for the peer, or nothing.
func (t theme) absence(p peer) string {
	for _, s := range t.situations {
		if s.missing(p) == "" {
			return ""
		}
	}
	return t.situations[0].missing(p)
}
