package browser

import (
	"os"
	"path/filepath"
	"testing"
)

// modules returns a copy of the directory javascript with its modules.
func modules(t *testing.T) string {
	t.Helper()
	needProgram(t, "node", "https://nodejs.org, 20 or newer")
	needProgram(t, "npm", "https://nodejs.org, 20 or newer")
	directory := filepath.Join(t.TempDir(), "javascript")
	if err := os.CopyFS(directory, os.DirFS("javascript")); err != nil {
		t.Fatal(err)
	}
	run(t, directory, "npm", "ci", "--no-audit", "--no-fund")
	return directory
}

// axe returns the script of axe-core.
func axe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(modules(t), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}
