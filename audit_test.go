package bearergate_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/internal/guess"
)

// endpoint stands for the token endpoint: it reports, and then refuses if err is not
// nil.
func endpoint(f audit.Facts, err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		audit.Report(r, f)
		if err != nil {
			bearergate.Refuse(w, r, err)
		}
	})
}

func TestEndpointsRequestIsOneDecision(t *testing.T) {
	facts := audit.Facts{ClientID: "app-1", GrantID: "grant-1", Family: "family-1", Subject: "user-1"}
	for _, c := range []struct {
		name  string
		facts audit.Facts
		err   error
		want  string
	}{
		{"a success", facts, nil, `level=DEBUG msg="request passed" method=GET subject=user-1 client_id=app-1 grant_id=grant-1 family=family-1`},
		{"a refusal", facts, bearergate.ErrInvalidGrant, `level=INFO msg="request refused" code=invalid_grant method=GET subject=user-1 client_id=app-1 grant_id=grant-1 family=family-1`},
		{"a theft", audit.Facts{ClientID: "app-1", Family: "family-1", Theft: string(bearergate.RefreshTokenReused)}, bearergate.ErrInvalidGrant, `level=WARN msg="theft detected" code=invalid_grant method=GET client_id=app-1 family=family-1 theft=refresh_token_reused`},
		{"a repeated answer", audit.Facts{Family: "family-1", Repeated: true}, nil, `level=DEBUG msg="request passed" method=GET family=family-1 repeated=true`},
	} {
		t.Run(c.name, func(t *testing.T) {
			logger, buf := textLog()
			configure, err := bearergate.Configure(bearergate.Config{Observer: bearergate.LogDecisions(logger)})
			if err != nil {
				t.Fatal(err)
			}
			statusOf(configure(endpoint(c.facts, c.err)), get(""))
			got := strings.TrimSuffix(buf.String(), "\n")
			got, _, _ = strings.Cut(got, " duration=")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestTheftIsLoggedWithoutAnObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		buf := defaultLog(t)
		time.Sleep(time.Hour)
		statusOf(endpoint(audit.Facts{ClientID: "app-1", Family: "family-1", Theft: string(bearergate.CodeReplayed)}, nil), get(""))
		if got, want := buf.String(), `level=WARN msg="bearergate: theft detected" theft=code_replayed client_id=app-1`; !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
		buf.Reset()
		statusOf(endpoint(audit.Facts{ClientID: "app-1"}, nil), get(""))
		if buf.Len() > 0 {
			t.Errorf("got %q, want nothing for a success", buf)
		}
	})
}

// wrongSecret is the token endpoint for a registered client that sends a wrong
// secret.
func wrongSecret(client string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := guess.UsedUp(r.Context(), client); err != nil {
			bearergate.Refuse(w, r, err)
			return
		}
		if r.Header.Get("Secret") == "right" {
			return
		}
		bearergate.Refuse(w, r.WithContext(guess.WithClient(r.Context(), client)), bearergate.ErrInvalidClient)
	})
}

func tokenRequest(address, secret string) *http.Request {
	r := from(address+":1234", httptest.NewRequest("POST", "/oauth/token", nil))
	r.Header.Set("Secret", secret)
	return r
}

func statusOf(h http.Handler, r *http.Request) int {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Code
}

// Rules: S6.25, S6.43.
func TestWrongSecretsAreChargedToTheAddressAndToTheClient(t *testing.T) {
	api := bearergate.LimitFailedAuthentication(budgetOf(t, 3))(wrongSecret("app-1"))
	answers := func(want int, requests ...*http.Request) {
		t.Helper()
		for _, r := range requests {
			if got := statusOf(api, r); got != want {
				t.Errorf("%s: got %d, want %d", r.RemoteAddr, got, want)
			}
		}
	}
	answers(http.StatusOK, tokenRequest("192.0.2.9", "right"))
	answers(http.StatusUnauthorized, tokenRequest("192.0.2.1", "a"), tokenRequest("192.0.2.2", "b"), tokenRequest("192.0.2.3", "c"))
	answers(http.StatusTooManyRequests, tokenRequest("192.0.2.4", "d"), tokenRequest("192.0.2.1", "right"), tokenRequest("192.0.2.4", "right"))
	answers(http.StatusOK, tokenRequest("192.0.2.9", "right"), tokenRequest("192.0.2.10", "right")) // never failed
}

// Rules: S6.25.
func TestFailuresOfTheTokenEndpointAreCharged(t *testing.T) {
	for code, charged := range map[bearergate.Code]bool{
		bearergate.ErrInvalidClient: true, bearergate.ErrInvalidGrant: true,
		bearergate.ErrInvalidRequest: false, bearergate.ErrTemporarilyUnavailable: false, bearergate.ErrServerError: false, bearergate.ErrForbidden: false,
	} {
		api := bearergate.LimitFailedAuthentication(budgetOf(t, 1))(endpoint(audit.Facts{}, code))
		statusOf(api, get(""))
		if got := statusOf(api, get("")) == http.StatusTooManyRequests; got != charged {
			t.Errorf("%s: got charged %v, want %v", code, got, charged)
		}
	}
}

func TestWriterThatRefusesAnewChargesOnce(t *testing.T) {
	configure, err := bearergate.Configure(bearergate.Config{
		Observer:    bearergate.LogDecisions(slog.New(slog.DiscardHandler)),
		ErrorWriter: func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) { bearergate.Refuse(w, r, e) },
	})
	if err != nil {
		t.Fatal(err)
	}
	api := bearergate.Chain(configure, bearergate.LimitFailedAuthentication(budgetOf(t, 2)))(endpoint(audit.Facts{}, bearergate.ErrInvalidGrant))
	for _, want := range []int{http.StatusUnauthorized, http.StatusUnauthorized, http.StatusTooManyRequests} {
		if got := statusOf(api, get("")); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
}

func TestAuditIsSafeBesideATimeoutHandler(t *testing.T) {
	configure, err := bearergate.Configure(bearergate.Config{Observer: func(context.Context, bearergate.Decision) {}})
	if err != nil {
		t.Fatal(err)
	}
	late := http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		audit.Report(r, audit.Facts{ClientID: "app-1"})
	}), time.Millisecond, "")
	statusOf(configure(late), get(""))
}
