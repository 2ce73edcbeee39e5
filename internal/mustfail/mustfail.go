// Package mustfail tests that a suite fails for a faulty implementation.
package mustfail

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const running = "BEARERGATE_MUST_FAIL"

// Run runs a test that must fail as the subtest name of a top-level test. The
// test runs in another process, since a failure fails all tests above it.
func Run(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		if os.Getenv(running) == name {
			test(t)
			return
		}
		t.Parallel()
		if output, err := again(t, name); err == nil || !strings.Contains(output, "--- FAIL") {
			t.Errorf("got a passing suite (%v), want it to fail:\n%s", err, output)
		}
	})
}

// again runs this test alone, in another process.
func again(t *testing.T, name string) (string, error) {
	function, _, _ := strings.Cut(t.Name(), "/")
	command := exec.Command(os.Args[0], "-test.timeout=60s", "-test.failfast", "-test.run", "^"+function+"$/^"+strings.ReplaceAll(name, " ", "_")+"$")
	command.Env = append(os.Environ(), running+"="+name)
	output, err := command.CombinedOutput()
	return string(output), err
}
