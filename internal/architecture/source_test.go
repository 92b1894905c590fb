package architecture

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// rule looks for one kind of defect in a file. What is exempt is by path, with the reason beside.
type rule struct {
	name   string
	exempt []string
	look   func(source) []string
}

func rules() []rule {
	return []rule{
		{"nothing sleeps", nil, sleeps},
		{"no init functions", nil, inits},
		{"time comes from a clock", []string{
			"shared/clock/clock.go",    // It is the clock.
			"local/router/upstream.go", // Deadlines of network connections are the kernel's time.
			"local/report/view.go",     // The default of an option.
			"examples/",                // Another product, which has no clock.
		}, reads},
		{"no package variables", []string{
			"local/postgres/pgtest/pgtest.go", // The one server that the tests of a package share.
		}, variables},
		{"functions stop at 60 lines", nil, lengths},
	}
}

// TestHouseRules holds every file to the rules.
func TestHouseRules(t *testing.T) {
	sources := files(t)
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			for _, s := range sources {
				if slices.ContainsFunc(r.exempt, func(e string) bool { return strings.HasPrefix(s.path, e) }) {
					continue
				}
				for _, defect := range r.look(s) {
					t.Error(defect)
				}
			}
		})
	}
}

// TestExemptionsAreNeeded refuses exemptions of files that keep the rule, or are gone.
func TestExemptionsAreNeeded(t *testing.T) {
	sources := files(t)
	for _, r := range rules() {
		for _, exempt := range r.exempt {
			if !slices.ContainsFunc(sources, func(s source) bool { return strings.HasPrefix(s.path, exempt) && len(r.look(s)) > 0 }) {
				t.Errorf("%s: %s needs no exemption", r.name, exempt)
			}
		}
	}
}

// sleeps finds calls of time.Sleep, tests in virtual time excepted.
func sleeps(s source) []string {
	if s.isTest() && s.virtual {
		return nil
	}
	return uses(s, "time", "Sleep")
}

// reads finds product code that asks package time for the time. Tests may measure, and a program
// is where the clock is chosen.
func reads(s source) []string {
	if s.isTest() || s.isProgram() {
		return nil
	}
	return slices.Concat(uses(s, "time", "Now"), uses(s, "time", "Since"), uses(s, "time", "Until"))
}

func inits(s source) []string {
	var found []string
	for _, declaration := range s.file.Decls {
		if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			found = append(found, s.at(f, "func init"))
		}
	}
	return found
}

// variables finds package variables in product code, those excepted that nothing can change in
// practice: sentinel errors, embedded files, and proofs that a type implements an interface.
func variables(s source) []string {
	if s.isTest() {
		return nil
	}
	var found []string
	for _, declaration := range s.file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			one := spec.(*ast.ValueSpec)
			if !embeds(group.Doc) && !embeds(one.Doc) && one.Names[0].Name != "_" && !sentinel(one) {
				found = append(found, s.at(one, "var %s", one.Names[0].Name))
			}
		}
	}
	return found
}

func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// sentinel reports var errX = errors.New(…), and fmt.Errorf likewise.
func sentinel(one *ast.ValueSpec) bool {
	named := strings.HasPrefix(one.Names[0].Name, "err") || strings.HasPrefix(one.Names[0].Name, "Err")
	if !named || len(one.Values) != 1 {
		return false
	}
	call, ok := one.Values[0].(*ast.CallExpr)
	return ok && (selects(call.Fun, "errors", "New") || selects(call.Fun, "fmt", "Errorf"))
}

// lengths finds functions of more than 60 lines, tests excepted: tables are long.
func lengths(s source) []string {
	if s.isTest() {
		return nil
	}
	var found []string
	for _, declaration := range s.file.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		if lines := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; lines > 60 {
			found = append(found, s.at(f, "func %s has %d lines", f.Name.Name, lines))
		}
	}
	return found
}

// uses finds package.name, called or passed on.
func uses(s source, pkg, name string) []string {
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok && selects(e, pkg, name) {
			found = append(found, s.at(n, "%s.%s", pkg, name))
		}
		return true
	})
	return found
}

func selects(e ast.Expr, pkg, name string) bool {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	x, ok := selector.X.(*ast.Ident)
	return ok && x.Name == pkg
}
