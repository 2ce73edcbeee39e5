package tokenendpoint

import (
	"fmt"
	"net/url"
)

// AuthorizationResponse is the answer to an authorization request, which the user's
// browser carries to the client (RFC 6749 section 4.1.2). Empty fields are left out.
type AuthorizationResponse struct {
	// Code is the code of [Endpoint.NewCode].
	Code string
	// Error is why there is no code: access_denied, invalid_request or another error of
	// RFC 6749 section 4.1.2.1. If it is set, Code is left out.
	Error string
	// State is the state of the request.
	State string
	// Issuer is the issuer of the authorization server, for "iss" (RFC 9207).
	Issuer string
}

// RedirectURL returns the URL to redirect the user to with a: redirectURI, which is the
// redirect_uri of the request, with the parameters of a. If redirectURI is empty, the
// only one that the client registered is used. The query that it has is kept.
//
// The error wraps [bearergate.ErrInvalidRequest] if [Client.HasRedirectURI] reports
// false. Show it to the user, and do not redirect.
func (c Client) RedirectURL(redirectURI string, a AuthorizationResponse) (string, error) {
	if !c.HasRedirectURI(redirectURI) {
		return "", errUnregistered
	}
	if redirectURI == "" {
		redirectURI = c.RedirectURIs[0]
	}
	to, err := url.Parse(redirectURI)
	if err != nil {
		return "", fmt.Errorf("tokenendpoint: a registered redirect URI: %w", err)
	}
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += a.parameters().Encode()
	return to.String(), nil
}

var errUnregistered = malformed("redirect_uri is not registered")

func (a AuthorizationResponse) parameters() url.Values {
	if a.Error != "" {
		a.Code = ""
	}
	parameters := make(url.Values)
	for name, value := range map[string]string{"code": a.Code, "error": a.Error, "state": a.State, "iss": a.Issuer} {
		if value != "" {
			parameters.Set(name, value)
		}
	}
	return parameters
}
