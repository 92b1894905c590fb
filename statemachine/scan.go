package statemachine

import (
	"strings"
	"unicode"
)

// read is one use of the document in an expression: ["results", "lock", "ready"] for
// $doc.results.lock.ready.
type read struct {
	path []string
	// exists says that only its being there is asked for, with $exists.
	exists bool
}

// scan is what an expression does that its value does not show.
type scan struct {
	reads []read
	// wildcard is the operator that reads fields without naming them: "*", "**", "[" or "".
	wildcard string
	// escape says that a string has a backslash.
	escape bool
	// functions are the built-in functions called, "$merge".
	functions []string
}

// scanExpression goes through the text of an expression. It knows strings and names; regular
// expressions and comments the definitions do not use.
func scanExpression(text string) scan {
	var found scan
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'' || c == '"' || c == '`':
			end := closing(text, i)
			found.escape = found.escape || strings.Contains(text[i:end], `\`)
			i = end
		case c == '$':
			name := word(text[i+1:])
			end := i + 1 + len(name)
			if name == "doc" {
				var one read
				one.path, end, found.wildcard = steps(text, end, found.wildcard)
				one.exists = strings.HasSuffix(strings.TrimRight(text[:i], " "), "$exists(")
				found.reads = append(found.reads, one)
			} else if strings.HasPrefix(text[end:], "(") {
				found.functions = append(found.functions, "$"+name)
			}
			i = end
		case strings.HasPrefix(text[i:], "**"):
			found.wildcard = "**"
			i += 2
		default:
			i++
		}
	}
	return found
}

// closing is the place after the string that begins at start.
func closing(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[start]:
			return i + 1
		}
	}
	return len(text)
}

// steps reads .name.name… from i on. What selects without a name goes into wildcard.
func steps(text string, i int, wildcard string) ([]string, int, string) {
	var path []string
	for i < len(text) {
		if text[i] == '[' {
			return path, i, "["
		}
		rest := strings.TrimPrefix(text[i:], ".")
		if text[i] != '.' {
			break
		}
		if strings.HasPrefix(rest, "*") {
			return path, i + 2, "*"
		}
		name := word(rest)
		if name == "" {
			break
		}
		path = append(path, name)
		i += 1 + len(name)
	}
	return path, i, wildcard
}

// word is the name that text begins with.
func word(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if end < 0 {
		return text
	}
	return text[:end]
}
