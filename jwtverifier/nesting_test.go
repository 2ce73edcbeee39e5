package jwtverifier_test

import (
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// TestPrivateClaimsMayNestAsDeepAsTheyFit holds it for claims that nobody reads,
// and for a token of an issuer among several, whose claims are looked at before.
func TestPrivateClaimsMayNestAsDeepAsTheyFit(t *testing.T) {
	single := issuer.Verifier()
	several := byIssuer(t, issuer.Verifier())
	for name, shape := range map[string][2]string{"arrays": {"[", "]"}, "objects": {`{"a":`, "}"}, "both": {`[{"a":`, "}]"}} {
		for _, depth := range []int{64, 65, 1000, 4000} {
			private := strings.Repeat(shape[0], depth) + "0" + strings.Repeat(shape[1], depth)
			good := decode(t, strings.Split(issuer.InstallationToken(), ".")[1])
			token := issuer.InstallationToken(bearergatetest.Payload(`{"private":` + private + "," + good[1:]))
			for _, v := range []bearergate.Verifier{single, several} {
				resp, _ := ask(v, token)
				if resp.StatusCode != 200 {
					t.Errorf("%d %s: got %d, want 200", depth, name, resp.StatusCode)
				}
			}
			var claims struct {
				Subject string `json:"sub"`
			}
			if err := accepts(t, single, token).Decode(&claims); err != nil || claims.Subject != bearergatetest.DefaultSubject {
				t.Errorf("%d %s: decoded %+v, %v, want the subject", depth, name, claims, err)
			}
			refuses(t, single, issuer.InstallationToken(bearergatetest.Payload(`{"private":`+shape[0]+private+","+good[1:])))
			twice := strings.Replace(private, "0", `{"a":1,"a":2}`, 1)
			refuses(t, single, issuer.InstallationToken(bearergatetest.Payload(`{"private":`+twice+","+good[1:])))
		}
	}
}

// TestClaimsThatEncodingJSONDoesNotDecodeAreAnErrorOfDecode is a good token all
// the same.
func TestClaimsThatEncodingJSONDoesNotDecodeAreAnErrorOfDecode(t *testing.T) {
	good := decode(t, strings.Split(issuer.InstallationToken(), ".")[1])
	const depth = 20_000
	token := issuer.InstallationToken(bearergatetest.Payload(
		`{"private":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "," + good[1:]))
	if err := accepts(t, issuer.Verifier(), token).Decode(new(map[string]any)); err == nil {
		t.Error("got no error, want that of encoding/json")
	}
}
