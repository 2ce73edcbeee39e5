package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// errBroken is a program that does not compile.
var errBroken = errors.New("does not compile")

// builder compiles tests with other files in place of those of the repository.
type builder struct {
	dir string // for what it writes
}

// build compiles the tests of the packages, and returns the program of each.
func (b builder) build(files map[string][]byte, packages []string) (map[string]string, error) {
	overlay, err := b.overlay(files)
	if err != nil {
		return nil, err
	}
	programs := make(map[string]string)
	for i, name := range packages {
		programs[name] = filepath.Join(b.dir, fmt.Sprintf("%d.test", i))
		output, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", programs[name], name).CombinedOutput()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("%w: %s", errBroken, output)
		}
		if err != nil {
			return nil, err
		}
	}
	return programs, nil
}

// overlay writes the files, and the one that names them for the compiler.
func (b builder) overlay(files map[string][]byte) (string, error) {
	replace := make(map[string]string)
	for name, text := range files {
		original, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		replace[original] = filepath.Join(b.dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(replace[original], text, 0o600); err != nil {
			return "", err
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(b.dir, "overlay.json")
	return name, os.WriteFile(name, data, 0o600)
}
