package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/recolabs/gnata"
)

// document is a JSON value twice: as JSONata sees it, and as text. Both are immutable.
type document struct {
	value any
	text  string
}

// ordered is an object of gnata's, whose type is internal to it. It keeps the order of its keys.
type ordered interface {
	Keys() []string
	Get(key string) (any, bool)
}

// settable is the writing side of the same object.
type settable interface{ Set(key string, value any) }

// read decodes a JSON text. Whole numbers stay exact: they are kept as they were written.
func read(text []byte) (document, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return document{}, fmt.Errorf("read JSON: %w", err)
	}
	value, err := gnata.DecodeJSON(compact.Bytes())
	if err != nil {
		return document{}, fmt.Errorf("read JSON: %w", err)
	}
	return document{value, compact.String()}, nil
}

// write encodes what an expression or template gave. A function, a number that JSON cannot
// express and undefined are errors.
func write(value any) (document, error) {
	w := writer{}
	if err := w.append(value); err != nil {
		return document{}, err
	}
	if !w.strange {
		return document{value, string(w.out)}, nil
	}
	// Types of the evaluator's own must not reach another expression: read the text back.
	return read(w.out)
}

type writer struct {
	out     []byte
	strange bool
}

func (w *writer) append(value any) error {
	switch v := value.(type) {
	case string:
		w.appendString(v)
	case bool:
		w.out = strconv.AppendBool(w.out, v)
	case json.Number:
		w.out = append(w.out, v...)
	case float64:
		return w.appendFloat(v)
	case int64:
		w.out, w.strange = strconv.AppendInt(w.out, v, 10), true
	case []any:
		return w.appendArray(v)
	case map[string]any:
		return appendObject(w, slices.Sorted(maps.Keys(v)), func(key string) any { return v[key] })
	case ordered:
		return appendObject(w, v.Keys(), func(key string) any { member, _ := v.Get(key); return member })
	default:
		return w.appendOther(value)
	}
	return nil
}

func (w *writer) appendOther(value any) error {
	switch {
	case gnata.IsNull(value):
		w.out = append(w.out, "null"...)
		return nil
	case value == nil:
		return errors.New("undefined has no JSON form")
	}
	plain := gnata.NormalizeValue(value)
	switch plain.(type) {
	case []any, map[string]any, string, bool, float64, json.Number:
		w.strange = true
		return w.append(plain)
	}
	return errors.New("a function has no JSON form")
}

func (w *writer) appendArray(items []any) error {
	w.out = append(w.out, '[')
	for i, item := range items {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if item == nil { // what gnata's normalising makes of null
			w.out, w.strange = append(w.out, "null"...), true
			continue
		}
		if err := w.append(item); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

func appendObject(w *writer, keys []string, get func(string) any) error {
	w.out = append(w.out, '{')
	for i, key := range keys {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.appendString(key)
		w.out = append(w.out, ':')
		item := get(key)
		if item == nil {
			w.out, w.strange = append(w.out, "null"...), true
			continue
		}
		if err := w.append(item); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *writer) appendString(s string) {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			w.appendEscaped(s)
			return
		}
	}
	w.out = append(append(append(w.out, '"'), s...), '"')
}

func (w *writer) appendEscaped(s string) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string always encodes
	w.out = append(w.out, bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))...)
}

func (w *writer) appendFloat(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%v is no JSON number", f)
	}
	text, err := json.Marshal(f + 0) // +0 turns -0 into 0, as JavaScript prints it
	w.out = append(w.out, text...)
	return err
}
