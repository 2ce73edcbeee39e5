package migration

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v5"
)

func TestSameRoutesOnEachRouter(t *testing.T) {
	gin.SetMode(gin.TestMode)
	issuer := bearergatetest.NewIssuer()
	configure, err := bearergate.Configure(bearergate.Config{})
	if err != nil {
		t.Fatal(err)
	}
	budget, err := bearergate.PerMinute(1000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { budget.Close() })
	chiHandler := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	echoHandler := func(c *echo.Context) error { return c.NoContent(http.StatusNoContent) }
	ginHandler := func(c *gin.Context) { c.Status(http.StatusNoContent) }

	for name, api := range map[string]http.Handler{
		"chi":  onChi(configure, issuer.Verifier(), budget, chiHandler, chiHandler),
		"echo": onEcho(configure, issuer.Verifier(), budget, echoHandler, echoHandler),
		"gin":  onGin(configure, issuer.Verifier(), budget, ginHandler, ginHandler),
	} {
		read := issuer.Token(bearergatetest.WithScopes("projects:read"))
		for _, try := range []struct {
			method, target, token string
			want                  int
		}{
			{"GET", "/projects", read, 204},
			{"POST", "/projects", read, 403},
			{"GET", "/projects", "", 401},
		} {
			answer := httptest.NewRecorder()
			api.ServeHTTP(answer, bearergatetest.NewRequest(try.method, try.target, try.token))
			if answer.Code != try.want {
				t.Errorf("%s, %s: got %d, want %d", name, try.method, answer.Code, try.want)
			}
			if limited := answer.Header().Get("RateLimit") != ""; limited != (try.token != "") {
				t.Errorf("%s, %s with token %.3s: got RateLimit %t", name, try.method, try.token, limited)
			}
		}
	}
}
