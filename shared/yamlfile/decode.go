package yamlfile

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

// decode fills what into points to from a node and returns every problem met.
func decode(from node, into any) []Problem {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return []Problem{problem(from.at, "cannot decode into a %T; it takes a pointer", into)}
	}
	d := decoder{}
	d.value("", from, target.Elem())
	return d.problems
}

type decoder struct{ problems []Problem }

func (d *decoder) refuse(path string, at Position, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + ": " + text
	}
	d.problems = append(d.problems, Problem{Position: at, Text: text})
}

// want refuses a node that is not of the kind wanted.
func (d *decoder) want(path string, from node, wanted kind) bool {
	if from.kind == wanted {
		return true
	}
	hint := ""
	switch {
	case from.kind == emptyKind:
		hint = "; give one, or leave the field out"
	case wanted == textKind && (from.kind == wholeKind || from.kind == decimalKind || from.kind == truthKind):
		hint = fmt.Sprintf("; write %q, in quotes", from.raw)
	}
	d.refuse(path, from.at, "want %s, got %s%s", wanted, from.got(), hint)
	return false
}

// value fills target, which can be set, from a node.
func (d *decoder) value(path string, from node, target reflect.Value) {
	if d.ownWay(path, from, target) {
		return
	}
	switch target.Kind() {
	case reflect.Pointer:
		if target.IsNil() {
			target.Set(reflect.New(target.Type().Elem()))
		}
		d.value(path, from, target.Elem())
	case reflect.Struct:
		d.structure(path, from, target)
	case reflect.Map:
		d.table(path, from, target)
	case reflect.Slice:
		if d.want(path, from, listKind) {
			made := reflect.MakeSlice(target.Type(), len(from.items), len(from.items))
			for i, item := range from.items {
				d.value(itemPath(path, i), item, made.Index(i))
			}
			target.Set(made)
		}
	case reflect.Interface:
		if found := natural(from); found != nil && target.NumMethod() == 0 {
			target.Set(reflect.ValueOf(found))
		}
	case reflect.String:
		if d.want(path, from, textKind) {
			target.SetString(from.raw)
		}
	case reflect.Bool:
		if d.want(path, from, truthKind) {
			target.SetBool(from.raw == "true")
		}
	default:
		d.number(path, from, target)
	}
}

// ownWay fills a target that reads itself from text, as time.Time does, or from JSON.
func (d *decoder) ownWay(path string, from node, target reflect.Value) bool {
	if target.Kind() == reflect.Pointer || !target.CanAddr() {
		return false
	}
	var err error
	switch reader := target.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		if !d.want(path, from, textKind) {
			return true
		}
		err = reader.UnmarshalText([]byte(from.raw))
	case json.Unmarshaler:
		var encoded []byte
		if encoded, err = json.Marshal(natural(from)); err == nil {
			err = reader.UnmarshalJSON(encoded)
		}
	default:
		return false
	}
	if err != nil {
		d.refuse(path, from.at, "%v", err)
	}
	return true
}

// structure fills the fields that the file mentions.
func (d *decoder) structure(path string, from node, target reflect.Value) {
	if !d.want(path, from, mappingKind) {
		return
	}
	known := fieldsOf(target.Type())
	for _, f := range from.fields {
		index, isKnown := known.index[f.key]
		if !isKnown {
			d.refuse("", f.at, "unknown field %s; %s", inPath(f.key, path), advice(f.key, known.names))
			continue
		}
		d.value(fieldPath(path, f.key), f.value, target.FieldByIndex(index))
	}
}

// table fills a map. An entry that is there already is filled further, not replaced.
func (d *decoder) table(path string, from node, target reflect.Value) {
	if !d.want(path, from, mappingKind) {
		return
	}
	if target.Type().Key().Kind() != reflect.String {
		d.refuse(path, from.at, "cannot decode into a %s; keys are text", target.Type())
		return
	}
	if target.IsNil() {
		target.Set(reflect.MakeMap(target.Type()))
	}
	for _, f := range from.fields {
		key := reflect.ValueOf(f.key).Convert(target.Type().Key())
		entry := reflect.New(target.Type().Elem()).Elem()
		if there := target.MapIndex(key); there.IsValid() {
			entry.Set(there)
		}
		d.value(fieldPath(path, f.key), f.value, entry)
		target.SetMapIndex(key, entry)
	}
}
