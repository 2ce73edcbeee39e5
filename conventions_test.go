package bearergate_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sources returns the parsed files of all packages of the repository that others
// can import, without tests.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := make(map[string]*ast.File)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || slices.Contains([]string{"testdata", "node_modules", "examples", "benchmarks", "browser", "interop", "engines"}, entry.Name())):
			return fs.SkipDir
		case entry.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("got %d files, want the whole repository", len(files))
	}
	return files
}

// TestNoPackageExportsAVariable holds since anybody could change one for all.
func TestNoPackageExportsAVariable(t *testing.T) {
	for path, file := range sources(t) {
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.VAR {
				continue
			}
			for _, spec := range general.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if name.IsExported() {
						t.Errorf("%s: got the exported variable %s, want a constant or a function", path, name)
					}
				}
			}
		}
	}
}

// TestInterfaceOfOneMethodHasAFunctionType holds so that a closure is enough to
// implement one.
func TestInterfaceOfOneMethodHasAFunctionType(t *testing.T) {
	types := make(map[string]ast.Expr) // by directory and name
	for path, file := range sources(t) {
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.TYPE {
				continue
			}
			for _, spec := range general.Specs {
				s := spec.(*ast.TypeSpec)
				types[filepath.Join(filepath.Dir(path), s.Name.Name)] = s.Type
			}
		}
	}
	found := 0
	for name, expr := range types {
		if !ast.IsExported(filepath.Base(name)) || !hasOneExportedMethod(expr) {
			continue
		}
		found++
		if _, ok := types[name+"Func"].(*ast.FuncType); !ok {
			t.Errorf("%s has one method, want the function type %sFunc", name, filepath.Base(name))
		}
	}
	if found < 4 {
		t.Errorf("got %d interfaces of one method, want those of Verifier, GrantStore, Limiter and ClientStore at least", found)
	}
}

func hasOneExportedMethod(t ast.Expr) bool {
	i, ok := t.(*ast.InterfaceType)
	return ok && len(i.Methods.List) == 1 && len(i.Methods.List[0].Names) == 1 && i.Methods.List[0].Names[0].IsExported()
}

// TestOneFunctionNamesGoLimiter holds that no other part of the exported API has a
// type of go-limiter's.
func TestOneFunctionNamesGoLimiter(t *testing.T) {
	var got []string
	for path, file := range sources(t) {
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && namesLimiter(d.Type) {
					got = append(got, path+" "+d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() && exportsLimiter(s.Type) {
						got = append(got, path+" "+s.Name.Name)
					}
				}
			}
		}
	}
	if want := []string{"storelimiter.go NewStoreLimiter"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// exportsLimiter reports whether a type has a visible part of go-limiter's.
func exportsLimiter(t ast.Expr) bool {
	s, ok := t.(*ast.StructType)
	if !ok {
		return namesLimiter(t)
	}
	return slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool {
		visible := len(f.Names) == 0 || slices.ContainsFunc(f.Names, (*ast.Ident).IsExported)
		return visible && namesLimiter(f.Type)
	})
}

func namesLimiter(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if ok {
			pkg, isIdent := s.X.(*ast.Ident)
			found = found || isIdent && (pkg.Name == "limiter" || pkg.Name == "memorystore")
		}
		return true
	})
	return found
}
