package yamlfile

import "strconv"

// natural is a node in the types that encoding/json gives to any, except that whole numbers
// are int64.
func natural(from node) any {
	switch from.kind {
	case textKind:
		return from.raw
	case truthKind:
		return from.raw == "true"
	case wholeKind:
		if value, err := strconv.ParseInt(from.raw, 0, 64); err == nil {
			return value
		}
		return from.raw
	case decimalKind:
		if value, err := strconv.ParseFloat(from.raw, 64); err == nil && decimalNumber(from.raw) {
			return value
		}
		return from.raw
	case listKind:
		items := make([]any, len(from.items))
		for i, item := range from.items {
			items[i] = natural(item)
		}
		return items
	case mappingKind:
		fields := make(map[string]any, len(from.fields))
		for _, f := range from.fields {
			fields[f.key] = natural(f.value)
		}
		return fields
	}
	return nil
}
