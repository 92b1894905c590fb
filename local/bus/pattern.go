package bus

import "github.com/pilotage/pilotage/shared/fault"

const (
	// maxPattern is the greatest size of a pattern, in bytes (PutRule, EventPattern).
	maxPattern = 4096
	// maxBranches is how many combinations the $or of one pattern may make (EventBridge User
	// Guide, "Comparison operators", "Or").
	maxBranches = 1000
)

// Pattern selects events as the event pattern of an EventBridge rule does. The zero value
// selects none; ParsePattern makes others. It is safe for concurrent use.
//
// It follows the EventBridge User Guide, "Comparison operators for use in event patterns", and
// where that is silent AWS's own matcher (github.com/aws/event-ruler): a field matches if any of
// its values does, an array if any of its elements does, and fields inside an array of objects
// must match within one element.
type Pattern struct {
	root *object
}

// object is a pattern that all fields of an object must match.
type object struct {
	fields []field
	// either holds the alternatives of each $or: at least one of each must match.
	either [][]*object
}

// field is an object within an object, or a leaf: one of nested and leaf is nil.
type field struct {
	name   string
	nested *object
	leaf   *leaf
}

// ParsePattern reads an event pattern. It returns an error of class fault.Invalid that names the
// place, for example `pattern at detail.state[1]`, for all that EventBridge would refuse. It also
// refuses a key given twice, of which EventBridge would take one.
func ParsePattern(document []byte) (Pattern, error) {
	if len(document) > maxPattern {
		return Pattern{}, fault.New(fault.Invalid, "parse pattern: %d bytes are more than %d", len(document), maxPattern)
	}
	decoded, err := decodeStrictly(document)
	if err != nil {
		return Pattern{}, fault.New(fault.Invalid, "parse pattern: %w", err)
	}
	fields, isObject := decoded.(map[string]any)
	if !isObject {
		return Pattern{}, fault.New(fault.Invalid, "parse pattern: it is not a JSON object")
	}
	root, err := parseObject(place{}, fields)
	if err != nil {
		return Pattern{}, err
	}
	if root.branches() > maxBranches {
		return Pattern{}, fault.New(fault.Invalid, "parse pattern: its $or make more than %d combinations", maxBranches)
	}
	return Pattern{root: root}, nil
}

// Matches reports whether the pattern selects the event. An event whose detail is not JSON
// matches nothing.
func (p Pattern) Matches(event Event) bool {
	document, err := event.document()
	return err == nil && p.matches(document)
}

// MatchesJSON reports whether the pattern selects a JSON document, which need not be an event.
// It returns an error of class fault.Invalid when the document is not a JSON object.
func (p Pattern) MatchesJSON(document []byte) (bool, error) {
	decoded, err := decode(document)
	if err != nil {
		return false, fault.New(fault.Invalid, "match document: %w", err)
	}
	if _, isObject := decoded.(map[string]any); !isObject {
		return false, fault.New(fault.Invalid, "match document: it is not a JSON object")
	}
	return p.matches(decoded), nil
}

func (p Pattern) matches(document any) bool {
	return p.root != nil && p.root.matches(document, document)
}
