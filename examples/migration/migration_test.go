package migration

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/gin-gonic/gin"
)

var secret = bytes.Repeat([]byte("k"), 32)

func must(h http.Handler, err error) http.Handler {
	if err != nil {
		panic(err)
	}
	return h
}

// namingAlgorithm adds "alg" to the issuer's RSA key: auth0/go-jwt-middleware
// does not use a key without it.
func namingAlgorithm(issuer http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		issuer.ServeHTTP(answer, r)
		w.WriteHeader(answer.Code)
		w.Write(bytes.ReplaceAll(answer.Body.Bytes(), []byte(`"kty":"RSA"`), []byte(`"alg":"RS256","kty":"RSA"`)))
	})
}

func TestProgramsBeforeAndAfterAcceptAndRefuseTheSameTokens(t *testing.T) {
	gin.SetMode(gin.TestMode)
	issuer := bearergatetest.NewIssuer()
	server := httptest.NewServer(namingAlgorithm(issuer))
	t.Cleanup(server.Close)
	issuer.URL = server.URL
	hmac := bearergatetest.SignedWithSecret("HS256", secret)
	read := bearergatetest.WithScopes("projects:read")

	for _, test := range []struct {
		name    string
		handler http.Handler
		sign    bearergatetest.TokenOption
	}{
		{"auth0 before", must(auth0Before(issuer.URL, issuer.Audience)), bearergatetest.SignedWith("RS256")},
		{"auth0 after", must(auth0After(issuer.URL, issuer.Audience)), bearergatetest.SignedWith("RS256")},
		{"jwtauth before", jwtauthBefore(secret), hmac},
		{"jwtauth after", must(jwtauthAfter(secret, issuer.URL, issuer.Audience)), hmac},
		{"echo-jwt before", echojwtBefore(secret), hmac},
		{"echo-jwt after", must(echojwtAfter(secret, issuer.URL, issuer.Audience)), hmac},
		{"gin-jwt before", must(ginjwtBefore(secret)), hmac},
		{"gin-jwt after", must(ginjwtAfter(secret, issuer.URL, issuer.Audience)), hmac},
	} {
		for _, try := range []struct {
			name, token string
			want        int
		}{
			{"good", issuer.AccessToken(test.sign, read), http.StatusOK},
			{"expired", issuer.AccessToken(test.sign, read, bearergatetest.Expired()), http.StatusUnauthorized},
			{"of a stranger", bearergatetest.NewStranger().AccessToken(read), http.StatusUnauthorized},
		} {
			answer := httptest.NewRecorder()
			test.handler.ServeHTTP(answer, bearergatetest.NewRequest("GET", "/projects", try.token))
			if answer.Code != try.want {
				t.Errorf("%s, a token that is %s: got %d %s, want %d", test.name, try.name, answer.Code, answer.Body, try.want)
			}
		}
	}
}
