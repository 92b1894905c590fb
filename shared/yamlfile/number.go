package yamlfile

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// decimalNumber is a number that means what it looks like: no leading zeros, which are octal,
// no 0x, no underscores, no infinity. It is JSON's grammar.
func decimalNumber(raw string) bool {
	return json.Valid([]byte(strings.TrimPrefix(raw, "+")))
}

// number fills whole and other numbers, and refuses types that no file can hold.
func (d *decoder) number(path string, from node, target reflect.Value) {
	wanted := wholeKind
	switch {
	case target.CanFloat():
		wanted = decimalKind
	case !target.CanInt() && !target.CanUint():
		d.refuse(path, from.at, "cannot decode into a %s", target.Type())
		return
	}
	if from.kind != wholeKind || wanted == wholeKind {
		if !d.want(path, from, wanted) {
			return
		}
	}
	if !decimalNumber(from.raw) {
		d.refuse(path, from.at, "want %s in decimal digits, got %s", wanted, from.raw)
		return
	}
	if err := setNumber(strings.TrimPrefix(from.raw, "+"), target); err != nil {
		d.refuse(path, from.at, "the number %s is out of range", shorten(from.raw))
	}
}

func setNumber(raw string, target reflect.Value) error {
	bits := target.Type().Bits()
	switch {
	case target.CanFloat():
		value, err := strconv.ParseFloat(raw, bits)
		target.SetFloat(value)
		return err
	case target.CanInt():
		value, err := strconv.ParseInt(raw, 10, bits)
		target.SetInt(value)
		return err
	}
	value, err := strconv.ParseUint(raw, 10, bits)
	target.SetUint(value)
	return err
}
