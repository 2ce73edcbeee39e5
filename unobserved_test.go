package bearergate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// textLog returns a logger of every level, and what it logs without times.
func textLog() (*slog.Logger, *bytes.Buffer) {
	buf := new(bytes.Buffer)
	return slog.New(slog.NewTextHandler(buf, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})), buf
}

// defaultLog returns what slog.Default logs until the test ends.
func defaultLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	before := slog.Default()
	logger, buf := textLog()
	slog.SetDefault(logger)
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(os.Stderr)
		log.SetFlags(log.LstdFlags)
	})
	return buf
}

// fullBudget lets the process log again whatever other tests left of the rate, and
// forgets the lines that they left out.
func fullBudget(buf *bytes.Buffer) {
	time.Sleep(time.Hour)
	serve(wiredWrongly, get(""))
	time.Sleep(time.Hour)
	buf.Reset()
}

var wiredWrongly = bearergate.RequireScope("a")

// faults have one request each for which nobody but the operator can do anything.
func faults() map[string]http.Handler {
	claims := bearergatetest.InstallationClaims()
	handler := func(guard bearergate.Middleware) http.Handler {
		return guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	}
	return map[string]http.Handler{
		`code=server_error reason="bearergate: RequireScope without RequireToken before it; put RequireToken outside of it"`: handler(wiredWrongly),
		`code=temporarily_unavailable reason="` + errInner.Error() + `"`:                                                     handler(bearergate.RequireToken(failing(errInner))),
		`code=temporarily_unavailable reason="` + `grant \"grant-1\": ` + errInner.Error() + `"`: handler(bearergate.Chain(
			bearergate.RequireToken(accepting(claims)), bearergate.RequireGrant(grantStore(bearergate.Grant{}, errInner)))),
		`code=server_error reason=bare`: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			bearergate.Refuse(w, r, fmt.Errorf("%w: bare", bearergate.ErrServerError))
		}),
	}
}

func TestFaultThatNobodyObservesIsLogged(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		fullBudget(buf)
		for want, handler := range faults() {
			for name, configure := range map[string]bearergate.Middleware{
				"without Configure":   bearergate.Chain(),
				"without an observer": configured(bearergate.Config{Realm: "x"}),
				"with a writer that refuses": configured(bearergate.Config{ErrorWriter: func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
					bearergate.Refuse(w, r, e)
				}}),
			} {
				time.Sleep(time.Minute)
				buf.Reset()
				r := get("token")
				r.Pattern = "GET /x"
				configure(handler).ServeHTTP(httptest.NewRecorder(), r)
				want := `level=ERROR msg="bearergate: request refused" ` + want + ` method=GET pattern="GET /x"` + "\n"
				if diff := cmp.Diff(want, buf.String()); diff != "" {
					t.Errorf("%s: (-want +got):\n%s", name, diff)
				}
			}
		}
	})
}

func TestDefaultLogHasABoundedRate(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		fullBudget(buf)
		for range 100 {
			serve(wiredWrongly, get(""))
		}
		if got := strings.Count(buf.String(), "\n"); got != 10 {
			t.Errorf("got %d lines at once, want 10", got)
		}
		time.Sleep(time.Second)
		buf.Reset()
		serve(wiredWrongly, get(""))
		if got := buf.String(); strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, " left_out=90\n") {
			t.Errorf("got %q a second later, want one line with left_out=90", got)
		}
	})
}

// TestNothingElseIsLoggedByDefault has passes, refusals of the client, clients that
// left, and whatever has an observer.
func TestNothingElseIsLoggedByDefault(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		fullBudget(buf)
		passes(t, bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())), get("token"))
		for _, code := range bearergate.Codes() {
			if code.Status() < 500 {
				refuses(t, bearergate.Require(func(*http.Request) error { return code }), get(""), code)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		serve(bearergate.RequireToken(waiting()), get("token").WithContext(ctx))
		discarding := configured(bearergate.Config{Observer: bearergate.LogDecisions(slog.New(slog.DiscardHandler))})
		for _, handler := range faults() {
			discarding(handler).ServeHTTP(httptest.NewRecorder(), get("token"))
			bearergate.Chain(discarding, configured(bearergate.Config{Realm: "inner"}))(handler).ServeHTTP(httptest.NewRecorder(), get("token"))
		}
		if buf.Len() > 0 {
			t.Errorf("got %s, want nothing", buf)
		}
	})
}

// Rules: S1.25.
func TestTokenIsNotInTheDefaultLog(t *testing.T) {
	buf := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		fullBudget(buf)
		quoting := bearergate.VerifierFunc(func(_ context.Context, raw string) (*bearergate.Token, error) {
			return nil, fmt.Errorf("GET https://keys.example/?token=%s: no answer", raw)
		})
		serve(bearergate.RequireToken(quoting), get(secretToken))
		if got := buf.String(); strings.Contains(got, secretToken) || !strings.Contains(got, "?token=[token]: no answer") {
			t.Errorf("got %s, want the error without the token", got)
		}
	})
}

// waiting answers when the context of the request ends.
func waiting() bearergate.Verifier {
	return bearergate.VerifierFunc(func(ctx context.Context, _ string) (*bearergate.Token, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("keys: %w", ctx.Err())
	})
}

func TestClientThatLeftIsNoError(t *testing.T) {
	canceled := func(t *testing.T) context.Context {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return ctx
	}
	leaving := func(t *testing.T) context.Context {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		return ctx
	}
	late := func(t *testing.T) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	present := func(t *testing.T) context.Context { return t.Context() }
	overtaken := func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Minute, "late") }
	for _, c := range []struct {
		name  string
		ctx   func(*testing.T) context.Context
		guard bearergate.Middleware
		want  string // of level and message
		gone  bool
	}{
		{"the client left", canceled, bearergate.RequireToken(waiting()), `level=INFO msg="client gone" code=temporarily_unavailable reason="keys: context canceled"`, true},
		{"the client left, and the guard runs on", leaving, bearergate.Chain(overtaken, bearergate.Require(func(*http.Request) error { time.Sleep(2 * time.Second); return nil })),
			`level=INFO msg="client gone" code=server_error`, true},
		{"a deadline", late, bearergate.RequireToken(waiting()), `level=ERROR msg="request refused" code=temporarily_unavailable reason="keys: context deadline exceeded"`, false},
		{"a store of the server was canceled", present, bearergate.RequireToken(failing(context.Canceled)), `level=ERROR msg="request refused" code=temporarily_unavailable`, false},
		{"the client left a store that fails by itself", canceled, bearergate.RequireToken(failing(errInner)), `level=ERROR msg="request refused" code=temporarily_unavailable`, false},
		{"the client left, and its token is bad", canceled, bearergate.RequireToken(failing(fmt.Errorf("%w: %w", bearergate.ErrInvalidToken, context.Canceled))),
			`level=INFO msg="request refused" code=invalid_token`, false},
		{"the client left a route that is wired wrongly", canceled, wiredWrongly, `level=ERROR msg="request refused" code=server_error`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logger, buf := textLog()
				var seen []bearergate.Decision
				logging := bearergate.LogDecisions(logger)
				configure := configured(bearergate.Config{Observer: func(ctx context.Context, d bearergate.Decision) {
					seen = append(seen, d)
					logging(ctx, d)
				}})
				handler := bearergate.Chain(configure, c.guard)(http.NotFoundHandler())
				handler.ServeHTTP(httptest.NewRecorder(), get("token").WithContext(c.ctx(t)))
				time.Sleep(time.Minute) // for guards that run on
				if len(seen) != 1 || seen[0].ClientGone != c.gone {
					t.Errorf("got %v, want one decision with ClientGone %v", seen, c.gone)
				}
				if !strings.HasPrefix(buf.String(), c.want) {
					t.Errorf("got %s, want it to begin with %s", buf, c.want)
				}
			})
		})
	}
}

// TestClientThatHangsUpIsGone has a connection that the client closes.
func TestClientThatHangsUpIsGone(t *testing.T) {
	decisions, asked := make(chan bearergate.Decision, 1), make(chan struct{})
	configure := configured(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) { decisions <- d }})
	guard := bearergate.RequireToken(bearergate.VerifierFunc(func(ctx context.Context, raw string) (*bearergate.Token, error) {
		close(asked)
		return waiting().VerifyToken(ctx, raw)
	}))
	server := httptest.NewServer(configure(guard(http.NotFoundHandler())))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer token")
	go func() { <-asked; cancel() }()
	if resp, err := http.DefaultClient.Do(r); err == nil {
		resp.Body.Close()
		t.Errorf("got %d, want no answer", resp.StatusCode)
	}
	if d := <-decisions; !d.ClientGone || d.Code != bearergate.ErrTemporarilyUnavailable {
		t.Errorf("got %v, want that the client is gone", d)
	}
}

// Rules: S1.46.
func TestGuardThatPanicsAfterTheClientLeftIsAnError(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	panicking := bearergate.Require(func(*http.Request) error { panic("guard") })
	panics(t, func() { serve(bearergate.Chain(configure, panicking), get("").WithContext(ctx)) })
	if len(*seen) != 1 || (*seen)[0].ClientGone || (*seen)[0].Code != bearergate.ErrServerError {
		t.Errorf("got %v, want a server_error of a client that is not gone", *seen)
	}
}

var errCause = errors.New("signature: wrong key")

func TestLogSaysTheCodeOnce(t *testing.T) {
	detailed := &bearergate.Error{Code: bearergate.ErrInvalidToken}
	_, ours := opaque(bearergate.Claims{}, nil).VerifyToken(context.Background(), "other")
	const oursText = `"the token is not an opaque token: it does not begin with \"bi_oat_\" and go on"`
	for _, c := range []struct {
		name   string
		err    error
		reason string // empty: the line has none
	}{
		{"a bare code", bearergate.ErrInvalidToken, ""},
		{"a bare *Error", detailed, ""},
		{"a code that is wrapped without a word", fmt.Errorf("%w", bearergate.ErrInvalidToken), ""},
		{"a code and a cause", fmt.Errorf("%w: %w", bearergate.ErrInvalidToken, errCause), `"signature: wrong key"`},
		{"a code and a text", fmt.Errorf("%w: wrong key", bearergate.ErrInvalidToken), `"wrong key"`},
		{"a code that ends a text", fmt.Errorf("wrong key: %w", bearergate.ErrInvalidToken), `"wrong key"`},
		{"a code in the middle", fmt.Errorf("tenant 1: %w: wrong key", bearergate.ErrInvalidToken), `"tenant 1: wrong key"`},
		{"a code that is wrapped twice", fmt.Errorf("%w: %w", bearergate.ErrInvalidToken, fmt.Errorf("%w: wrong key", bearergate.ErrInvalidToken)), `"wrong key"`},
		{"a code and a cause, joined", errors.Join(bearergate.ErrInvalidToken, errCause), `"signature: wrong key"`},
		{"an *Error that is wrapped", fmt.Errorf("wrong key: %w", detailed), `"wrong key"`},
		{"an error with facts", ours, oursText},
		{"an error with facts that is wrapped", fmt.Errorf("store 1: %w", ours), `"store 1: ` + oursText[1:]},
		{"a word that begins as the code does", fmt.Errorf("%w: invalid_token_hint", bearergate.ErrInvalidToken), "invalid_token_hint"},
		{"another code within", fmt.Errorf("%w: %w", bearergate.ErrInvalidToken, bearergate.ErrGrantRevoked), "grant_revoked"},
	} {
		logger, buf := textLog()
		configure := configured(bearergate.Config{Observer: bearergate.LogDecisions(logger)})
		refuses(t, bearergate.Chain(configure, bearergate.Require(func(*http.Request) error { return c.err })), get(""), bearergate.ErrInvalidToken)
		want := "level=INFO msg=\"request refused\" code=invalid_token reason=" + c.reason + " method=GET duration=X\n"
		if c.reason == "" {
			want = strings.Replace(want, " reason=", "", 1)
		}
		got := regexp.MustCompile(`duration=\S+`).ReplaceAllString(buf.String(), "duration=X")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestDecisionAsALogValueIsItsFacts(t *testing.T) {
	logger, buf := textLog()
	configure := configured(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) {
		d.Duration = time.Millisecond
		logger.Info("decided", "decision", d)
	}})
	claims := bearergatetest.InstallationClaims()
	claims.Raw = `{"email":"private@example"}`
	serve(bearergate.Chain(configure, bearergate.RequireToken(accepting(claims)), bearergate.RequireScope("a")), get(secretToken))
	want := `level=INFO msg=decided decision.code=missing_scope decision.reason="this route requires the scope \"a\"; the token holds none; if they are in another claim, see jwtverifier's Config.ScopeClaims" ` +
		`decision.method=GET decision.token_type=installation decision.issuer=https://issuer.example decision.subject=user-1 decision.client_id=app-1 decision.grant_id=grant-1 ` +
		`decision.organization_id=acme decision.installation_id=installation-1 decision.duration=1ms` + "\n"
	if diff := cmp.Diff(want, buf.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
