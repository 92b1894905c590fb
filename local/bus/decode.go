package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// decode reads one JSON value, with numbers as text.
func decode(document []byte) (any, error) {
	if !json.Valid(document) {
		// The decoder would read the first value and leave the rest; Unmarshal says what is wrong.
		var value any
		return nil, json.Unmarshal(document, &value)
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// decodeStrictly is decode for what a person wrote: it refuses a key given twice. Its nesting is
// bounded by the size of a pattern.
func decodeStrictly(document []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	value, err := decodeValue(decoder)
	if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the JSON value")
	}
	return value, nil
}

func decodeValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return decodeObject(decoder)
	case json.Delim('['):
		elements := []any{}
		for decoder.More() {
			element, err := decodeValue(decoder)
			if err != nil {
				return nil, err
			}
			elements = append(elements, element)
		}
		_, err := decoder.Token()
		return elements, err
	default:
		return token, nil
	}
}

func decodeObject(decoder *json.Decoder) (any, error) {
	members := make(map[string]any)
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, isString := token.(string)
		if !isString {
			return nil, fmt.Errorf("%v is not a key", token)
		}
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("the key %q is given twice", name)
		}
		if members[name], err = decodeValue(decoder); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return members, err
}

func describe(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the string %q", value)
	case json.Number:
		return "the number " + value.String()
	case bool:
		return fmt.Sprint(value)
	case []any:
		return "an array"
	default:
		return "an object"
	}
}
