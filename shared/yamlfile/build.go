package yamlfile

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

// builder makes nodes of the syntax tree.
type builder struct {
	anchors  map[string]ast.Node
	nodes    int
	problems []Problem
}

func (b *builder) refuse(at Position, format string, args ...any) node {
	b.problems = append(b.problems, problem(at, format, args...))
	return node{kind: emptyKind, at: at}
}

// node converts one value. Mappings and lists stand where their key does, which is at.
func (b *builder) node(at Position, from ast.Node) node {
	if b.nodes++; b.nodes > maxNodes {
		if b.nodes == maxNodes+1 {
			b.refuse(at, "there are more than %d values, aliases expanded; split the file", maxNodes)
		}
		return node{kind: emptyKind, at: at}
	}
	switch value := from.(type) {
	case nil:
		return node{kind: emptyKind, at: at}
	case *ast.MappingNode:
		return b.mapping(at, value.Values)
	case *ast.MappingValueNode:
		return b.mapping(at, []*ast.MappingValueNode{value})
	case *ast.SequenceNode:
		made := node{kind: listKind, at: at}
		for _, item := range value.Values {
			made.items = append(made.items, b.node(place(item), item))
		}
		return made
	case *ast.AnchorNode:
		// Noted only after it was made, so that an alias inside its own anchor is unknown.
		made := b.node(at, value.Value)
		b.anchors[name(value.Name)] = value.Value
		return made
	case *ast.AliasNode:
		anchor, known := b.anchors[name(value.Value)]
		if !known {
			return b.refuse(at, "the alias *%s has no anchor before it", name(value.Value))
		}
		return b.node(at, anchor)
	case *ast.TagNode:
		return b.refuse(place(value), "the tag %s is not used here; remove it", value.Start.Value)
	}
	return scalar(from)
}

// mapping converts the entries of a mapping.
func (b *builder) mapping(at Position, entries []*ast.MappingValueNode) node {
	made := node{kind: mappingKind, at: at}
	for _, entry := range entries {
		keyAt := place(entry.Key)
		key, plain := keyText(entry.Key)
		if !plain {
			b.refuse(keyAt, "%s cannot be the name of a field; names are plain text", entry.Key.Type())
			continue
		}
		made.fields = append(made.fields, field{key: key, at: keyAt, value: b.node(keyAt, entry.Value)})
	}
	return made
}

// keyText is the name of a field; merge keys and complex keys are none.
func keyText(key ast.MapKeyNode) (string, bool) {
	if text, isText := key.(*ast.StringNode); isText {
		return text.Value, true
	}
	switch key.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return key.GetToken().Value, true
	}
	return "", false
}

// name is the name of an anchor.
func name(of ast.Node) string {
	if of == nil || of.GetToken() == nil {
		return ""
	}
	return of.GetToken().Value
}

// scalar converts a value without parts.
func scalar(from ast.Node) node {
	made := node{at: place(from), kind: emptyKind}
	switch value := from.(type) {
	case *ast.StringNode:
		made.kind, made.raw = textKind, value.Value
	case *ast.LiteralNode:
		made.kind, made.raw = textKind, value.Value.Value
	case *ast.IntegerNode:
		made.kind, made.raw = wholeKind, value.Token.Value
	case *ast.FloatNode:
		made.kind, made.raw = decimalKind, value.Token.Value
	case *ast.InfinityNode, *ast.NanNode:
		made.kind, made.raw = decimalKind, value.GetToken().Value
	case *ast.BoolNode:
		made.kind, made.raw = truthKind, fmt.Sprint(value.Value)
	}
	return made
}
