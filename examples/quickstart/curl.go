package main

import (
	"fmt"
	"io"
)

// Of RFC 7636 appendix B.
const (
	exampleVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	exampleChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// printCurl prints commands to paste, in this order, with tokens that are good
// for an hour. Each echoes what to expect after the answer that it got: comments
// do not work in an interactive zsh.
func printCurl(out io.Writer, base string, i issuer, grant string) {
	access := i.accessToken(grant, readProjects, nil)
	installation := i.installationToken(grant, readProjects, nil)
	fmt.Fprintf(out, `
Serving on %[1]s until interrupted. The reference of its errors, with a button to try each:

    %[1]s/

To try the API by hand, paste these lines in their order:

TOKEN=%[2]s
curl -i %[1]s%[4]s -H "Authorization: Bearer $TOKEN"; echo 'expected: 200, the projects'
curl -i %[1]s%[5]s -X POST -H "Authorization: Bearer $TOKEN"; echo 'expected: 403 missing_scope'
curl -i %[1]s/v1/orgs/umbrella/projects -H "Authorization: Bearer $TOKEN"; echo 'expected: 403 wrong_organization'
curl -i %[1]s%[4]s; echo 'expected: 401 invalid_token, and a challenge without error: no token was sent'

CODE=$(curl -s -o /dev/null -w '%%{redirect_url}' -d password=%[14]s -d consent=yes '%[1]s%[15]s?response_type=code&client_id=%[7]s&redirect_uri=%[8]s&scope=%[9]s&code_challenge_method=S256&code_challenge=%[10]s' | sed 's/.*[?&]code=\([^&]*\).*/\1/')
curl -i %[1]s%[11]s -u %[7]s:%[12]s -d grant_type=authorization_code -d code=$CODE -d redirect_uri=%[8]s -d code_verifier=%[13]s; echo 'expected: 200, an access token and a refresh token'
curl -i %[1]s%[11]s -u %[7]s:%[12]s -d grant_type=authorization_code -d code=$CODE -d redirect_uri=%[8]s -d code_verifier=%[13]s; echo 'expected: 401 invalid_grant, since a code is good for one use'

ACCESS=%[3]s
curl -i %[1]s%[6]s -X POST -H "Authorization: Bearer $ACCESS"; echo 'expected: 201, an installation token'
curl -i %[1]s/api/oauth-client/installations/%[16]s -X DELETE -H "Authorization: Bearer $ACCESS"; echo 'expected: 204, the grant is revoked'
curl -i %[1]s%[4]s -H "Authorization: Bearer $TOKEN"; echo 'expected: 410 grant_revoked'

The decision log follows, a line for each request: passes at DEBUG, refusals at INFO, 500 and 503 at ERROR.

`, base, installation, access, projects, translations, mintPath(grant),
		clientID, callback, readProjects, exampleChallenge, tokenPath, clientSecret, exampleVerifier, password, authorizePath, grant)
}
