package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/pilotage/pilotage/functions"
)

func TestEveryFunctionIsServed(t *testing.T) {
	got, want := slices.Sorted(maps.Keys(needs())), slices.Sorted(maps.Keys(functions.Table(functions.World{})))
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// fields are the ports behind the fields of functions.World, and what they are made from.
func fields() map[string][]port {
	return map[string][]port{
		"Ledger": {portLedger}, "Settings": {portSettings}, "Catalog": {portCatalog},
		"Balancer": {portBalancer, portSettings, portLedger}, "Fleet": {portFleet, portBalancer, portSettings, portLedger},
		"Schema": {portSchema, portSettings, portLedger}, "Backups": {portBackups, portSettings, portLedger},
		"Caller": {portCaller, portSettings}, "Signals": {portSignals, portSettings}, "notifier": {portSender, portLedger},
		"desk": {portSender, portLedger, portTokens}, "clerk": {portLedger, portTokens}, "door": {portLedger}, "holds": {portLedger, portSettings, portArchive, portSender}, "Pipelines": {portPipelines}, "Jobs": {portPipelines}, "GitHub": {portGitHub},
		"Archive": {portArchive}, "Bus": {portBus}, "Secrets": {portSecrets}, "Tokens": {portTokens}, "Executions": {},
		"ApprovalURL": {portApproval}, "ApprovalSecret": {portApproval}, "Clock": {}, "NewID": {}, "log": {},
	}
}

// extra are ports that no field shows: what a port is asked for decides.
func extra() map[string][]port {
	return map[string][]port{
		"Intake": {portDeploy}, "PipelineJob": {portDeploy}, "Command": {portDeploy, portRollback}, "Watchdog": {portRollback},
		// A schema is changed by files, a slot is filled with an image.
		"Migrate": {portCatalog}, "Release": {portCatalog},
	}
}

// TestNeedsAreWhatTheTableGives reads functions.go: the fields of World that each entry of the
// table mentions, by itself or through a variable, are the ports that the function must have.
func TestNeedsAreWhatTheTableGives(t *testing.T) {
	entries := given(t)
	for name, got := range needs() {
		want := map[port]bool{}
		for _, p := range extra()[name] {
			want[p] = true
		}
		for field := range entries[name] {
			ports, known := fields()[field]
			if !known {
				t.Errorf("%s uses World.%s, which this test does not know", name, field)
			}
			for _, p := range ports {
				want[p] = true
			}
		}
		have := map[port]bool{}
		for _, p := range got {
			have[p] = true
		}
		if !maps.Equal(have, want) {
			t.Errorf("%s: got ports %v, want %v", name, slices.Sorted(maps.Keys(have)), slices.Sorted(maps.Keys(want)))
		}
	}
}

func given(t *testing.T) map[string]map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../functions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	variables, entries := map[string]map[string]bool{}, map[string]map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.AssignStmt:
			if name, ok := n.Lhs[0].(*ast.Ident); ok {
				variables[name.Name] = mentioned(n.Rhs[0], nil)
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.BasicLit); ok {
				if name, err := strconv.Unquote(key.Value); err == nil {
					entries[name] = mentioned(n.Value, variables)
				}
				return false
			}
		}
		return true
	})
	if len(entries) < 20 {
		t.Fatalf("found %d entries in the table only", len(entries))
	}
	return entries
}

// mentioned are the fields of the World w in an expression.
func mentioned(expression ast.Expr, variables map[string]map[string]bool) map[string]bool {
	found := map[string]bool{}
	ast.Inspect(expression, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && of.Name == "w" {
				found[n.Sel.Name] = true
			}
		case *ast.Ident:
			maps.Copy(found, variables[n.Name])
		}
		return true
	})
	return found
}
