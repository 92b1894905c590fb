package yamlfile

import (
	"errors"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// MaxBytes is the largest file that is read.
const MaxBytes = 1 << 20

// maxNodes bounds the values of a file with its aliases expanded, each as often as it is used.
const maxNodes = 20_000

// parse turns text into nodes. It never panics: what the YAML library does not survive is
// reported as a problem of the file.
func parse(source []byte) (root node, problems []Problem) {
	start := Position{Line: 1, Column: 1}
	defer func() {
		if cause := recover(); cause != nil {
			problems = []Problem{problem(start, "this is no YAML that can be read: %v", cause)}
		}
	}()
	tokens, err := tokenize(source)
	if err != nil {
		return node{}, []Problem{problem(start, "%v", err)}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return node{}, []Problem{syntaxProblem(err)}
	}
	build := builder{anchors: map[string]ast.Node{}}
	root = node{kind: mappingKind, at: start}
	bodies := 0
	for _, document := range file.Docs {
		if blank(document.Body) {
			continue
		}
		if bodies++; bodies > 1 {
			build.refuse(place(document.Body), "a second document begins here; keep one a file")
			break
		}
		root = build.node(start, document.Body)
	}
	return root, build.problems
}

// syntaxProblem puts an error of the YAML library into our form.
func syntaxProblem(err error) Problem {
	at := Position{Line: 1, Column: 1}
	var located yaml.Error
	if !errors.As(err, &located) {
		return problem(at, "this is no YAML: %v", err)
	}
	if token := located.GetToken(); token != nil && token.Position != nil {
		at = Position{Line: token.Position.Line, Column: token.Position.Column}
	}
	return problem(at, "this is no YAML: %s", located.GetMessage())
}

// blank reports whether a document has nothing but comments.
func blank(body ast.Node) bool {
	switch body.(type) {
	case nil, *ast.CommentNode, *ast.CommentGroupNode, *ast.DirectiveNode:
		return true
	}
	return false
}

// place is where a node begins.
func place(of ast.Node) Position {
	if of == nil || of.GetToken() == nil || of.GetToken().Position == nil {
		return Position{Line: 1, Column: 1}
	}
	token := of.GetToken()
	if entry, isEntry := of.(*ast.MappingValueNode); isEntry {
		token = entry.Key.GetToken()
	}
	if block, isMapping := of.(*ast.MappingNode); isMapping && !block.IsFlowStyle && len(block.Values) > 0 {
		token = block.Values[0].Key.GetToken()
	}
	return Position{Line: token.Position.Line, Column: token.Position.Column}
}
