// Circle prints the largest circle of files of a package: files that each need
// another to compile, and so can only be read together. It fails if the circle is
// larger than -most.
//
//	go run ./.ci/circle -most 4 .
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	most := flag.Int("most", 4, "how many `files` the circle may have")
	flag.Parse()
	uses, err := references(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	circle := largestCircle(uses)
	fmt.Printf("the largest circle has %d of %d files: %s\n", len(circle), len(uses), strings.Join(circle, " "))
	if len(circle) > *most {
		os.Exit(1)
	}
}

// references returns which files of the package in dir use what which others
// declare.
func references(dir string) (map[string]map[string]bool, error) {
	exports, err := exportFiles(dir)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	files, err := parse(fset, dir)
	if err != nil {
		return nil, err
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", lookup)}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	pkg, err := config.Check(dir, fset, files, info)
	if err != nil {
		return nil, err
	}
	file := func(p token.Pos) string { return filepath.Base(fset.Position(p).Filename) }
	uses := make(map[string]map[string]bool)
	for _, f := range files {
		uses[file(f.Pos())] = make(map[string]bool)
	}
	for ident, object := range info.Uses {
		from, to := file(ident.Pos()), file(object.Pos())
		if object.Pkg() == pkg && from != to {
			uses[from][to] = true
		}
	}
	return uses, nil
}

// exportFiles returns where the compiler's export data of the package's
// dependencies is.
func exportFiles(dir string) (map[string]string, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", ".")
	list.Dir, list.Stderr = dir, os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	exports := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		if path, export, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			exports[path] = export
		}
	}
	return exports, nil
}

func parse(fset *token.FileSet, dir string) ([]*ast.File, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// largestCircle returns the most files that all reach each other.
func largestCircle(uses map[string]map[string]bool) []string {
	reached := make(map[string]map[string]bool)
	for file := range uses {
		reached[file] = make(map[string]bool)
		reach(uses, file, reached[file])
	}
	var largest []string
	for _, file := range slices.Sorted(maps.Keys(uses)) {
		var circle []string
		for _, other := range slices.Sorted(maps.Keys(reached[file])) {
			if reached[other][file] {
				circle = append(circle, other)
			}
		}
		if len(circle) > len(largest) {
			largest = circle
		}
	}
	return largest
}

func reach(uses map[string]map[string]bool, file string, seen map[string]bool) {
	for next := range uses[file] {
		if !seen[next] {
			seen[next] = true
			reach(uses, next, seen)
		}
	}
}
