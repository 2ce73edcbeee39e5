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

// output is what the program prints, also while it renews in the background.
type output struct {
	mu sync.Mutex
	bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Buffer.Write(p)
}

func TestSyncSurvivesExpiryAndEndsWithTheGrant(t *testing.T) {
	base, access := quickstart(t)
	var out output
	if err := run(t.Context(), &out, base, 300, 10*time.Millisecond); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if n := strings.Count(out.String(), "/oauth/token 200"); n < 1 || !strings.Contains(out.String(), "300 of 300 pages") {
		t.Errorf("%d refreshes in three seconds:\n%s", n, &out)
	}

	time.AfterFunc(time.Second, func() {
		r, _ := http.NewRequestWithContext(context.Background(), http.MethodDelete, base+"/api/oauth-client/installations/grant-acme", nil)
		r.Header.Set("Authorization", "Bearer "+access)
		if resp, err := http.DefaultClient.Do(r); err != nil || resp.StatusCode != 204 {
			t.Errorf("revoking: %v, %v", resp, err)
		}
	})
	out.Reset()
	err := run(t.Context(), &out, base, 10_000, 10*time.Millisecond)
	if !errors.Is(err, bearergate.ErrGrantRevoked) && !errors.Is(err, bearergate.ErrInvalidGrant) || !strings.Contains(out.String(), "reconnect") {
		t.Errorf("got %v\n%s", err, &out)
	}
}
