package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// repository returns the prose of all Go files under root, apart from tests and
// generated files, and of its documentation.
func repository(root string) ([]text, error) {
	var texts []text
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skipped(root, path, entry.Name())
		}
		found, err := file(root, path)
		texts = append(texts, found...)
		return err
	})
	return texts, err
}

func skipped(root, path, name string) error {
	hidden := strings.HasPrefix(name, ".") && name != ".ci"
	if path != root && (hidden || name == "testdata" || name == "node_modules") {
		return fs.SkipDir
	}
	return nil
}

func file(root, path string) ([]text, error) {
	name, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	name = filepath.ToSlash(name)
	parse := goFile
	switch {
	case documentation(name):
		parse = markdown
	case !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"):
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(name, string(content))
}

func documentation(name string) bool {
	return slices.Contains([]string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md"}, name) ||
		strings.HasPrefix(name, "docs/") && strings.HasSuffix(name, ".md")
}
