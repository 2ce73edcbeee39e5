// Package bearergatetest helps to test handlers behind bearergate's guards, as
// net/http/httptest helps to test handlers. An [Issuer] mints good and bad tokens:
//
//	issuer := bearergatetest.NewIssuer()
//	api := newAPI(issuer.Verifier()) // the code under test
//	r := bearergatetest.NewRequest("GET", "/projects", issuer.Token(bearergatetest.WithScopes("projects:read")))
//	rec := httptest.NewRecorder()
//	api.ServeHTTP(rec, r)
//
// [Issuer.Token] mints the access token of an identity provider. Options change it,
// or spoil it: [WithClaim], [Expired], [Tampered]. [Issuer.Play] signs a header and
// a payload from a provider's documentation. [NewStranger] returns a forger.
// [Issuer.Start] serves the issuer's metadata and keys over HTTP.
//
// [Issuer.AccessToken] and [Issuer.InstallationToken] mint the tokens of a service
// that has installations: they name a grant and an organization, for RequireGrant
// and RequireOrg.
//
// [TestErrorTable] sends an API every bad request that the error table knows.
//
// [NewAppServer] starts a whole service, an authorization server and an API, for the
// tests of an app that connects to one.
//
// Functions of this package panic if a test could only fail.
package bearergatetest
