package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// patience is how long a client waits for an answer.
const patience = 6 * time.Second

// trial is one peer in one situation.
type trial struct {
	peer    peer
	issuer  *issuer
	setting setting
	handled atomic.Bool
	api     *httptest.Server
	end     context.CancelFunc

	shown []string // the text of the cell
	short []string // the same, in a word each
}

func newTrial(p peer) *trial {
	ctx, end := context.WithCancel(context.Background())
	t := &trial{peer: p, issuer: newIssuer(ctx), end: end}
	t.setting = setting{ctx: ctx, issuer: t.issuer, next: http.HandlerFunc(t.handle)}
	return t
}

// handle is the guarded handler.
func (t *trial) handle(w http.ResponseWriter, _ *http.Request) {
	t.handled.Store(true)
	io.WriteString(w, "the projects of acme\n")
}

func (t *trial) close() {
	t.end()
	if t.api != nil {
		t.api.Close()
	}
	t.issuer.server.Close()
}

// started is an API, or why there is none.
type started struct {
	handler http.Handler
	err     error
}

// start sets the peer up and serves its API.
func (t *trial) start() {
	result := make(chan started, 1)
	go func() {
		h, err := t.peer.protects(t.setting)
		result <- started{h, err}
	}()
	select {
	case r := <-result:
		t.serve(r.handler, r.err)
	case <-time.After(patience):
		t.serve(nil, fmt.Errorf("not within %s", patience))
	}
}

func (t *trial) serve(h http.Handler, err error) {
	if err != nil {
		t.note("no start", "does not start: %v", err)
		return
	}
	if t.setting.outside != nil {
		h = t.setting.outside(h)
	}
	t.api = httptest.NewUnstartedServer(h)
	t.api.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.api.Start()
	t.warm()
}

// warm sends another user's good token until keys were fetched, however slow the
// machine is, unless the situation is about that.
func (t *trial) warm() {
	if t.peer.lacks[aToken] != "" || t.setting.check != nil || t.issuer.isBroken() {
		return
	}
	token := t.issuer.token(claims{"sub": "user-0"})
	for range 5 {
		if a := t.get(token); a.failure == "" && a.status < 500 {
			return
		}
	}
}

// answer is what came over the wire, and whether the handler ran.
type answer struct {
	status  int
	header  http.Header
	body    string
	handled bool
	failure string // if there was no answer
}

// get sends a token.
func (t *trial) get(token string) answer {
	return t.send("GET", http.Header{"Authorization": {"Bearer " + token}})
}

// send requests the projects of the token's organization.
func (t *trial) send(method string, header http.Header) answer {
	return t.request(method, "/orgs/"+organization+"/projects", header)
}

func (t *trial) request(method, target string, header http.Header) answer {
	if t.api == nil {
		return answer{failure: "no API"}
	}
	ctx, cancel := context.WithTimeout(t.setting.ctx, patience)
	defer cancel()
	r := must(http.NewRequestWithContext(ctx, method, t.api.URL+target, nil))
	r.Header = header
	t.handled.Store(false)
	a, err := read(client.Do(r))
	if err != nil {
		a.failure = failureOf(err)
	}
	a.handled = t.handled.Load()
	return a
}

// client opens a connection for each request, so that none is repeated on another.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func read(resp *http.Response, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(body)}, err
}

func failureOf(err error) string {
	var e *url.Error
	switch {
	case errors.As(err, &e) && e.Timeout():
		return fmt.Sprintf("no answer within %s", patience)
	case errors.Is(err, io.EOF):
		return "connection closed without an answer"
	}
	return "no connection"
}

func (a answer) code() string {
	if a.failure != "" {
		return "no answer"
	}
	return fmt.Sprint(a.status)
}

// note adds a word and a sentence to the cell.
func (t *trial) note(short, format string, args ...any) {
	t.short = append(t.short, short)
	t.shown = append(t.shown, fmt.Sprintf(format, args...))
}

// show adds an answer to the cell, with these headers.
func (t *trial) show(a answer, headers ...string) answer {
	t.note(a.code(), "%s", a.describe(headers...))
	return a
}

func (a answer) describe(headers ...string) string {
	if a.failure != "" {
		return a.failure
	}
	parts := []string{fmt.Sprint(a.status)}
	for _, name := range headers {
		if value := a.header.Get(name); value != "" {
			parts = append(parts, excerpt(name+": "+value))
		} else {
			parts = append(parts, "no "+name)
		}
	}
	if body := strings.TrimSpace(a.body); body != "" {
		parts = append(parts, excerpt(body))
	}
	return strings.Join(parts, ", ")
}

var (
	ports  = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	spaces = regexp.MustCompile(`\s+`)
)

// excerpt returns the beginning of a text, the same in every run, as code of
// Markdown.
func excerpt(s string) string {
	s = spaces.ReplaceAllString(ports.ReplaceAllString(s, "127.0.0.1:PORT"), " ")
	if runes := []rune(s); len(runes) > 160 {
		s = string(runes[:160]) + "…"
	}
	return "`" + strings.NewReplacer("`", "'", "|", "¦").Replace(s) + "`"
}
