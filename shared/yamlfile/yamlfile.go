// Package yamlfile reads the YAML files of this project, all of them by the same strict rules:
// unknown fields, fields given twice, values of another type and empty values are refused, and
// each problem is one line that says where it is, what is wrong and what would be right.
//
// Fields are named by json tags, so the domain types are read as they are. What a file does
// not mention keeps the value that it had before, which is how defaults are given.
//
// Of YAML it takes mappings, lists, plain scalars and aliases. Tags, merge keys, more than one
// document and numbers that are not decimal are refused: each reads differently than it looks.
package yamlfile

import "strings"

// Decode reads text, at most MaxBytes of it, into what into points to. The name is that of the
// file and stands in messages. An error is fault.Invalid and has every problem, one a line, as
// Problems; into may then hold a part. Decoding again gives the same.
func Decode(name string, text []byte, into any) error {
	document, err := Parse(name, text)
	if err != nil {
		return err
	}
	return document.Decode(into)
}

// Locate says where the value of a path such as "environments.production.strategy.steps[2].weight"
// stands, both counted from 1: that of a scalar, otherwise that of its key. A path that is absent
// is where its nearest ancestor is; a text that cannot be parsed has 1, 1.
func Locate(text []byte, path string) (line, column int) {
	document, err := Parse("", text)
	if err != nil {
		return 1, 1
	}
	at := document.Locate(path)
	return at.Line, at.Column
}

// Document is a parsed file.
type Document struct {
	name string
	root node
	// places are where values stand, by path.
	places map[string]Position
}

// Parse reads the text of a file. An error is fault.Invalid, as with Decode.
func Parse(name string, text []byte) (Document, error) {
	root, problems := parse(text)
	document := Document{name: name, root: root, places: map[string]Position{}}
	document.place("", root)
	problems = append(problems, document.duplicates("", root)...)
	return document, document.Fail(problems)
}

// Decode fills what into points to, as the function Decode does.
func (d Document) Decode(into any) error {
	return d.Fail(decode(d.root, into))
}

// Locate is where the value of a path stands, as with the function Locate.
func (d Document) Locate(path string) Position {
	for {
		if at, found := d.places[path]; found {
			return at
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return Position{Line: 1, Column: 1}
		}
		path = path[:cut]
	}
}

// Has reports whether the file gives the field that path names.
func (d Document) Has(path string) bool {
	_, found := d.places[path]
	return found
}

// Keys are the names of the fields of the mapping at path, as ordered in the file; the empty
// path is the whole file. There are none when it is absent or no mapping.
func (d Document) Keys(path string) []string {
	var keys []string
	walk("", d.root, func(at string, n node) {
		if at != path {
			return
		}
		for _, f := range n.fields {
			keys = append(keys, f.key)
		}
	})
	return keys
}

// place notes where a node and all below it stand.
func (d Document) place(path string, n node) {
	walk(path, n, func(path string, n node) {
		if _, placed := d.places[path]; !placed {
			d.places[path] = n.at
		}
	})
}

// duplicates are the fields that are given twice.
func (d Document) duplicates(path string, n node) []Problem {
	var problems []Problem
	walk(path, n, func(path string, n node) {
		first := map[string]int{}
		for _, f := range n.fields {
			if line, twice := first[f.key]; twice {
				problems = append(problems, problem(f.at, "%s is given twice, first on line %d; remove one",
					inPath(f.key, path), line))
				continue
			}
			first[f.key] = f.at.Line
		}
	})
	return problems
}
