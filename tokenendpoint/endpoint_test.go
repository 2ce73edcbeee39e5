package tokenendpoint_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/google/go-cmp/cmp"
)

// Rules: S7.9, S7.10, S7.13, S7.14, S7.15, S7.18, S7.63.
func TestCodeIsExchangedForTokens(t *testing.T) {
	tr := newTrial(t)
	for name, request := range map[string]func() *http.Request{
		"Basic":         func() *http.Request { return asApp(exchange(tr.code())) },
		"second secret": func() *http.Request { return as(post(exchange(tr.code()).Encode()), "app", "the next secret") },
		"in the form": func() *http.Request {
			return post(exchange(tr.code(), "client_id", "app", "client_secret", "s3cret: +%&ü").Encode())
		},
		"named in both":  func() *http.Request { return asApp(exchange(tr.code(), "client_id", "app")) },
		"unknown beside": func() *http.Request { return asApp(exchange(tr.code(), "resource", "x", "scope", "anything")) },
		"unknown with control characters": func() *http.Request {
			return asApp(exchange(tr.code(), "state", "\x00\n\xff", "\x01\xfe", "x"))
		},
		"unknown with bad percent-encoding": func() *http.Request { return app(exchange(tr.code()).Encode() + "&x=%zz&y=%4") },
		"unknown 5,000 times":               func() *http.Request { return app(exchange(tr.code()).Encode() + strings.Repeat("&resource=x", 5000)) },
		"raw secret":                        func() *http.Request { return basic(post(exchange(tr.code()).Encode()), "Basic", "app:s3cret: +%&ü") },
		"raw secret of escapes": func() *http.Request {
			return basic(post(exchange(tr.code(func(r *tokenendpoint.CodeRequest) { r.ClientID = "a+b%41" })).Encode()), "basic", "a+b%41:c+d%42")
		},
		"raw secret but for its colon": func() *http.Request {
			return basic(post(exchange(tr.code()).Encode()), "Basic", "app:s3cret%3A +%&ü")
		},
		"raw secret but for its colon, in lower case": func() *http.Request {
			return basic(post(exchange(tr.code()).Encode()), "Basic", "app:s3cret%3a +%&ü")
		},
		"encoded escapes": func() *http.Request {
			return as(post(exchange(tr.code(func(r *tokenendpoint.CodeRequest) { r.ClientID = "a+b%41" })).Encode()), "a+b%41", "c+d%42")
		},
		"raw, named in both": func() *http.Request {
			return basic(post(exchange(tr.code(func(r *tokenendpoint.CodeRequest) { r.ClientID = "a+b%41" }), "client_id", "a+b%41").Encode()), "basic", "a+b%41:c+d%42")
		},
		"public": func() *http.Request { return asPublic(exchange(tr.code(ofPublic))) },
		"public, empty Authorization": func() *http.Request {
			r := asPublic(exchange(tr.code(ofPublic)))
			r.Header.Set("Authorization", "")
			return r
		},
		"public by Basic": func() *http.Request { return as(post(exchange(tr.code(ofPublic)).Encode()), "public", "") },
		"charset": func() *http.Request {
			r := asApp(exchange(tr.code()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
			return r
		},
		"without PKCE":         func() *http.Request { return asApp(exchange(tr.code(withoutPKCE), "code_verifier", "")) },
		"without redirect_uri": func() *http.Request { return asApp(exchange(tr.code(withoutRedirectURI), "redirect_uri", "")) },
		"the longest verifier, of every kind of character": func() *http.Request {
			longest := "azAZ09-._~" + strings.Repeat("x", 118)
			s256 := sha256.Sum256([]byte(longest))
			code := tr.code(func(r *tokenendpoint.CodeRequest) { r.CodeChallenge = base64url(s256[:]) })
			return asApp(exchange(code, "code_verifier", longest))
		},
		"unknown in the query": func() *http.Request { r := asApp(exchange(tr.code())); r.URL.RawQuery = "tenant=1&scope"; return r },
	} {
		t.Run(name, func(t *testing.T) {
			got := tr.ask(request())
			if got.Status != 200 || !strings.Contains(got.Body, `"token_type":"Bearer","expires_in":90,"refresh_token":"`) || !strings.HasSuffix(got.Body, `"scope":"read write","grant_id":"grant"}`+"\n") {
				t.Errorf("got %d %s, want 200 and tokens for 90 seconds and both scopes", got.Status, got.Body)
			}
			want := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "Pragma": {"no-cache"}}
			if diff := cmp.Diff(want, got.Header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

func ofPublic(r *tokenendpoint.CodeRequest)           { r.ClientID = "public" }
func withoutPKCE(r *tokenendpoint.CodeRequest)        { r.CodeChallenge, r.CodeChallengeMethod = "", "" }
func withoutRedirectURI(r *tokenendpoint.CodeRequest) { r.RedirectURI = "" }

// Rules: S1.26, S7.1.
func TestOnlyPOSTIsAllowed(t *testing.T) {
	tr := newTrial(t)
	for _, method := range []string{"GET", "HEAD", "PUT", "OPTIONS", "post"} {
		r := asApp(exchange(tr.code()))
		r.Method = method
		got := tr.ask(r)
		want := http.Header{"Allow": {"POST"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}, "Content-Type": {"application/json"}, "Content-Length": {"28"}}
		if diff := cmp.Diff(want, got.Header); diff != "" || got.Status != 405 {
			t.Errorf("%s: got %d, want 405 with these headers (-want +got):\n%s", method, got.Status, diff)
		}
		if hasBody := got.Body == `{"error":"invalid_request"}`+"\n"; hasBody == (method == "HEAD") {
			t.Errorf("%s: got the body %q", method, got.Body)
		}
	}
}

// Rules: S1.1, S1.36, S7.2, S7.3, S7.4, S7.5, S7.6, S7.7, S7.8, S7.11, S7.17,
// S7.20, S7.28.
func TestMalformedRequestIsInvalidRequest(t *testing.T) {
	tr := newTrial(t)
	body := exchange("c").Encode()
	app := func(body string) *http.Request { return as(post(body), "app", "s3cret: +%&ü") }
	header := func(name, value string) *http.Request {
		r := app(body)
		r.Header[name] = []string{value}
		return r
	}
	for name, r := range map[string]*http.Request{
		"no form":         header("Content-Type", "application/json"),
		"no content type": header("Content-Type", ""),
		"a part of one":   header("Content-Type", "application/x-www-form-urlencoded-not"),
		"a parameter of the content type without a value": header("Content-Type", "application/x-www-form-urlencoded; charset"),
		"two content types": func() *http.Request {
			r := app(body)
			r.Header.Add("Content-Type", "application/x-www-form-urlencoded")
			return r
		}(),
		"another charset": header("Content-Type", "application/x-www-form-urlencoded; charset=latin1"),
		"encoded":         header("Content-Encoding", "gzip"),
		"encoded, second line": func() *http.Request {
			r := header("Content-Encoding", "")
			r.Header.Add("Content-Encoding", "gzip")
			return r
		}(),
		"nothing":              app(""),
		"no grant_type":        app(exchange("c", "grant_type", "").Encode()),
		"empty grant_type":     app("grant_type=&code=c"),
		"another grant_type":   app("grant_type=password&username=a&password=b"),
		"case of grant_type":   app("grant_type=Authorization_code&code=c"),
		"no code":              app(exchange("c", "code", "").Encode()),
		"empty code":           app(exchange("c", "code", "").Encode() + "&code="),
		"no refresh_token":     app("grant_type=refresh_token"),
		"a control character":  app(exchange("c\x1f").Encode()),
		"DEL":                  app(exchange("c\x7f").Encode()),
		"no UTF-8":             app(exchange("c\xff").Encode()),
		"code twice":           app(body + "&code=c"),
		"grant_type twice":     app(body + "&grant_type=authorization_code"),
		"twice, once encoded":  app(body + "&c%6Fde=c"),
		"twice, once empty":    app(body + "&client_id=&client_id="),
		"bad percent-encoding": app(body + "&scope=%zz"),
		"cut percent-encoding": app(body + "&scope=%4"),
		"bad name":             app(body + "&%zz=x"),
		"NUL":                  app(exchange("c", "redirect_uri", "a\x00").Encode()),
		"raw NUL":              app(body + "&scope=\x00"),
		"not UTF-8":            app(body + "&scope=%ff"),
		"raw bytes":            app(body + "&scope=\xff"),
		"line feed":            app(body + "&client_id=app%0A"),
		"65 KiB":               app(body + "&x=" + strings.Repeat("x", 65<<10)),
		"a short verifier":     app(exchange("c", "code_verifier", verifier[:42]).Encode()),
		"a long verifier":      app(exchange("c", "code_verifier", strings.Repeat("a", 129)).Encode()),
		"a verifier with +":    app(exchange("c", "code_verifier", verifier[:42]+"+").Encode()),
		"a verifier with ü":    app(exchange("c", "code_verifier", verifier[:42]+"ü").Encode()),
		"no client":            post(body),
		"empty client":         post(body + "&client_id=&client_secret=x"),
		"two ways":             app(exchange("c", "client_id", "app", "client_secret", "s3cret: +%&ü").Encode()),
		"two clients":          app(exchange("c", "client_id", "other").Encode()),
		"Basic without colon":  header("Authorization", "Basic YXBw"),
		"Basic, no base64":     header("Authorization", "Basic ?"),
		"Basic, no id":         header("Authorization", "Basic OmE="),
		"Basic, base64 cut":    header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("app:xx"))+"?"),
		"Basic, NUL in the id": basic(post(body), "Basic", "app\x00:x"),
		"Basic, DEL in secret": basic(post(body), "Basic", "app:x\x7f"),
		"Basic alone":          header("Authorization", "Basic"),
		"code in the query":    func() *http.Request { r := app(body); r.URL.RawQuery = "code=c"; return r }(),
		"twice in the query":   func() *http.Request { r := app(body); r.URL.RawQuery = "scope=&scope="; return r }(),
		"bad query":            func() *http.Request { r := app(body); r.URL.RawQuery = "%zz=x"; return r }(),
		"secret in the query":  func() *http.Request { r := app(body); r.URL.RawQuery = "client_secret=x"; return r }(),
		"all in the query":     func() *http.Request { r := app(""); r.URL.RawQuery = body; return r }(),
		"65 KiB in chunks":     unannounced(app(body + "&x=" + strings.Repeat("x", 65<<10))),
		"two Authorization":    func() *http.Request { r := app(body); r.Header.Add("Authorization", "Basic YTpi"); return r }(),
		"a body that breaks": func() *http.Request {
			r := app(body)
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), errorReader{}))
			return r
		}(),
	} {
		calls := tr.called(func() {
			tr.hasChallenge(tr.refuses(r, bearergate.ErrInvalidRequest), "")
		})
		if len(calls) > 0 || t.Failed() {
			t.Fatalf("%s: got the calls %v of the store, want none", name, calls)
		}
	}
}

// Rules: S7.2.
func TestFormThatIsAnnouncedAsTooLongIsNotRead(t *testing.T) {
	tr := newTrial(t)
	for length, want := range map[int]bool{64 << 10: true, 64<<10 + 1: false} {
		body := strings.NewReader(strings.Repeat("x", length))
		r := asApp(nil)
		r.Body, r.ContentLength = io.NopCloser(body), int64(length)
		tr.refuses(r, bearergate.ErrInvalidRequest)
		if got := body.Len() < length; got != want {
			t.Errorf("%d bytes: got a body that was read: %t, want %t", length, got, want)
		}
	}
}

// Rules: S7.2.
func TestFormOf64KiBIsAccepted(t *testing.T) {
	tr := newTrial(t)
	body := exchange(tr.code()).Encode() + "&x="
	body += strings.Repeat("x", 64<<10-len(body))
	tr.refuses(app(body+"x"), bearergate.ErrInvalidRequest)
	tr.refuses(unannounced(app(body+"x")), bearergate.ErrInvalidRequest)
	tr.succeeds(unannounced(app(body)))
}

// unannounced is a request of which the length is not known before.
func unannounced(r *http.Request) *http.Request {
	r.ContentLength = -1
	return r
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("reset by peer") }

// TestCredentialsThatAreNotFormEncodedAreReadAsTheyAre has escapes that are none, or
// that decode to what no client has.
//
// Rules: S7.13, S7.14.
func TestCredentialsThatAreNotFormEncodedAreReadAsTheyAre(t *testing.T) {
	sums := []tokenendpoint.Sum{tokenendpoint.SecretSum("a+b"), tokenendpoint.SecretSum("\x00")}
	var asked []string
	tr := newTrial(t, func(c *tokenendpoint.Config) {
		c.Clients = tokenendpoint.ClientStoreFunc(func(_ context.Context, id string) (tokenendpoint.Client, error) {
			asked = append(asked, id)
			if id == "public" {
				return tokenendpoint.Client{ID: id}, nil
			}
			return tokenendpoint.Client{ID: id, Secrets: sums}, nil
		})
	})
	for credentials, want := range map[string]struct {
		answer bearergate.Code
		id     string
	}{
		"100%:a+b":    {bearergate.ErrInvalidGrant, "100%"}, // for the code
		"a%00:a+b":    {bearergate.ErrInvalidGrant, "a%00"},
		"a:%00":       {bearergate.ErrInvalidClient, "a"},
		"public:100%": {bearergate.ErrInvalidClient, "public"},
		"public:%00":  {bearergate.ErrInvalidClient, "public"},
	} {
		asked = nil
		tr.refuses(basic(post(exchange("c").Encode()), "Basic", credentials), want.answer)
		if diff := cmp.Diff([]string{want.id}, asked); diff != "" {
			t.Errorf("%s: clients that were looked up (-want +got):\n%s", credentials, diff)
		}
	}
}

// Rules: S1.9, S7.19, S7.20.
func TestClientThatCannotAuthenticateIsInvalidClient(t *testing.T) {
	tr := newTrial(t)
	code := tr.code()
	body := exchange(code).Encode()
	scheme := func(r *http.Request) *http.Request {
		r.Header.Set("Authorization", "Bearer x")
		return r
	}
	hash := fmt.Sprintf("%x", tokenendpoint.SecretSum("the next secret"))
	inHeader := tr.refusesAlike(bearergate.ErrInvalidClient, map[string]*http.Request{
		"unknown":                 as(post(body), "nobody", "x"),
		"a wrong secret":          as(post(body), "app", "x"),
		"a secret of another":     as(post(body), "app", "other secret"),
		"an empty secret":         as(post(body), "app", ""),
		"public, with a secret":   as(post(body), "public", "x"),
		"the hash of the secret":  as(post(body), "app", hash),
		"another scheme":          scheme(post(body)),
		"another scheme and form": scheme(post(body + "&client_id=public")),
		"a sum of nothing":        as(post(body), "empty", ""),
		"a scheme as long":        basic(post(body), "Token", "app:the next secret"),
		"a scheme in Unicode":     basic(post(body), "Baſic", "app:the next secret"),
		"no form-encoding":        basic(post(body), "Basic", "a%:b"),
	})
	inForm := tr.refusesAlike(bearergate.ErrInvalidClient, map[string]*http.Request{
		"unknown":               post(body + "&client_id=nobody&client_secret=x"),
		"unknown and public":    post(body + "&client_id=nobody"),
		"a wrong secret":        post(body + "&client_id=app&client_secret=x"),
		"no secret":             post(body + "&client_id=app"),
		"an empty secret":       post(body + "&client_id=app&client_secret="),
		"public, with a secret": post(body + "&client_id=public&client_secret=x"),
	})
	tr.hasChallenge(inHeader, `Basic realm="api"`)
	tr.hasChallenge(inForm, "")
	tr.succeeds(asApp(exchange(code)))
}

func TestClientStoreThatFailsIs503(t *testing.T) {
	tr := newTrial(t)
	for name, id := range map[string]string{"an error": "down", "another client": "wrong"} {
		t.Run(name, func(t *testing.T) {
			tr.refuses(as(post(exchange("c").Encode()), id, "x"), bearergate.ErrTemporarilyUnavailable)
		})
	}
}

// TestUnusableCodesAreRefusedAlike shows also that a failed check does not consume
// the code.
//
// Rules: S1.2, S1.32, S7.21, S7.22, S7.23, S7.24, S7.25, S7.29.
func TestUnusableCodesAreRefusedAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		var all []answer
		for name, c := range map[string]struct {
			change  []func(*tokenendpoint.CodeRequest)
			request func(code string) *http.Request
			after   time.Duration
			owner   func(code string) *http.Request // nil: app
		}{
			"unknown":              {request: func(code string) *http.Request { return asApp(exchange(code + "x")) }},
			"another client's":     {request: func(code string) *http.Request { return as(post(exchange(code).Encode()), "other", "other secret") }},
			"of a public client":   {request: func(code string) *http.Request { return asPublic(exchange(code)) }},
			"another redirect_uri": {request: func(code string) *http.Request { return asApp(exchange(code, "redirect_uri", redirectURI+"2")) }},
			"no redirect_uri":      {request: func(code string) *http.Request { return asApp(exchange(code, "redirect_uri", "")) }},
			"a redirect_uri that was not sent": {change: []func(*tokenendpoint.CodeRequest){withoutRedirectURI},
				request: func(code string) *http.Request { return asApp(exchange(code)) },
				owner:   func(code string) *http.Request { return asApp(exchange(code, "redirect_uri", "")) }},
			"another verifier": {request: func(code string) *http.Request { return asApp(exchange(code, "code_verifier", verifier+"x")) }},
			"no verifier":      {request: func(code string) *http.Request { return asApp(exchange(code, "code_verifier", "")) }},
			"the challenge":    {request: func(code string) *http.Request { return asApp(exchange(code, "code_verifier", challenge)) }},
			"a verifier without challenge": {change: []func(*tokenendpoint.CodeRequest){withoutPKCE},
				request: func(code string) *http.Request { return asApp(exchange(code)) },
				owner:   func(code string) *http.Request { return asApp(exchange(code, "code_verifier", "")) }},
			"expired": {request: func(code string) *http.Request { return asApp(exchange(code)) }, after: 10 * time.Minute},
		} {
			code := tr.code(c.change...)
			time.Sleep(c.after)
			calls := tr.called(func() { all = append(all, tr.refuses(c.request(code), bearergate.ErrInvalidGrant)) })
			if diff := cmp.Diff([]string{"Code"}, calls); diff != "" || t.Failed() {
				t.Fatalf("%s: calls of the store (-want +got):\n%s", name, diff)
			}
			if c.owner == nil {
				c.owner = func(code string) *http.Request { return asApp(exchange(code)) }
			}
			if c.after == 0 {
				tr.succeeds(c.owner(code))
			}
		}
		tr.areAlike(all)
		tr.hasChallenge(all[0], "")
		if got := all[0].Header.Get("Pragma"); got != "no-cache" {
			t.Errorf("got Pragma %q, want no-cache", got)
		}
	})
}

// Rules: S7.29.
func TestNoVerifierDoesNotMatchItsOwnChallenge(t *testing.T) {
	tr := newTrial(t)
	sum := sha256.Sum256(nil)
	code := tr.code(func(r *tokenendpoint.CodeRequest) { r.CodeChallenge = base64url(sum[:]) })
	tr.refuses(asApp(exchange(code, "code_verifier", "")), bearergate.ErrInvalidGrant)
}

// Rules: S7.22.
func TestCodeLivesTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		code := tr.code()
		time.Sleep(10*time.Minute - 1)
		tr.succeeds(asApp(exchange(code)))
	})
}

// Rules: S7.26.
func TestWrongVerifierAndThenNoneIsInvalidGrant(t *testing.T) {
	tr := newTrial(t)
	code := tr.code(ofPublic)
	tr.refuses(asPublic(exchange(code, "code_verifier", verifier+"x")), bearergate.ErrInvalidGrant)
	tr.refuses(asPublic(exchange(code, "code_verifier", "")), bearergate.ErrInvalidGrant)
	tr.succeeds(asPublic(exchange(code)))
}

// Rules: S7.32.
func TestOneOfManyExchangesWins(t *testing.T) {
	tr := newTrial(t)
	code := tr.code()
	var winners atomic.Int64
	var racers sync.WaitGroup
	for range 100 {
		racers.Go(func() {
			switch got := tr.ask(asApp(exchange(code))); got.Status {
			case 200:
				winners.Add(1)
			case 401:
			default:
				t.Errorf("got %d %s, want 200 or 401", got.Status, got.Body)
			}
		})
	}
	racers.Wait()
	if got := winners.Load(); got != 1 {
		t.Errorf("got %d winners, want 1", got)
	}
}

// TestWinnerOfExchangesAtOnceKeepsItsTokens has both find the code unused: a
// client that asks twice at once is no thief.
//
// Rules: S7.32.
func TestWinnerOfExchangesAtOnceKeepsItsTokens(t *testing.T) {
	var found sync.WaitGroup
	found.Add(2)
	tr := newTrial(t, func(c *tokenendpoint.Config) {
		issue := c.Issue
		c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			found.Done()
			found.Wait()
			return issue(ctx, a)
		}
	})
	code, answers := tr.code(), make(chan answer, 2)
	for range 2 {
		go func() { answers <- tr.ask(asApp(exchange(code))) }()
	}
	won, lost := <-answers, <-answers
	if won.Status != 200 {
		won, lost = lost, won
	}
	if lost.Status != 401 {
		t.Errorf("got %d %s, want 401", lost.Status, lost.Body)
	}
	found.Add(1)
	tr.succeeds(asApp(refreshing(decode(t, won).RefreshToken)))
}

// Rules: S7.33.
func TestReplayRevokesWhatTheFirstExchangeIssued(t *testing.T) {
	for _, rotated := range []bool{false, true} {
		tr := newTrial(t)
		code := tr.code()
		first := tr.succeeds(asApp(exchange(code)))
		bystander := tr.succeeds(asApp(exchange(tr.code())))
		if rotated {
			first = tr.succeeds(asApp(refreshing(first.RefreshToken)))
		}
		got := tr.refuses(asApp(exchange(code)), bearergate.ErrInvalidGrant)
		again := tr.refuses(asApp(exchange(code)), bearergate.ErrInvalidGrant)
		unknown := tr.refuses(asApp(exchange("unknown")), bearergate.ErrInvalidGrant)
		tr.areAlike([]answer{unknown, got, again})
		tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrInvalidGrant)
		tr.succeeds(asApp(refreshing(bystander.RefreshToken)))
	}
}

// Rules: S7.36.
func TestReplayThatFailsACheckRevokesNothing(t *testing.T) {
	tr := newTrial(t)
	code := tr.code()
	first := tr.succeeds(asApp(exchange(code)))
	for _, r := range []*http.Request{
		as(post(exchange(code).Encode()), "other", "other secret"),
		asPublic(exchange(code)),
		asApp(exchange(code, "redirect_uri", redirectURI+"/")),
		asApp(exchange(code, "code_verifier", verifier+"x")),
		asApp(exchange(code, "code_verifier", "")),
	} {
		tr.refuses(r, bearergate.ErrInvalidGrant)
	}
	tr.refuses(as(post(exchange(code).Encode()), "app", "x"), bearergate.ErrInvalidClient)
	tr.succeeds(asApp(refreshing(first.RefreshToken)))
}

// Rules: S7.66.
func TestGrantThatIsGoneIsInvalidGrant(t *testing.T) {
	tr := newTrial(t)
	code, connected := tr.code(), tr.succeeds(asApp(exchange(tr.code())))
	tr.grants.Revoke("grant", time.Now())
	tr.refuses(asApp(exchange(code)), bearergate.ErrInvalidGrant)
	tr.refuses(asApp(refreshing(connected.RefreshToken)), bearergate.ErrInvalidGrant)
	tr.grants.Delete("grant")
	tr.refuses(asApp(exchange(code)), bearergate.ErrInvalidGrant)
	tr.grants.Put(bearergate.Grant{ID: "grant"})
	tr.succeeds(asApp(exchange(code)))
	tr.succeeds(asApp(refreshing(connected.RefreshToken)))
}

// Rules: S1.11, S7.64, S7.65.
func TestFailureIs503AndConsumesNothing(t *testing.T) {
	for _, fails := range []string{"Code", "Consume", "Family", "ReplaceFamily", "Issue"} {
		tr := newTrial(t)
		code, connected := tr.code(), tr.succeeds(asApp(exchange(tr.code())))
		tr.fails = fails
		tr.down.Store(fails == "Issue")
		failed := 0
		for _, form := range []url.Values{exchange(code), refreshing(connected.RefreshToken)} {
			got := tr.ask(asApp(form))
			if got.Status == 503 {
				failed++
				if got.Body != `{"error":"temporarily_unavailable"}`+"\n" || got.Header.Get("Retry-After") == "" {
					t.Errorf("%s: got %s with Retry-After %q, want temporarily_unavailable with one", fails, got.Body, got.Header.Get("Retry-After"))
				}
			} else if got.Status == 200 && form.Get("code") == "" {
				connected = decode(t, got)
			} else if got.Status == 200 {
				code = tr.code()
			}
		}
		tr.fails = ""
		tr.down.Store(false)
		if failed == 0 {
			t.Errorf("%s: got no 503, want one", fails)
		}
		tr.succeeds(asApp(exchange(code)))
		tr.succeeds(asApp(refreshing(connected.RefreshToken)))
	}
}

// failsOnce is a store whose next read of a family fails.
type failsOnce struct {
	tokenendpoint.Store
	next bool
}

func (s *failsOnce) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	if s.next {
		s.next = false
		return tokenendpoint.Family{}, false, errDown
	}
	return s.Store.Family(ctx, id)
}

// Rules: S7.64, S7.65.
func TestFamilyThatCouldNotBeReadOnceIs503(t *testing.T) {
	store := new(failsOnce)
	tr := newTrial(t, func(c *tokenendpoint.Config) { store.Store, c.Store = c.Store, store })
	connected := tr.succeeds(asApp(exchange(tr.code())))
	store.next = true
	tr.refuses(asApp(refreshing(connected.RefreshToken)), bearergate.ErrTemporarilyUnavailable)
	tr.succeeds(asApp(refreshing(connected.RefreshToken)))
}

// TestRotationThatWasDoneThoughTheStoreFailedIsRepeated is a store whose answer
// was lost: the client may not lose its connection.
func TestRotationThatWasDoneThoughTheStoreFailedIsRepeated(t *testing.T) {
	tr := newTrial(t)
	connected := tr.succeeds(asApp(exchange(tr.code())))
	tr.fails, tr.late = "ReplaceFamily", true
	tr.refuses(asApp(refreshing(connected.RefreshToken)), bearergate.ErrTemporarilyUnavailable)
	tr.fails = ""
	next := tr.succeeds(asApp(refreshing(connected.RefreshToken)))
	tr.succeeds(asApp(refreshing(next.RefreshToken)))
}

// Rules: S1.25, S7.48, S7.62.
func TestSecretsAreInNoStoreLogOrAnswer(t *testing.T) {
	tr := newTrial(t)
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	configure, err := bearergate.Configure(bearergate.Config{Observer: bearergate.LogDecisions(logger)})
	if err != nil {
		t.Fatal(err)
	}
	observed := configure(tr)
	var secrets []string
	serve := func(r *http.Request) answer {
		rec := httptest.NewRecorder()
		observed.ServeHTTP(rec, r)
		return answer{rec.Code, rec.Result().Header, rec.Body.String()}
	}
	code := tr.code()
	first := decode(t, serve(asApp(exchange(code))))
	second := decode(t, serve(asApp(refreshing(first.RefreshToken))))
	secrets = append(secrets, code, first.RefreshToken, second.RefreshToken, "s3cret", verifier)
	var answers strings.Builder
	for _, r := range []*http.Request{
		asApp(exchange(code)), asApp(refreshing(first.RefreshToken + "x")), as(post(exchange(code).Encode()), "app", "s3cret"), asApp(exchange(code, "code_verifier", verifier+"x")),
		asApp(exchange(code, "code", "")), as(post(exchange(code).Encode()), "s3cret", ""),
	} {
		got := serve(r)
		fmt.Fprintln(&answers, got.Header, got.Body)
	}
	dump := fmt.Sprintf("%+v %#v", &tr.memory, &tr.memory) + log.String() + answers.String()
	for _, secret := range secrets {
		for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprint([]byte(secret))} {
			if strings.Contains(dump, strings.Trim(form, "[]")) {
				t.Errorf("got %s in a store, log or answer, want it in none", form)
			}
		}
	}
	if !strings.Contains(log.String(), "the code was used before") {
		t.Errorf("got the log\n%s\nwant the reason in it", &log)
	}
}

func TestNewNamesAllFaultsAndTheirMends(t *testing.T) {
	want := `tokenendpoint: Config.Clients is nil; use a ClientStore that finds your registered clients
tokenendpoint: Config.Store is nil; use a Store in your database, or new(tokenendpoint.MemoryStore)
tokenendpoint: Config.Issue is nil; use a function that returns an access token for an Authorization
tokenendpoint: Config.CodeLifetime is -1s; use a positive duration, or 0 for 10m0s
tokenendpoint: Config.MaxReuses is -1; use a positive number, or 0 for no limit`
	for _, clients := range []tokenendpoint.ClientStore{nil, tokenendpoint.ClientStoreFunc(nil), (*nilStores)(nil)} {
		for _, store := range []tokenendpoint.Store{nil, (*tokenendpoint.MemoryStore)(nil)} {
			_, err := tokenendpoint.New(tokenendpoint.Config{Clients: clients, Store: store, CodeLifetime: -time.Second, MaxReuses: -1})
			if got := fmt.Sprint(err); got != want {
				t.Errorf("(-want +got):\n%s", cmp.Diff(want, got))
			}
		}
	}
}

type nilStores struct{ clients }

func TestGrantsThatHoldANilPointerAreAFault(t *testing.T) {
	for _, grants := range []bearergate.GrantStore{(*bearergate.MemoryGrants)(nil), bearergate.GrantStoreFunc(nil)} {
		_, err := tokenendpoint.New(tokenendpoint.Config{Clients: registered, Store: new(tokenendpoint.MemoryStore), Issue: issuesNothing, Grants: grants})
		want := fmt.Sprintf("tokenendpoint: Config.Grants holds a nil %T; use a GrantStore, or leave it out", grants)
		if got := fmt.Sprint(err); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func issuesNothing(context.Context, tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
	return tokenendpoint.Issued{}, errDown
}

func TestAccessTokenThatDoesNotLastASecondIs503(t *testing.T) {
	for _, issued := range []tokenendpoint.Issued{
		{}, {ExpiresIn: time.Hour}, {Token: "t"}, {Token: "t", ExpiresIn: time.Second - 1}, {Token: "t", ExpiresIn: -time.Hour},
	} {
		t.Run(fmt.Sprintf("%+v", issued), func(t *testing.T) {
			tr := newTrial(t, issues(issued))
			tr.refuses(asApp(exchange(tr.code())), bearergate.ErrTemporarilyUnavailable)
		})
	}
}

// TestScopesBelongToIssue has Issue change what it received.
func TestScopesBelongToIssue(t *testing.T) {
	tr := newTrial(t, func(c *tokenendpoint.Config) {
		c.Issue = func(_ context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			a.Scopes[0] = "admin"
			return tokenendpoint.Issued{Token: "t", ExpiresIn: time.Hour}, nil
		}
	})
	got := tr.succeeds(asApp(exchange(tr.code())))
	again := tr.succeeds(asApp(refreshing(got.RefreshToken)))
	if got.Scope != "read write" || again.Scope != "read write" {
		t.Errorf("got the scopes %q and %q, want those of the user", got.Scope, again.Scope)
	}
}

func TestExpiresInIsWholeSeconds(t *testing.T) {
	for expiresIn, want := range map[time.Duration]int{time.Second: 1, 2*time.Second - 1: 1, time.Hour: 3600} {
		tr := newTrial(t, issues(tokenendpoint.Issued{Token: "t", ExpiresIn: expiresIn}))
		if got := tr.succeeds(asApp(exchange(tr.code()))); got.ExpiresIn != want {
			t.Errorf("%v: got expires_in %d, want %d", expiresIn, got.ExpiresIn, want)
		}
	}
}

func issues(issued tokenendpoint.Issued) func(*tokenendpoint.Config) {
	return func(c *tokenendpoint.Config) {
		c.Issue = func(context.Context, tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) { return issued, nil }
	}
}

func TestGrantStoreThatAnswersAnotherGrantIs503(t *testing.T) {
	tr := newTrial(t, func(c *tokenendpoint.Config) { c.Grants = otherGrants{} })
	tr.refuses(asApp(exchange(tr.code())), bearergate.ErrTemporarilyUnavailable)
}

// Rules: S7.64.
func TestGrantStoreThatFailsIs503(t *testing.T) {
	for failing := range 2 { // before Issue, and after it
		calls := 0
		tr := newTrial(t, func(c *tokenendpoint.Config) {
			grants := c.Grants
			c.Grants = bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
				if calls++; calls > failing {
					return bearergate.Grant{ID: id}, errDown
				}
				return grants.Grant(ctx, id)
			})
		})
		tr.refuses(asApp(exchange(tr.code())), bearergate.ErrTemporarilyUnavailable)
	}
}

// Rules: S7.66.
func TestGrantStoreThatReturnsRevokedIsInvalidGrant(t *testing.T) {
	tr := newTrial(t, func(c *tokenendpoint.Config) { c.Grants = revokedGrants{} })
	tr.refuses(asApp(exchange(tr.code())), bearergate.ErrInvalidGrant)
}

type revokedGrants struct{}

func (revokedGrants) Grant(context.Context, string) (bearergate.Grant, error) {
	return bearergate.Grant{}, fmt.Errorf("no longer: %w", bearergate.ErrGrantRevoked)
}

type otherGrants struct{}

func (otherGrants) Grant(context.Context, string) (bearergate.Grant, error) {
	return bearergate.Grant{ID: "another"}, nil
}

// Rules: S7.33.
func TestLateReplayRevokesToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		code := tr.code()
		first := tr.succeeds(asApp(exchange(code)))
		time.Sleep(time.Hour)
		tr.refuses(asApp(exchange(code)), bearergate.ErrInvalidGrant)
		tr.refuses(asApp(refreshing(first.RefreshToken)), bearergate.ErrInvalidGrant)
	})
}

// TestPublicClientNeedsAChallenge is a client that was confidential when its
// user authorized it.
//
// Rules: S7.31.
func TestPublicClientNeedsAChallenge(t *testing.T) {
	changing := clients{"app": registered["app"]}
	tr := newTrial(t, func(c *tokenendpoint.Config) { c.Clients = changing })
	code := tr.code(withoutPKCE)
	changing["app"] = client("app")
	form := exchange(code, "code_verifier", "", "client_id", "app")
	tr.refuses(post(form.Encode()), bearergate.ErrInvalidGrant)
	changing["app"] = registered["app"]
	tr.succeeds(asApp(exchange(code, "code_verifier", "")))
}

// TestClientIDInTheFormIsThatOfAnyReading has a client encode the colon of its id alone,
// and name itself in the form too.
//
// Rules: S7.14, S7.17.
func TestClientIDInTheFormIsThatOfAnyReading(t *testing.T) {
	const id, secret = "app:1", "100%"
	tr := newTrial(t, func(c *tokenendpoint.Config) {
		c.Clients = clients{id: client(id, secret)}
	})
	code := tr.code(func(r *tokenendpoint.CodeRequest) { r.ClientID = id })
	r := post(exchange(code, "client_id", id).Encode())
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("app%3A1:"+secret)))
	tr.succeeds(r)
}
