package bearergate

import "strconv"

// settings are those of Configure, and of an answer in progress.
type settings struct {
	Config
	answers  *[len(table)]answer
	refusing *Error // the refusal that a replacement writer is answering
}

var defaultSettings = newSettings(defaultConfig)

// answer is what the answers of a code have in common. It is made once, since making
// it takes longer than all else about a refusal.
type answer struct {
	// body and length are those of an answer without "required". Responses share the
	// body, since an io.Writer must not change what it writes.
	body   []byte
	length string
	// challenge is that of the scheme Bearer without parameters. It is incomplete if
	// the route sets its scope.
	challenge string
	// challengeWithoutError is for requests without credentials.
	challengeWithoutError string
	// link leads to the reference, empty if there is none.
	link string
}

func newSettings(c Config) *settings {
	s := &settings{Config: c, answers: new([len(table)]answer)}
	for i := range table {
		s.answers[i] = newAnswer(&table[i], &c)
	}
	return s
}

func newAnswer(r *row, c *Config) answer {
	body := []byte(`{"error":"` + string(r.code) + "\"}\n")
	a := answer{body: body, length: strconv.Itoa(len(body))}
	e := Error{Code: r.code}
	a.challenge = e.challenge(r, c, bearerOnly.all[0], true)
	a.challengeWithoutError = e.challenge(r, c, bearerOnly.all[0], false)
	if c.ReferenceURL != "" {
		a.link = "<" + c.ReferenceURL + "#" + string(r.code) + `>; rel="help"`
	}
	return a
}
