package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	silence()
	os.Exit(m.Run())
}

// ran is the report of all situations and peers.
var ran = sync.OnceValue(func() *report { return newReport(peers, situations()) })

func TestBearergateIsGoodOrSaysWhyNot(t *testing.T) {
	r := ran()
	for s := range r.situations() {
		c := r.cells[s][0]
		if (c.verdict == good) != (s.reason == "") {
			t.Errorf("%s\ngot %q (%v), want good without a reason, or a reason: %q", s.title, c.verdict, c.shown, s.reason)
		}
		if c.missing != "" {
			t.Errorf("%s\ngot no cell (%s), want one in each situation", s.title, c.missing)
		}
	}
}

func TestPageIsWhatTheProgramWrites(t *testing.T) {
	page, err := os.ReadFile("../../docs/comparison.md")
	if err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	writePage(&written, ran(), time.Now())
	if diff := cmp.Diff(undated(string(page)), undated(written.String())); diff != "" {
		t.Errorf("docs/comparison.md differs from this run (-page +run); run go run ./benchmarks/comparison >docs/comparison.md\n%s", diff)
	}
}

// undated returns the lines of a page without the date of the run.
func undated(page string) []string {
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, lastRun) {
			lines[i] = lastRun
		}
	}
	return lines
}

// TestPeersAreSetUpToWork holds since a peer that refuses everything would look good
// in many situations, and one that accepts everything in the others.
func TestPeersAreSetUpToWork(t *testing.T) {
	for _, p := range peers {
		if p.lacks[aToken] != "" {
			continue
		}
		trial := newTrial(p)
		defer trial.close()
		trial.setting.scope, trial.setting.organization = scope, true
		trial.start()
		if a := trial.get(trial.issuer.token(nil)); passes(a) != good {
			t.Errorf("%s answers %s to a good token, want it to pass", p.name, a.describe())
		}
		forged := keyOf("forger").sign(trial.issuer.key().header(), trial.issuer.payload(nil))
		for name, token := range map[string]string{"a forged": forged, "an expired": trial.issuer.token(claims{"exp": lastYear}), "no": ""} {
			if a := trial.get(token); refused(a) != good {
				t.Errorf("%s answers %s to %s token, want a refusal", p.name, a.describe(), name)
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	challenge := http.Header{"Www-Authenticate": {`Bearer realm="api"`}}
	for _, test := range []struct {
		name  string
		judge func(answer) verdict
		a     answer
		want  verdict
	}{
		{"a request passes", passes, answer{status: 200, handled: true}, good},
		{"a page of somebody else", passes, answer{status: 200}, hurts},
		{"a good token is refused", passes, answer{status: 401}, hurts},
		{"a bad token is refused", refused, answer{status: 401}, good},
		{"a bad token passes", refused, answer{status: 200, handled: true}, letsIn},
		{"the handler goes on behind a refusal", refused, answer{status: 401, handled: true}, letsIn},
		{"a bad token is a fault of the server", refused, answer{status: 500}, hurts},
		{"a refusal with an internal address", refused, answer{status: 401, body: "dial tcp 127.0.0.1:1"}, leaks},
		{"a fault of the server", serverFault, answer{status: 503}, good},
		{"a fault that is the client's", serverFault, answer{status: 401}, hurts},
		{"a fault that lets in", serverFault, answer{status: 200, handled: true}, letsIn},
		{"a fault with an internal address", serverFault, answer{status: 500, body: internalAddress}, leaks},
		{"an internal address in a header", serverFault, answer{status: 500, header: http.Header{"X-Cause": {internalAddress}}}, leaks},
		{"no answer", serverFault, answer{failure: "no answer"}, hurts},
		{"a challenge", challenged, answer{status: 401, header: challenge}, good},
		{"no challenge", challenged, answer{status: 401}, hurts},
		{"a challenge with another status", challenged, answer{status: 400, header: challenge}, hurts},
	} {
		if got := test.judge(test.a); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestWorstVerdictCounts(t *testing.T) {
	if got := worst(good, hurts, letsIn, leaks); got != letsIn {
		t.Errorf("got %q, want %q", got, letsIn)
	}
	if got := worst(good, hurts, leaks); got != leaks {
		t.Errorf("got %q, want %q", got, leaks)
	}
	if got := worst(good, good); got != good {
		t.Errorf("got %q, want %q", got, good)
	}
}

// TestPeerThatDoesNotStartHurts holds whether or not a situation expects it.
func TestPeerThatDoesNotStartHurts(t *testing.T) {
	broken := peer{name: "broken", protects: func(setting) (http.Handler, error) { return nil, errors.New("no keys") }}
	r := newReport([]peer{broken}, []theme{{situations: keyServerSituations}, {situations: credentialSituations}})
	for s := range r.situations() {
		got := r.cells[s][0]
		if diff := cmp.Diff(cell{verdict: hurts, short: []string{"no start"}, shown: []string{"does not start: no keys"}}, got, cmp.AllowUnexported(cell{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.title, diff)
		}
	}
}

// TestReasonsAreTrue tries what the reasons say of bearergate.
func TestReasonsAreTrue(t *testing.T) {
	panicking := bearergate.RequireToken(bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) { panic("no connection") }))
	recovered := ours
	recovered.protects = func(s setting) (http.Handler, error) {
		engine := gin.New()
		engine.Use(gin.Recovery())
		engine.Any("/orgs/:org/projects", gingate.Wrap(panicking), gin.WrapH(s.next))
		return engine, nil
	}
	if a := answerOf(t, recovered); a.status != http.StatusInternalServerError || a.handled {
		t.Errorf("got %s behind gin's Recovery, want 500", a.describe())
	}
	wrapped := ours
	wrapped.protects = func(s setting) (http.Handler, error) {
		guards, err := ourGuards(s)
		return wrapH(s, bearergate.Chain(guards...)), err
	}
	if a := answerOf(t, wrapped); refused(a) != letsIn {
		t.Errorf("got %s by gin.WrapH, want the handler to go on behind the refusal", a.describe())
	}
}

// answerOf returns the answer to a token that is none.
func answerOf(t *testing.T, p peer) answer {
	t.Helper()
	trial := newTrial(p)
	defer trial.close()
	trial.start()
	return trial.get("none")
}
