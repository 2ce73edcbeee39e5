package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOAuth4WebAPI runs a client that is written in JavaScript.
func TestOAuth4WebAPI(t *testing.T) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skipf("needs %s, of Node.js 20 or newer: https://nodejs.org", program)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "flow.js"} {
		text, err := os.ReadFile(filepath.Join("oauth4webapi", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		command := exec.Command(name, args...)
		command.Dir = dir
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, output)
		}
		return string(output)
	}
	run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund")
	if output := run("node", "flow.js", newServer(t).URL, secret); !strings.Contains(output, "complete") {
		t.Error(output)
	}
}
