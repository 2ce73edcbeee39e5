package main

import (
	"bytes"
	"io"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// commands returns the lines to paste that printCurl prints for an API that is
// being served.
func commands(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	base := "http://" + server.Listener.Addr().String()
	a := newTestAPIAt(t, base, time.Hour)
	server.Config.Handler = a.Handler()
	server.Start()
	var out bytes.Buffer
	printCurl(&out, base, a.issuer, acmeGrant)
	_, lines, _ := strings.Cut(out.String(), "TOKEN=")
	lines, _, _ = strings.Cut(lines, "The decision log follows")
	return "TOKEN=" + lines
}

func TestPastedCommandsAnswerAsExpected(t *testing.T) {
	for _, program := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	shell := exec.Command("sh")
	shell.Stdin = strings.NewReader(commands(t))
	shell.Stderr = io.Discard // curl's progress
	out, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	status := regexp.MustCompile(`HTTP/1\.1 (\d+)|expected: (\d+)`)
	for _, m := range status.FindAllStringSubmatch(string(out), -1) {
		if m[1] != "" {
			got = append(got, m[1])
		} else {
			want = append(want, m[2])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 9 {
		t.Errorf("answers (-expected +got):\n%s\n%s", diff, out)
	}
	for _, code := range []string{"missing_scope", "wrong_organization", "invalid_token", "invalid_grant", "grant_revoked"} {
		if !strings.Contains(string(out), `{"error":"`+code) {
			t.Errorf("no answer is %s:\n%s", code, out)
		}
	}
}
