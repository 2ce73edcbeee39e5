package browser

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// serveQuickstart builds and starts the quickstart, and returns its URL.
func serveQuickstart(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "quickstart")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	run(t, filepath.Join("..", "examples", "quickstart"), "go", "build", "-o", program, ".")
	command := exec.Command(program, "-addr", "127.0.0.1:0", "-db", filepath.Join(t.TempDir(), "app.db"))
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url := strings.TrimSpace(lines.Text()); strings.HasPrefix(url, "http://") && strings.HasSuffix(url, "/") {
			go func() {
				for lines.Scan() {
				}
			}()
			return url
		}
	}
	t.Fatal("the quickstart did not print the URL of the page")
	return ""
}

// needProgram returns the path of the first of the programs that is there. Without one it
// skips the test, except in CI.
func needProgram(t *testing.T, install string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("needs %s: %s", names[0], install)
	}
	t.Skipf("needs %s: %s", names[0], install)
	return ""
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	output, err := try(dir, name, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
	return output
}

func try(dir, name string, args ...string) (string, error) {
	command := exec.Command(name, args...)
	command.Dir = dir
	output, err := command.CombinedOutput()
	return string(output), err
}
