package bus

// matcher reports whether one scalar of an event is selected: a string, json.Number, bool or nil.
type matcher func(value any) bool

// leaf is what one field may be.
type leaf struct {
	// path is where the field is in an event.
	path   []string
	values []matcher
	// orAbsent: the field may also not be there at all.
	orAbsent bool
}

// matches reports whether the value, or any element of an array, has all the fields. root is the
// whole event.
func (o *object) matches(root, value any) bool {
	if elements, isArray := value.([]any); isArray && len(elements) > 0 {
		for _, element := range elements {
			if o.matches(root, element) {
				return true
			}
		}
		return false
	}
	members, _ := value.(map[string]any)
	for _, field := range o.fields {
		// A field that is not there reads as an empty array: neither has a value.
		member, found := members[field.name]
		if !found {
			member = []any{}
		}
		if field.nested != nil && !field.nested.matches(root, member) {
			return false
		}
		if field.leaf != nil && !field.leaf.matches(root, member) {
			return false
		}
	}
	for _, either := range o.either {
		if !anyOf(either, root, value) {
			return false
		}
	}
	return true
}

func anyOf(either []*object, root, value any) bool {
	for _, alternative := range either {
		if alternative.matches(root, value) {
			return true
		}
	}
	return false
}

func (l *leaf) matches(root, value any) bool {
	if l.matchesValue(value) {
		return true
	}
	// As in AWS's matcher, absent means absent from the whole event, not from one element.
	return l.orAbsent && !present(root, l.path)
}

func (l *leaf) matchesValue(value any) bool {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			if l.matchesValue(element) {
				return true
			}
		}
		return false
	case map[string]any:
		// Operators work on leaves only (User Guide, "Exists matching").
		return false
	default:
		for _, match := range l.values {
			if match(value) {
				return true
			}
		}
		return false
	}
}

// present reports whether there is a scalar at path.
func present(value any, path []string) bool {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			if present(element, path) {
				return true
			}
		}
		return false
	case map[string]any:
		if len(path) == 0 {
			return false
		}
		member, found := value[path[0]]
		return found && present(member, path[1:])
	default:
		return len(path) == 0
	}
}

// exactly matches a scalar. Numbers are equal as text or, as in AWS's matcher, in value.
func exactly(want any) matcher {
	wanted, comparable := number(want)
	return func(value any) bool {
		if value == want {
			return true
		}
		got, inRange := number(value)
		return comparable && inRange && got == wanted
	}
}

func onText(match func(string) bool) matcher {
	return func(value any) bool {
		text, isString := value.(string)
		return isString && match(text)
	}
}

func onNumber(match func(float64) bool) matcher {
	return func(value any) bool {
		got, inRange := number(value)
		return inRange && match(got)
	}
}
