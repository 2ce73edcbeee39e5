package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// quickstart starts the API, with tokens that live two seconds, and returns
// where it is and an access token that lives longer.
func quickstart(t *testing.T) (base, access string) {
	program := filepath.Join(t.TempDir(), "quickstart.exe") // a name that Windows runs, too
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = "../quickstart" // which is a module
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	command := exec.Command(program, "-addr", "127.0.0.1:0", "-lifetime", "2s")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill(); command.Wait() })
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if m := regexp.MustCompile(`^Serving on (\S+) `).FindStringSubmatch(lines.Text()); m != nil {
			base = m[1]
		}
		if token, ok := strings.CutPrefix(lines.Text(), "ACCESS="); ok {
			return base, token
		}
	}
	t.Fatal("the quickstart did not serve")
	return "", ""
}

// log is what the program prints, from several goroutines.
type log struct {
	mu      sync.Mutex
	written bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.Write(p)
}

func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.String()
}

func TestSyncSurvivesExpiryAndEndsWithTheGrant(t *testing.T) {
	base, access := quickstart(t)
	var out log
	if err := run(t.Context(), &out, base, 300, 10*time.Millisecond); err != nil {
		t.Fatalf("%v\n%s", err, out.text())
	}
	if n := strings.Count(out.text(), "/oauth/token 200"); n < 1 || !strings.Contains(out.text(), "300 of 300 pages") {
		t.Errorf("%d refreshes in three seconds:\n%s", n, out.text())
	}

	time.AfterFunc(time.Second, func() {
		r, _ := http.NewRequestWithContext(context.Background(), http.MethodDelete, base+"/api/oauth-client/installations/grant-acme", nil)
		r.Header.Set("Authorization", "Bearer "+access)
		if resp, err := http.DefaultClient.Do(r); err != nil || resp.StatusCode != 204 {
			t.Errorf("revoking: %v, %v", resp, err)
		}
	})
	var last log
	err := run(t.Context(), &last, base, 10_000, 10*time.Millisecond)
	for began := time.Now(); !strings.Contains(last.text(), "reconnect") && time.Since(began) < 5*time.Second; {
		time.Sleep(time.Millisecond) // the client reports a death in a goroutine of its own
	}
	if !errors.Is(err, bearergate.ErrGrantRevoked) && !errors.Is(err, bearergate.ErrInvalidGrant) || !strings.Contains(last.text(), "reconnect") {
		t.Errorf("got %v\n%s", err, last.text())
	}
}
