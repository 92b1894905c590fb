package bus

import "strings"

// wildcard is the text between the asterisks of a wildcard: "a*b" is {"a", "b"}.
type wildcard []string

// parseWildcard splits at asterisks. A backslash escapes an asterisk or a backslash.
func parseWildcard(here place, text string) (wildcard, error) {
	var parts wildcard
	var part strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '*':
			if strings.HasPrefix(text[i+1:], "*") {
				return nil, here.fail("two wildcards follow each other at byte %d", i)
			}
			parts = append(parts, part.String())
			part.Reset()
		case '\\':
			if i+1 == len(text) || (text[i+1] != '*' && text[i+1] != '\\') {
				return nil, here.fail(`the backslash at byte %d escapes neither * nor \`, i)
			}
			i++
			part.WriteByte(text[i])
		default:
			part.WriteByte(text[i])
		}
	}
	return append(parts, part.String()), nil
}

// match takes for each part in the middle the first place where it occurs: what follows an
// asterisk never gains from a later one.
func (w wildcard) match(value string) bool {
	first, last := w[0], w[len(w)-1]
	if len(w) == 1 {
		return value == first
	}
	rest, found := strings.CutPrefix(value, first)
	if !found {
		return false
	}
	rest, found = strings.CutSuffix(rest, last)
	if !found {
		return false
	}
	for _, part := range w[1 : len(w)-1] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return true
}
