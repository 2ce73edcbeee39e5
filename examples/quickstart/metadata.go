package main

import "net/http"

// metadata is the document of RFC 8414, by which clients find the endpoints.
func (a *api) metadata(w http.ResponseWriter, _ *http.Request) {
	base := a.base
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                         base,
		"authorization_endpoint":                         base + authorizePath,
		"token_endpoint":                                 base + tokenPath,
		"jwks_uri":                                       base + "/jwks.json",
		"scopes_supported":                               []string{readProjects, publishTranslations},
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	})
}
