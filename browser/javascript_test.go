package browser

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// modules returns a copy of the directory javascript with its modules.
func modules(t *testing.T) string {
	t.Helper()
	needProgram(t, "https://nodejs.org, 20 or newer", "node")
	needProgram(t, "https://nodejs.org, 20 or newer", "npm")
	directory := filepath.Join(t.TempDir(), "javascript")
	if err := os.CopyFS(directory, os.DirFS("javascript")); err != nil {
		t.Fatal(err)
	}
	run(t, directory, "npm", "ci", "--no-audit", "--no-fund")
	return directory
}

// testOpenAPI has a validator read the document, and the same with a mistake.
func testOpenAPI(t *testing.T, url, directory string) {
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	served, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	document := string(served)
	for _, c := range []struct {
		name, document string
		valid          bool
	}{
		{"as it is", document, true},
		{"without a scheme", strings.Replace(document, `"scheme": "bearer"`, `"schema": "bearer"`, 1), false},
	} {
		file := filepath.Join(directory, "openapi.json")
		if err := os.WriteFile(file, []byte(c.document), 0o666); err != nil {
			t.Fatal(err)
		}
		output, err := try(directory, "node", "validate.mjs", file)
		if (err == nil) != c.valid || c.valid && !strings.Contains(output, "valid: 3.1") {
			t.Errorf("%s: got %v, %s; want valid: %t", c.name, err, output, c.valid)
		}
	}
}

func readFile(t *testing.T, parts ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
