package bearergate_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// codeSpan is a path or an identifier in CONTRIBUTING.md; commands have spaces.
var codeSpan = regexp.MustCompile("`([\\w./]+)`")

func TestContributingNamesWhatExists(t *testing.T) {
	_, names := codeTree(t)
	names["http.Handler"] = true // of the standard library
	for _, span := range codeSpan.FindAllStringSubmatch(readFile(t, "CONTRIBUTING.md"), -1) {
		if _, err := os.Stat(span[1]); err != nil && !names[span[1]] {
			t.Errorf("got %q in CONTRIBUTING.md, want a path or a name of this repository", span[1])
		}
	}
}

func TestContributingMapHasEveryPackage(t *testing.T) {
	directories, _ := codeTree(t)
	_, page, _ := strings.Cut(readFile(t, "CONTRIBUTING.md"), "\n## The map\n")
	page, _, _ = strings.Cut(page, "\n## ")
	var got []string
	for line := range strings.Lines(page) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, span := range codeSpan.FindAllStringSubmatch(cells[1], -1) {
				got = append(got, span[1])
			}
		}
	}
	for _, directory := range directories {
		if !slices.Contains(got, directory) {
			t.Errorf("got no line for %s in the map of CONTRIBUTING.md", directory)
		}
	}
}

// codeTree returns the directories that have Go files, and the names that these
// declare, bare and with their packages.
func codeTree(t *testing.T) (directories []string, names map[string]bool) {
	t.Helper()
	names = make(map[string]bool)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir(), filepath.Ext(path) != ".go":
			return nil
		}
		directories = append(directories, filepath.ToSlash(filepath.Dir(path)))
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, name := range declared(file) {
			names[name], names[file.Name.Name+"."+name] = true, true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(directories)
	return slices.Compact(directories), names
}

// declared returns the names of a file's functions, methods, types and values.
func declared(file *ast.File) (names []string) {
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				names = append(names, namesOf(spec)...)
			}
		}
	}
	return names
}

func namesOf(spec ast.Spec) (names []string) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		names = append(names, s.Name.Name)
	case *ast.ValueSpec:
		for _, name := range s.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
