// Package reference serves the page that explains the errors of an API to the
// developers of its clients. Its data is the error table of package bearergate:
//
//	page, err := reference.New(reference.Config{
//		Title:    "Errors of the translations API",
//		APIURL:   "https://api.example",
//		TokenURL: "https://auth.example/oauth/token",
//		Answers:  config, // the bearergate.Config of the API
//		Scopes:   scopes, // its bearergate.RouteScopes
//	})
//	if err != nil {
//		return err
//	}
//	mux.Handle("/errors", page)
//
// The page has an anchor for each code. If [bearergate.Config].ReferenceURL is the
// URL of the page, every refusal leads to its anchor, by Link: <URL#CODE>; rel="help".
//
// The same URL answers with HTML, JSON, Markdown or an OpenAPI 3.1 document, by
// Accept or by ?format=json, markdown or openapi. The HTML needs no other file and no
// script. A script adds buttons that copy a snippet and send the requests of
// [Config].Examples. A Content-Security-Policy allows nothing else.
package reference
