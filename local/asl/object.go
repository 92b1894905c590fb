package asl

import (
	"encoding/json"

	"github.com/recolabs/gnata"
)

// pair is one member of an object that this package makes.
type pair struct {
	key   string
	value any
}

// object makes a gnata object, whose keys keep their order in every text made of it.
func object(pairs ...pair) any {
	value, _ := gnata.DecodeJSON(json.RawMessage("{}")) // a constant always decodes
	target, _ := value.(settable)
	for _, p := range pairs {
		target.Set(p.key, p.value)
	}
	return value
}

// null is the evaluator's null: a Go nil would read as undefined.
func null() any {
	value, _ := gnata.DecodeJSON(json.RawMessage("null")) // a constant always decodes
	return value
}

// whole is a number that JSONata can count with and JSON prints without a fraction.
func whole[N int | int64](n N) any { return float64(n) }

// member is a value's member called key, nil when it has none or is no object.
func get(value any, key string) any {
	switch v := value.(type) {
	case ordered:
		found, _ := v.Get(key)
		return found
	case map[string]any:
		return v[key]
	}
	return nil
}
