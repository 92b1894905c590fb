package migration

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is what a piece of SQL is.
type tokenKind int

const (
	word    tokenKind = iota // a keyword or unquoted name, in lower case
	quoted                   // a "quoted name", without its quotes
	literal                  // a string, without its quotes; of a dollar-quoted one, the body
	number
	symbol // one character of punctuation or of an operator
)

// token is a piece of SQL. line counts from 0 at the text's first line.
type token struct {
	kind tokenKind
	text string
	line int
}

// unclosed says what the text ended inside of, and the line at which that began.
type unclosed struct {
	what string
	line int
}

// scanner cuts SQL into tokens by PostgreSQL's lexical rules
// (https://www.postgresql.org/docs/18/sql-syntax-lexical.html), with
// standard_conforming_strings on.
type scanner struct {
	text   string
	at     int
	line   int
	tokens []token
	failed *unclosed
}

// tokenize returns the tokens of text without comments. Whatever it is given, it ends.
func tokenize(text string) ([]token, *unclosed) {
	s := &scanner{text: text}
	for s.failed == nil && s.at < len(s.text) {
		s.next()
	}
	return s.tokens, s.failed
}

func (s *scanner) next() {
	rest := s.text[s.at:]
	first, width := utf8.DecodeRuneInString(rest)
	switch {
	case unicode.IsSpace(first):
		s.skip(width)
	case strings.HasPrefix(rest, "--"):
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		s.skip(end)
	case strings.HasPrefix(rest, "/*"):
		s.comment()
	case first == '\'':
		s.enclosed(literal, 0, '\'', plain)
	case first == '"':
		s.enclosed(quoted, 0, '"', plain)
	case first == '$' && s.dollar():
	case startsName(first):
		s.name()
	case first >= '0' && first <= '9':
		s.add(number, rest[:span(rest, func(r rune) bool { return partOfName(r) || r == '.' })])
	default:
		s.add(symbol, rest[:width])
	}
}

// skip moves on, counting lines.
func (s *scanner) skip(n int) {
	s.line += strings.Count(s.text[s.at:s.at+n], "\n")
	s.at += n
}

func (s *scanner) add(kind tokenKind, text string) {
	s.tokens = append(s.tokens, token{kind: kind, text: text, line: s.line})
	s.skip(len(text))
}

func (s *scanner) fail(what string) {
	s.failed = &unclosed{what: what, line: s.line}
}

// comment skips a comment; they nest.
func (s *scanner) comment() {
	rest := s.text[s.at:]
	depth := 0
	for i := 0; i < len(rest); {
		switch {
		case strings.HasPrefix(rest[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(rest[i:], "*/"):
			depth--
			i += 2
		default:
			i++
		}
		if depth == 0 {
			s.skip(i)
			return
		}
	}
	s.fail("a comment")
}

// escaping is what a backslash does inside quotes.
type escaping int

const (
	plain     escaping = iota // nothing
	backslash                 // escapes the next byte, as in E'...'
)

// enclosed takes a quoted piece whose opening quote comes after a prefix. A doubled quote stands
// for one.
func (s *scanner) enclosed(kind tokenKind, prefix int, quote byte, escapes escaping) {
	rest := s.text[s.at:]
	for i := prefix + 1; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && escapes == backslash:
			i++
		case rest[i] == quote && i+1 < len(rest) && rest[i+1] == quote:
			i++
		case rest[i] == quote:
			body := strings.ReplaceAll(rest[prefix+1:i], string([]byte{quote, quote}), string(quote))
			s.tokens = append(s.tokens, token{kind: kind, text: body, line: s.line})
			s.skip(i + 1)
			return
		}
	}
	if kind == quoted {
		s.fail("a quoted name")
		return
	}
	s.fail("a string")
}

// dollar takes a dollar-quoted string, or reports false for a parameter such as $1.
func (s *scanner) dollar() bool {
	rest := s.text[s.at:]
	tag := span(rest[1:], func(r rune) bool { return partOfName(r) && r != '$' })
	if 1+tag >= len(rest) || rest[1+tag] != '$' || tag > 0 && rest[1] >= '0' && rest[1] <= '9' {
		return false
	}
	fence := rest[:tag+2]
	end := strings.Index(rest[len(fence):], fence)
	if end < 0 {
		s.fail("a dollar-quoted string")
		return true
	}
	s.tokens = append(s.tokens, token{kind: literal, text: rest[len(fence) : len(fence)+end], line: s.line})
	s.skip(end + 2*len(fence))
	return true
}

// name takes a word, or the string or quoted name that it is the prefix of.
func (s *scanner) name() {
	rest := s.text[s.at:]
	length := span(rest, partOfName)
	prefix := strings.ToLower(rest[:length])
	after := rest[length:]
	switch {
	case strings.HasPrefix(after, "'") && prefix == "e":
		s.enclosed(literal, length, '\'', backslash)
	case strings.HasPrefix(after, "'") && (prefix == "b" || prefix == "x" || prefix == "n"):
		s.enclosed(literal, length, '\'', plain)
	case prefix == "u" && strings.HasPrefix(after, "&'"):
		s.enclosed(literal, length+1, '\'', plain)
	case prefix == "u" && strings.HasPrefix(after, `&"`):
		s.enclosed(quoted, length+1, '"', plain)
	default:
		s.tokens = append(s.tokens, token{kind: word, text: prefix, line: s.line})
		s.skip(length)
	}
}

func startsName(r rune) bool { return r == '_' || unicode.IsLetter(r) || r > unicode.MaxASCII }

func partOfName(r rune) bool { return startsName(r) || r == '$' || r >= '0' && r <= '9' }

// span is how many bytes at the start of text satisfy a condition.
func span(text string, satisfies func(rune) bool) int {
	for i, r := range text {
		if !satisfies(r) {
			return i
		}
	}
	return len(text)
}
