package reference

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/bearergate/bearergate"
)

// answer is an error answer as it comes over the wire.
type answer struct {
	Header map[string]string `json:"headers"`
	Body   string            `json:"body"`

	status int
}

// Names returns the names of the header fields in order.
func (a answer) Names() []string { return slices.Sorted(maps.Keys(a.Header)) }

func (a answer) contentType() string { return a.Header["Content-Type"] }

// answers gets the answers from the guards themselves.
type answers struct {
	configure bearergate.Middleware
	scope     string
}

func newAnswers(c bearergate.Config, scope string) (*answers, error) {
	c.Observer = bearergate.LogDecisions(slog.New(slog.DiscardHandler))
	configure, err := bearergate.Configure(c)
	return &answers{configure, scope}, err
}

// answer returns the answer with the code: that of a guarded route or, for the codes
// of the token endpoint, that of an endpoint.
func (a *answers) answer(code bearergate.Code) answer {
	refusal := &bearergate.Error{Code: code}
	if code == bearergate.ErrMissingScope {
		refusal.Required = a.scope
	}
	authorization, handler := "Bearer token", bearergate.RequireToken(refuseTokens(refusal))(nothing())
	if ofTokenEndpoint(code) {
		authorization, handler = "Basic Y2xpZW50OnNlY3JldA==", refuseAll(refusal)
	}
	r, _ := http.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("Authorization", authorization)
	w := recorder{header: make(http.Header)}
	a.configure(handler).ServeHTTP(&w, r)
	return w.answer()
}

// check returns a fault if the answer has another status than the code, since clients act
// on the two together.
func (a answer) check(code bearergate.Code) error {
	if a.status == code.Status() {
		return nil
	}
	return fmt.Errorf("Config.Answers.ErrorWriter answers %s with the status %d; write %d", code, a.status, code.Status())
}

func ofTokenEndpoint(code bearergate.Code) bool {
	return code == bearergate.ErrInvalidGrant || code == bearergate.ErrInvalidClient
}

func refuseTokens(err error) bearergate.Verifier {
	return bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) { return nil, err })
}

func refuseAll(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { bearergate.Refuse(w, r, err) })
}

func nothing() http.Handler { return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) }

// recorder is a ResponseWriter that keeps an answer, as net/http sends it.
type recorder struct {
	header http.Header
	sent   http.Header // nil before WriteHeader
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.sent == nil {
		r.status, r.sent = status, r.header.Clone()
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if _, ok := r.sent["Content-Type"]; !ok {
		r.sent.Set("Content-Type", http.DetectContentType(b))
	}
	return r.body.Write(b)
}

func (r *recorder) answer() answer {
	r.WriteHeader(http.StatusOK)
	a := answer{make(map[string]string), r.body.String(), r.status}
	for name, values := range r.sent {
		if name != "Content-Length" {
			a.Header[name] = strings.Join(values, ", ")
		}
	}
	return a
}
