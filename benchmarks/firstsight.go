package main

import "io"

// firstSights measures tokens that were not seen before, beside the check of their
// signatures alone.
func firstSights() []measurement {
	var ms []measurement
	for _, algorithm := range algorithms {
		ms = append(ms, firstSight(newSigner(algorithm))...)
	}
	return ms
}

// firstSight sends a thousand tokens in turn to a cache of eight places.
func firstSight(s signer) []measurement {
	tokens := s.tokens(1000)
	work := "work=first sight/alg=" + s.algorithm + "/stack="
	return []measurement{
		{work + "signature", signatureCheck(s, tokens...)},
		{work + tokenOnly, requests(token(s, 8), 200, tokens...)},
		{work + ours, requests(chain(s, 8), 200, tokens...)},
	}
}

func printFirstSights(w io.Writer, r *results) {
	printLists(w, r, base{"by the signature check", "signature"})
}
