package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxDepth bounds the nesting of a definition; nothing a person writes comes near it.
const maxDepth = 200

// node is one JSON value of a definition, with the way to it. Members keep their order, and a
// key that is written twice is an error, which encoding/json would hide.
type node struct {
	path    string
	value   any // nil, bool, string, json.Number, []node or []member
	members []member
}

type member struct {
	key  string
	node node
}

// decode reads one JSON text and nothing after it.
func decode(text []byte) (node, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	n, err := decodeNode(decoder, "", 0)
	if err != nil {
		return node{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return node{}, errors.New("text follows the definition")
	}
	return n, nil
}

func decodeNode(decoder *json.Decoder, path string, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("%s: nested more than %d deep", path, maxDepth)
	}
	token, err := decoder.Token()
	if err != nil {
		return node{}, fmt.Errorf("read JSON at %q: %w", path, err)
	}
	switch token {
	case json.Delim('{'):
		return decodeMembers(decoder, path, depth)
	case json.Delim('['):
		return decodeItems(decoder, path, depth)
	}
	return node{path: path, value: token}, nil
}

func decodeMembers(decoder *json.Decoder, path string, depth int) (node, error) {
	members := []member{}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return node{}, fmt.Errorf("read JSON at %q: %w", path, err)
		}
		key, _ := token.(string)
		if seen[key] {
			return node{}, fmt.Errorf("%s: written twice", join(path, key))
		}
		seen[key] = true
		value, err := decodeNode(decoder, join(path, key), depth+1)
		if err != nil {
			return node{}, err
		}
		members = append(members, member{key, value})
	}
	if _, err := decoder.Token(); err != nil {
		return node{}, fmt.Errorf("read JSON at %q: %w", path, err)
	}
	return node{path: path, value: members, members: members}, nil
}

func decodeItems(decoder *json.Decoder, path string, depth int) (node, error) {
	items := []node{}
	for decoder.More() {
		item, err := decodeNode(decoder, path+"["+strconv.Itoa(len(items))+"]", depth+1)
		if err != nil {
			return node{}, err
		}
		items = append(items, item)
	}
	if _, err := decoder.Token(); err != nil {
		return node{}, fmt.Errorf("read JSON at %q: %w", path, err)
	}
	return node{path: path, value: items}, nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
