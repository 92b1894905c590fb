package statemachine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// node is one JSON value of a definition with its place in the text. Members keep their order;
// a key that is written twice is an error, which encoding/json would hide.
type node struct {
	path    string
	line    int
	value   any // nil, bool, string or json.Number; nil too when there are members or items
	members []member
	items   []node
}

type member struct {
	key  string
	node node
}

// field is the member of that key; a node without it is absent and has no place of its own.
func (n node) field(key string) (node, bool) {
	for _, m := range n.members {
		if m.key == key {
			return m.node, true
		}
	}
	return node{path: join(n.path, key), line: n.line}, false
}

// text is the string in the member of that key, "" when there is none.
func (n node) text(key string) string {
	found, _ := n.field(key)
	text, _ := found.value.(string)
	return text
}

// strings lists the leaves of n that are strings, n included.
func (n node) strings() []node {
	if _, ok := n.value.(string); ok {
		return []node{n}
	}
	var leaves []node
	for _, m := range n.members {
		leaves = append(leaves, m.node.strings()...)
	}
	for _, item := range n.items {
		leaves = append(leaves, item.strings()...)
	}
	return leaves
}

// source reads one JSON text and counts its lines.
type source struct {
	decoder *json.Decoder
	text    []byte
	counted int
	line    int
}

// decode reads a definition and nothing after it.
func decode(text []byte) (node, error) {
	s := &source{decoder: json.NewDecoder(bytes.NewReader(text)), text: text, line: 1}
	s.decoder.UseNumber()
	n, err := s.read("")
	if err != nil {
		return node{line: s.line}, err
	}
	if _, err := s.decoder.Token(); !errors.Is(err, io.EOF) {
		return node{line: s.line}, errors.New("text follows the definition")
	}
	return n, nil
}

func (s *source) token() (json.Token, error) {
	token, err := s.decoder.Token()
	end := int(s.decoder.InputOffset())
	s.line += bytes.Count(s.text[s.counted:end], []byte("\n"))
	s.counted = end
	return token, err
}

func (s *source) read(path string) (node, error) {
	token, err := s.token()
	if err != nil {
		return node{}, fmt.Errorf("read JSON at %q: %w", path, err)
	}
	n := node{path: path, line: s.line}
	switch token {
	case json.Delim('{'):
		n.members, err = s.membersOf(path)
	case json.Delim('['):
		n.items, err = s.itemsOf(path)
	default:
		n.value = token
	}
	return n, err
}

func (s *source) membersOf(path string) ([]member, error) {
	var members []member
	seen := map[string]bool{}
	for s.decoder.More() {
		token, err := s.token()
		if err != nil {
			return nil, fmt.Errorf("read JSON at %q: %w", path, err)
		}
		key, _ := token.(string)
		if seen[key] {
			return nil, fmt.Errorf("read JSON: %q is written twice", join(path, key))
		}
		seen[key] = true
		value, err := s.read(join(path, key))
		if err != nil {
			return nil, err
		}
		members = append(members, member{key, value})
	}
	_, err := s.token()
	return members, err
}

func (s *source) itemsOf(path string) ([]node, error) {
	var items []node
	for s.decoder.More() {
		item, err := s.read(path + "[" + strconv.Itoa(len(items)) + "]")
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := s.token()
	return items, err
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
