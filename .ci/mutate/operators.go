package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// mutate returns the mutants of a file, in the order of the file.
func mutate(name string, source []byte) ([]mutant, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	p := &places{name: name, source: source, fset: fset, decides: make(map[ast.Expr]bool), headers: make(map[ast.Node]bool)}
	for _, declaration := range file.Decls {
		p.function = declared(declaration)
		if f, ok := declaration.(*ast.FuncDecl); ok {
			p.entered(f.Type, f.Body)
		}
		ast.Inspect(declaration, p.visit)
	}
	return p.found, nil
}

func packageName(source []byte) string {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.PackageClauseOnly)
	if err != nil {
		return ""
	}
	return file.Name.Name
}

func declared(declaration ast.Decl) string {
	f, ok := declaration.(*ast.FuncDecl)
	if !ok {
		return "declarations"
	}
	if f.Recv == nil {
		return f.Name.Name
	}
	return receiver(f.Recv.List[0].Type) + "." + f.Name.Name
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return "?"
}

// places collects the mutants of one file.
type places struct {
	name     string
	source   []byte
	fset     *token.FileSet
	function string
	found    []mutant
	decides  map[ast.Expr]bool // the conditions and sides that have mutants already
	headers  map[ast.Node]bool // the statements in the header of another
}

func (p *places) offset(pos token.Pos) int { return p.fset.Position(pos).Offset }

func (p *places) text(n ast.Node) string {
	return string(p.source[p.offset(n.Pos()):p.offset(n.End())])
}

// add adds the mutant that has text in place of the source between from and to.
func (p *places) add(from, to token.Pos, kind, text string) *mutant {
	p.found = append(p.found, mutant{
		file: p.name, nth: len(p.found), line: p.fset.Position(from).Line, function: p.function, kind: kind,
		source: p.source, change: edit{p.offset(from), p.offset(to), text},
	})
	return &p.found[len(p.found)-1]
}

// value adds the mutant of an expression that has a text of its own. The guards
// before and after make the same of it.
func (p *places) value(e ast.Expr, kind, text, before, after string) {
	m := p.add(e.Pos(), e.End(), kind, text)
	m.guarded = guard{m.change.from, m.change.to, before, after}
}

func (p *places) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.FuncLit:
		p.entered(n.Type, n.Body)
	case *ast.IfStmt:
		p.headers[n.Init] = true
		p.condition(n.Cond)
	case *ast.ForStmt:
		p.headers[n.Init], p.headers[n.Post] = true, true
		if n.Cond != nil {
			p.value(n.Cond, "no loop", "false", "!# && (", ")")
		}
	case *ast.SwitchStmt:
		p.headers[n.Init] = true
		p.cases(n.Body, n.Tag == nil)
	case *ast.CommClause:
		p.headers[n.Comm] = true
	case *ast.TypeSwitchStmt:
		p.cases(n.Body, false)
	case *ast.BinaryExpr:
		p.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT && !p.decides[n] {
			p.value(n, "no !", p.text(n.X), "(# != (", "))")
		}
	case *ast.Ident:
		p.truth(n)
	case *ast.BasicLit:
		p.literal(n)
	case *ast.ExprStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt, *ast.IncDecStmt, *ast.BranchStmt:
		p.drop(n, n.End(), "")
	case *ast.AssignStmt:
		p.assignment(n)
	}
	return true
}

// condition replaces a condition by each of its values. That finds more than its
// negation: a test that sees one of these sees the negation too.
func (p *places) condition(cond ast.Expr) {
	p.decides[cond] = true
	p.value(cond, "never", "false", "!# && (", ")")
	p.value(cond, "always", "true", "# || (", ")")
}

func (p *places) cases(body *ast.BlockStmt, conditions bool) {
	for _, statement := range body.List {
		clause := statement.(*ast.CaseClause)
		if clause.List != nil && !conditions {
			p.add(clause.Pos(), clause.End(), "no case", "")
			continue
		}
		for _, cond := range clause.List {
			p.condition(cond)
		}
	}
}

// binary drops either side of && and ||, which finds more than the exchange of
// the two, and moves the bounds of comparisons.
func (p *places) binary(n *ast.BinaryExpr) {
	x, y := p.text(n.X), p.text(n.Y)
	switch n.Op {
	case token.LAND, token.LOR:
		before := map[token.Token]string{token.LAND: "(# || (", token.LOR: "(!# && ("}[n.Op]
		p.decides[n.X], p.decides[n.Y] = true, true
		p.side(n, n.Y, "left side of "+n.Op.String(), x, before)
		p.side(n, n.X, "right side of "+n.Op.String(), y, before)
	case token.EQL, token.NEQ:
		if !p.decides[n] {
			p.value(n, n.Op.String()+" turned", x+slips[n.Op]+y, "(# != (", "))")
		}
	case token.LSS, token.GTR:
		p.value(n, "bound of "+n.Op.String(), x+slips[n.Op]+y, "(", " || # && "+x+" == "+y+")")
	case token.LEQ, token.GEQ:
		p.value(n, "bound of "+n.Op.String(), x+slips[n.Op]+y, "(", " && !(# && "+x+" == "+y+"))")
	case token.ADD, token.SUB:
		p.add(n.Pos(), n.End(), n.Op.String()+" turned", x+slips[n.Op]+y)
	}
}

// side adds the mutant of a condition without one of its sides.
func (p *places) side(n *ast.BinaryExpr, without ast.Expr, kind, text, before string) {
	m := p.add(n.Pos(), n.End(), kind, text)
	m.guarded = guard{p.offset(without.Pos()), p.offset(without.End()), before, "))"}
}

var slips = map[token.Token]string{
	token.LSS: " <= ", token.LEQ: " < ", token.GTR: " >= ", token.GEQ: " > ",
	token.EQL: " != ", token.NEQ: " == ", token.ADD: " - ", token.SUB: " + ",
}

func (p *places) truth(n *ast.Ident) {
	switch n.Name {
	case "true":
		p.value(n, "true to false", "false", "(# != ", ")")
	case "false":
		p.value(n, "false to true", "true", "(# != ", ")")
	}
}

func (p *places) literal(n *ast.BasicLit) {
	if i, err := strconv.ParseInt(n.Value, 0, 64); n.Kind == token.INT && err == nil {
		p.add(n.Pos(), n.End(), "off by one", strconv.FormatInt(i+1, 10))
	}
}

// assignment keeps the right side of an assignment, so that its variables are used.
func (p *places) assignment(n *ast.AssignStmt) {
	switch {
	case n.Tok == token.DEFINE || blank(n.Lhs):
	case n.Tok == token.ASSIGN:
		p.drop(n, n.Lhs[len(n.Lhs)-1].End(), strings.TrimSuffix(strings.Repeat("_, ", len(n.Lhs)), ", "))
	default:
		p.drop(n, n.End(), "_ = "+p.text(n.Rhs[0]))
	}
}

// drop adds the mutant without a statement, whose source up to end becomes text.
func (p *places) drop(statement ast.Node, end token.Pos, text string) {
	m := p.add(statement.Pos(), end, "no statement", text)
	if p.headers[statement] || isPanic(statement) { // an if cannot be there, or misses a return
		return
	}
	m.guarded = guard{p.offset(statement.Pos()), p.offset(statement.End()), "if !# { ", " }"}
}

func isPanic(n ast.Node) bool {
	statement, ok := n.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := statement.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	name, ok := call.Fun.(*ast.Ident)
	return ok && name.Name == "panic"
}

func blank(left []ast.Expr) bool {
	for _, e := range left {
		if name, ok := e.(*ast.Ident); !ok || name.Name != "_" {
			return false
		}
	}
	return true
}

// entered adds the mutant that returns zero values at once, and those that return
// no error.
func (p *places) entered(signature *ast.FuncType, body *ast.BlockStmt) {
	if body == nil || len(body.List) == 0 {
		return
	}
	zeros := p.zeros(signature)
	all := strings.Join(zeros, ", ")
	m := p.add(body.Lbrace+1, body.Lbrace+1, "returns at once", " return "+all+"; ")
	m.guarded = guard{m.change.from, m.change.to, " if # { return " + all + " }; ", ""}
	if len(zeros) == 0 || zeros[len(zeros)-1] != "*new(error)" {
		return
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == len(zeros) {
			p.noError(r)
		}
		_, isFunction := n.(*ast.FuncLit)
		return !isFunction
	})
}

// noError adds the mutant of a return without its error.
func (p *places) noError(r *ast.ReturnStmt) {
	last := r.Results[len(r.Results)-1]
	if name, ok := last.(*ast.Ident); ok && name.Name == "nil" {
		return
	}
	m := p.add(last.Pos(), last.End(), "no error", "nil")
	without := string(p.source[p.offset(r.Pos()):m.change.from]) + "nil"
	m.guarded = guard{p.offset(r.Pos()), p.offset(r.Pos()), "if # { " + without + " }; ", ""}
}

// zeros returns the zero values of a function's results.
func (p *places) zeros(signature *ast.FuncType) (values []string) {
	if signature.Results == nil {
		return nil
	}
	for _, field := range signature.Results.List {
		for range max(1, len(field.Names)) {
			values = append(values, "*new("+p.text(field.Type)+")")
		}
	}
	return values
}
