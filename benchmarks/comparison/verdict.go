package main

import (
	"net/http"
	"slices"
	"strings"
)

// verdict is what a situation does to somebody.
type verdict string

const (
	good   verdict = "good"
	hurts  verdict = "hurts"   // the client: it loses a session, or cannot tell what to do
	letsIn verdict = "lets in" // a request that was to be refused
	leaks  verdict = "leaks"   // an internal address, or a token
	absent verdict = ""        // the situation does not exist for the peer
)

// internalAddress is what the text of an error inside of an API has.
const internalAddress = "10.20.0.7:6379"

// worse is whether a verdict is worse than good, if any.
func (v verdict) worse() bool { return v != good && v != absent }

// passes is the verdict on the answer to a request that is to pass.
func passes(a answer) verdict {
	if a.status == http.StatusOK && a.handled {
		return good
	}
	return hurts
}

// refused is the verdict on the answer to a request that is to be refused.
func refused(a answer) verdict {
	switch {
	case a.handled:
		return letsIn
	case a.contains(internalAddress), a.contains("127.0.0.1:"):
		return leaks
	case a.status == http.StatusBadRequest, a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return good
	}
	return hurts
}

// serverFault is the verdict on the answer to a good request while the server cannot
// decide.
func serverFault(a answer) verdict {
	switch {
	case a.handled:
		return letsIn
	case a.contains(internalAddress), a.contains("127.0.0.1:"):
		return leaks
	case a.status >= 500:
		return good
	}
	return hurts
}

// challenged is the verdict on a 401, which must say how to authenticate (RFC 9110
// section 15.5.2).
func challenged(a answer) verdict {
	if v := refused(a); v != good {
		return v
	}
	if a.status != http.StatusUnauthorized || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
		return hurts
	}
	return good
}

// contains reports whether the answer has a text in its body or a header.
func (a answer) contains(text string) bool {
	for _, values := range a.header {
		if strings.Contains(strings.Join(values, "\n"), text) {
			return true
		}
	}
	return strings.Contains(a.body, text)
}

// worst returns the worst of several verdicts.
func worst(verdicts ...verdict) verdict {
	for _, v := range []verdict{letsIn, leaks, hurts} {
		if slices.Contains(verdicts, v) {
			return v
		}
	}
	return good
}
