package routingtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// trial is a server with one router. It records the calls of its handlers and
// guards.
type trial struct {
	server  *httptest.Server
	serving sync.WaitGroup
	goOn    chan struct{} // received before a stream goes on

	mu   sync.Mutex
	seen []string // nil while the router is made
}

func newTrial(t *testing.T, newRouter func([]Route, func(http.ResponseWriter, *http.Request, error)) http.Handler) *trial {
	tr := &trial{goOn: make(chan struct{})}
	router := newRouter(tr.routes(), tr.answerError)
	tr.seen = []string{}
	tr.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tr.serving.Add(1)
		defer tr.serving.Done()
		router.ServeHTTP(w, r)
	}))
	tr.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	tr.server.Start()
	t.Cleanup(tr.server.Close)
	return tr
}

// answerError answers the error of a handler. The framework calls it.
func (tr *trial) answerError(w http.ResponseWriter, r *http.Request, err error) {
	tr.note("error handler: %v", err)
	if err != errAnswered {
		bearergate.Refuse(w, r, err)
	}
}

// countBuilds is a guard that records that it was built into a chain again after
// requests were served.
func (tr *trial) countBuilds(next http.Handler) http.Handler {
	tr.note("a chain was built")
	return next
}

func (tr *trial) observe() bearergate.Middleware {
	return configure(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) {
		_, pattern, ok := strings.Cut(d.Pattern, " ")
		if !ok {
			pattern = d.Pattern
		}
		tr.note("decision: %q %q, %s %s, subject %q, degraded %v", d.Code, d.Reason, d.Method, pattern, d.Subject, d.Degraded)
	}})
}

func (tr *trial) note(format string, values ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.seen != nil {
		tr.seen = append(tr.seen, fmt.Sprintf(format, values...))
	}
}

// exchange is an answer as it arrived, without its date.
type exchange struct {
	answer string
	seen   string
}

func (e exchange) guarded() bool { return strings.Contains(e.answer, guardedHeader) }
func (e exchange) passed() bool  { return strings.HasPrefix(e.answer, "HTTP/1.1 200 ") }

var date = regexp.MustCompile(`\r\nDate: [^\r]*`)

// ask sends a request while no other is being served.
func (tr *trial) ask(t *testing.T, request string) exchange {
	answer := tr.answer(t, request)
	tr.serving.Wait()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	seen := strings.Join(tr.seen, "\n")
	tr.seen = []string{}
	return exchange{answer, seen}
}

// answer sends a request and returns all bytes until the connection ends.
func (tr *trial) answer(t *testing.T, request string) string {
	answer, _ := io.ReadAll(tr.send(t, request)) // an answer that was cut off counts too
	return date.ReplaceAllString(string(answer), "")
}

func (tr *trial) send(t *testing.T, request string) net.Conn {
	connection, err := net.Dial("tcp", tr.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	connection.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(connection, request); err != nil {
		t.Fatal(err)
	}
	return connection
}

// handleStream answers in two parts. It writes the second when the first has
// arrived.
func (tr *trial) handleStream(w http.ResponseWriter, r *http.Request, _ func(string) string) error {
	w.WriteHeader(http.StatusOK)
	io.WriteString(w, "first\n")
	if err := http.NewResponseController(w).Flush(); err != nil {
		return err
	}
	select {
	case <-tr.goOn:
	case <-r.Context().Done():
	}
	_, err := io.WriteString(w, "second\n")
	return err
}

func (tr *trial) stream(t *testing.T, request string) string {
	connection := bufio.NewReader(tr.send(t, request))
	var answer strings.Builder
	for {
		line, err := connection.ReadString('\n')
		answer.WriteString(line)
		if strings.EqualFold(line, "first\n") {
			tr.goOn <- struct{}{}
		}
		if err != nil {
			return date.ReplaceAllString(answer.String(), "")
		}
	}
}
