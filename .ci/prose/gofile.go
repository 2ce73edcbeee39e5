package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// goFile returns the comments and the messages of a Go file.
func goFile(name, content string) ([]text, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil || ast.IsGenerated(f) {
		return nil, err
	}
	docComments := docsOf(f)
	room := path.Dir(name)
	var texts []text
	for _, group := range f.Comments {
		kind := others
		if docComments[group] {
			kind = docs
		}
		lines := comment(fset, group)
		if license(lines) {
			continue
		}
		texts = append(texts, text{kind, room, name, lines})
	}
	for _, literal := range messages(f) {
		if words, err := strconv.Unquote(literal.Value); err == nil && strings.Contains(words, " ") {
			number := fset.Position(literal.Pos()).Line
			texts = append(texts, text{others, room, name, []line{{number, strings.ReplaceAll(words, "\n", " ")}}})
		}
	}
	return texts, nil
}

// docsOf returns the comments of f that belong to its package clause, a
// declaration, a field or a method of an interface.
func docsOf(f *ast.File) map[*ast.CommentGroup]bool {
	docs := make(map[*ast.CommentGroup]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.File:
			docs[n.Doc] = true
		case *ast.FuncDecl:
			docs[n.Doc] = true
		case *ast.GenDecl:
			docs[n.Doc] = true
		case *ast.TypeSpec:
			docs[n.Doc], docs[n.Comment] = true, true
		case *ast.ValueSpec:
			docs[n.Doc], docs[n.Comment] = true, true
		case *ast.Field:
			docs[n.Doc], docs[n.Comment] = true, true
		}
		return true
	})
	return docs
}

// comment returns the lines of a comment without directives and code.
func comment(fset *token.FileSet, group *ast.CommentGroup) []line {
	var lines []line
	for _, c := range group.List {
		number := fset.Position(c.Pos()).Line
		if strings.HasPrefix(c.Text, "//") && !directive(c.Text) {
			lines = append(lines, prose(line{number, c.Text[2:]})...)
			continue
		}
		if body, ok := strings.CutPrefix(c.Text, "/*"); ok {
			for i, words := range strings.Split(strings.TrimSuffix(body, "*/"), "\n") {
				lines = append(lines, prose(line{number + i, words})...)
			}
		}
	}
	return lines
}

// prose returns nothing for code, which gofmt indents by a tab. A blank line ends a
// sentence.
func prose(l line) []line {
	if strings.HasPrefix(l.words, "\t") || strings.HasPrefix(l.words, " \t") {
		return nil
	}
	l.words = strings.TrimSpace(l.words)
	if l.words == "" {
		l.words = "."
	}
	return []line{l}
}

// directive reports whether a comment is for a tool: //go:embed, //nolint.
func directive(comment string) bool {
	rest := strings.TrimPrefix(comment, "//")
	colon := strings.Index(rest, ":")
	return strings.HasPrefix(rest, "nolint") ||
		colon > 0 && rest[0] != ' ' && !strings.ContainsAny(rest[:colon], " \t")
}

func license(lines []line) bool {
	return len(lines) > 0 && strings.HasPrefix(lines[0].words, "Copyright ")
}

// messages returns the strings in the arguments of errors.New, Errorf, panic and of
// the methods and functions that log or that fail a test.
func messages(f *ast.File) []*ast.BasicLit {
	var literals []*ast.BasicLit
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !speaks(call.Fun) {
			return true
		}
		for _, argument := range call.Args {
			ast.Inspect(argument, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && !slices.Contains(literals, l) {
					literals = append(literals, l)
				}
				return true
			})
		}
		return true
	})
	return literals
}

func speaks(function ast.Expr) bool {
	switch function := function.(type) {
	case *ast.Ident:
		return function.Name == "panic"
	case *ast.SelectorExpr:
		if pkg, ok := function.X.(*ast.Ident); ok && pkg.Name == "errors" {
			return function.Sel.Name == "New"
		}
		return slices.Contains([]string{
			"Errorf", "Error", "Fatal", "Fatalf", "Log", "LogAttrs", "Debug", "Info", "Warn",
			"ErrorContext", "DebugContext", "InfoContext", "WarnContext",
		}, function.Sel.Name)
	}
	return false
}
