package client_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// modelServer is an authorization server and its API, as exact as the rules of S7
// for refresh tokens need it. Its Base injects faults.
type modelServer struct {
	lifetime time.Duration // of access and installation tokens
	faults   *faults
	bodies   atomic.Int64 // that were not closed

	mu       sync.Mutex
	families []*family
	tokens   map[string]issued // access and installation tokens
}

// family is the refresh tokens of a connection. That of generation 3 of family 1 is
// refresh.1.3.
type family struct {
	id, generation int // of the living token
	retirements    []time.Time
	used           bool // something that was issued with the living token
	grantRevoked   bool
	reused         bool // a retired token came too late: the family is revoked
	stolen         bool // a thief has a token of it
}

// issued is an access or installation token.
type issued struct {
	family     *family
	generation int
	ends       time.Time
}

// modelGrace is the grace of S7.43.
const modelGrace = 30 * time.Second

func (m *modelServer) newFamily() *family {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := &family{id: len(m.families)}
	m.families = append(m.families, f)
	return f
}

func (f *family) token(generation int) string { return fmt.Sprintf("refresh.%d.%d", f.id, generation) }

// find returns the family and the generation of a refresh token. The caller holds
// mu.
func (m *modelServer) find(token string) (f *family, generation int) {
	var id int
	if n, _ := fmt.Sscanf(token, "refresh.%d.%d", &id, &generation); n != 2 || id >= len(m.families) {
		return nil, 0
	}
	return m.families[id], generation
}

// familyOf is find for others.
func (m *modelServer) familyOf(token string) *family {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, _ := m.find(token)
	return f
}

// mayBeDead reports whether a connection of the family may be dead.
func (m *modelServer) mayBeDead(f *family) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return f.grantRevoked || f.reused && f.stolen
}

// refresh returns the generation to answer a refresh token with (S7.42 to S7.50).
func (f *family) refresh(generation int, now time.Time) (ok bool) {
	switch {
	case f.grantRevoked, f.reused, generation > f.generation:
		return false
	case generation == f.generation:
		f.retirements = append(f.retirements, now)
		f.generation++
		f.used = false
		return true
	case now.Sub(f.retirements[generation]) < modelGrace, generation == f.generation-1 && !f.used:
		return true
	}
	f.reused = true
	return false
}

func (m *modelServer) serve(r *http.Request, body string) *http.Response {
	m.mu.Lock()
	defer m.mu.Unlock()
	rec := httptest.NewRecorder()
	switch routeOf(r) {
	case refresh:
		m.serveRefresh(rec, r, body)
	case mint:
		if t := m.guard(rec, r, "access"); t.family != nil {
			t.family.used = t.family.used || t.generation == t.family.generation
			rec.WriteHeader(http.StatusCreated)
			fmt.Fprintf(rec, `{"token":%q,"token_type":"Bearer","expires_in":%d}`, m.issue("installation", t.family), m.lifetime/time.Second)
		}
	default:
		if t := m.guard(rec, r, "installation"); t.family != nil {
			io.WriteString(rec, "fine")
		}
	}
	resp := rec.Result()
	resp.Request = r
	return resp
}

func (m *modelServer) serveRefresh(w http.ResponseWriter, r *http.Request, body string) {
	form, _ := url.ParseQuery(body)
	f, generation := m.find(form.Get("refresh_token"))
	if f == nil || !f.refresh(generation, time.Now()) {
		bearergate.WriteError(w, r, &bearergate.Error{Code: bearergate.ErrInvalidGrant})
		return
	}
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":%d,"refresh_token":%q}`,
		m.issue("access", f), m.lifetime/time.Second, f.token(f.generation))
}

func (m *modelServer) issue(kind string, f *family) string {
	text := fmt.Sprintf("%s.%d", kind, len(m.tokens))
	m.tokens[text] = issued{f, f.generation, time.Now().Add(m.lifetime)}
	return text
}

// guard returns the token of a request, or answers.
func (m *modelServer) guard(w http.ResponseWriter, r *http.Request, kind string) issued {
	text := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	t := m.tokens[text]
	code := bearergate.Code("")
	switch {
	case t.family == nil, !strings.HasPrefix(text, kind), !time.Now().Before(t.ends), t.family.reused:
		code = bearergate.ErrInvalidToken
	case t.family.grantRevoked:
		code = bearergate.ErrGrantRevoked
	default:
		return t
	}
	bearergate.WriteError(w, r, &bearergate.Error{Code: code})
	return issued{}
}

// RoundTrip serves, unless a fault is due.
func (m *modelServer) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		text, _ := io.ReadAll(r.Body)
		r.Body.Close()
		body = string(text)
	}
	resp, err := m.faults.ofNetwork(r, func() *http.Response { return m.serve(r, body) })
	if resp != nil {
		m.bodies.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, open: &m.bodies}
	}
	return resp, err
}

// TestModelServer has the model keep the rules that the schedules rely on.
func TestModelServer(t *testing.T) {
	began := time.Now()
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	for _, c := range []struct {
		name string
		play func(f *family) bool
		want bool
	}{
		{"a living token", func(f *family) bool { return f.refresh(0, at(0)) }, true},
		{"within the grace", func(f *family) bool { f.refresh(0, at(0)); f.used = true; return f.refresh(0, at(29)) }, true},
		{"within the grace, two rotations ago", func(f *family) bool { f.refresh(0, at(0)); f.refresh(1, at(1)); return f.refresh(0, at(29)) }, true},
		{"after the grace, used", func(f *family) bool { f.refresh(0, at(0)); f.used = true; return f.refresh(0, at(31)) }, false},
		{"after the grace, not used", func(f *family) bool { f.refresh(0, at(0)); return f.refresh(0, at(3100)) }, true},
		{"after the grace, the successor was presented", func(f *family) bool { f.refresh(0, at(0)); f.refresh(1, at(40)); return f.refresh(0, at(80)) }, false},
		{"after reuse", func(f *family) bool { f.reused = true; return f.refresh(0, at(0)) }, false},
		{"never issued", func(f *family) bool { return f.refresh(1, at(0)) }, false},
	} {
		if got := c.play(new(family)); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}
