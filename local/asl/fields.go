package asl

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parser collects refusals, so that one run names every fault of a definition.
type parser struct {
	refusals []error
	names    map[string]bool // states of the whole machine: AWS wants them unique across scopes
	needs    *needs          // of the state being read
}

func (p *parser) refuse(path, format string, args ...any) {
	p.refusals = append(p.refusals, &Refusal{Path: path, Reason: fmt.Sprintf(format, args...)})
}

// fields reads the members of one object; those that nobody took are unknown.
type fields struct {
	p     *parser
	path  string
	nodes []member
	taken []string
}

func (p *parser) fields(n node) *fields {
	if _, ok := n.value.([]member); !ok {
		p.refuse(n.path, "must be an object")
	}
	return &fields{p: p, path: n.path, nodes: n.members}
}

// take is the member called name. A member that is null counts as given.
func (f *fields) take(name string) (node, bool) {
	f.taken = append(f.taken, name)
	for _, m := range f.nodes {
		if m.key == name {
			return m.node, true
		}
	}
	return node{path: join(f.path, name)}, false
}

// done refuses what nobody took.
func (f *fields) done() {
	for _, m := range f.nodes {
		switch {
		case slices.Contains(f.taken, m.key):
		case isJSONPathField(m.key):
			f.p.refuse(m.node.path, "belongs to JSONPath; only JSONata is supported")
		default:
			f.p.refuse(m.node.path, "unknown field")
		}
	}
}

func isJSONPathField(name string) bool {
	switch name {
	case "InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "ItemsPath", "Result",
		"Variable", "MaxConcurrencyPath":
		return true
	}
	return strings.HasSuffix(name, "Path") || strings.HasSuffix(name, ".$")
}

func (f *fields) required(name string) (node, bool) {
	n, ok := f.take(name)
	if !ok {
		f.p.refuse(n.path, "is missing")
	}
	return n, ok
}

// text is a literal string, "" when absent.
func (f *fields) text(name string) string {
	n, ok := f.take(name)
	if !ok {
		return ""
	}
	text, ok := n.value.(string)
	if !ok {
		f.p.refuse(n.path, "must be a string")
	}
	return text
}

// flag is a literal boolean.
func (f *fields) flag(name string) (value, given bool) {
	n, ok := f.take(name)
	if !ok {
		return false, false
	}
	value, ok = n.value.(bool)
	if !ok {
		f.p.refuse(n.path, "must be true or false")
	}
	return value, true
}

// whole is a literal whole number between low and high, or absent when not given.
func (f *fields) whole(name string, low, high, absent int64) int64 {
	n, ok := f.take(name)
	if !ok {
		return absent
	}
	number, _ := n.value.(json.Number)
	value, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || value < low || value > high {
		f.p.refuse(n.path, "must be a whole number between %d and %d", low, high)
		return absent
	}
	return value
}

// items are the elements of an array that must have one at least.
func (f *fields) items(n node) []node {
	items, ok := n.value.([]node)
	if !ok || len(items) == 0 {
		f.p.refuse(n.path, "must be an array with one element at least")
	}
	return items
}
