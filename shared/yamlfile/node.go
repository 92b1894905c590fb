package yamlfile

import (
	"fmt"
	"strconv"
)

// kind is what a value is.
type kind string

const (
	emptyKind   kind = "nothing"
	textKind    kind = "text"
	wholeKind   kind = "a whole number"
	decimalKind kind = "a number"
	truthKind   kind = "true or false"
	listKind    kind = "a list"
	mappingKind kind = "a mapping"
)

// node is one value of a file, its aliases resolved.
type node struct {
	kind kind
	at   Position
	// raw is a scalar as written, without quotes.
	raw    string
	items  []node
	fields []field
}

// field is one entry of a mapping.
type field struct {
	key   string
	at    Position
	value node
}

// got says what was found, for messages.
func (n node) got() string {
	switch n.kind {
	case textKind:
		return "the string " + strconv.Quote(shorten(n.raw))
	case wholeKind, decimalKind:
		return "the number " + shorten(n.raw)
	case truthKind:
		return "the value " + n.raw
	}
	return string(n.kind)
}

// shorten keeps messages on one line of a screen.
func shorten(s string) string {
	const most = 60
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most]) + "…"
}

// walk visits a node and all below it, in the order of the file, with their paths.
func walk(path string, n node, visit func(path string, n node)) {
	visit(path, n)
	for i, item := range n.items {
		walk(itemPath(path, i), item, visit)
	}
	for _, f := range n.fields {
		walk(fieldPath(path, f.key), f.value, visit)
	}
}

func itemPath(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func fieldPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
