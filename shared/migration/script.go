package migration

import (
	"fmt"
	"strings"
)

// script is a file's two directions.
type script struct {
	transactional bool
	up, down      []statement
}

// statement is what goose sends to the server in one piece.
type statement struct {
	text string
	// line is the file's line of the text's first one.
	line int
	// block says that it came from between StatementBegin and StatementEnd.
	block bool
}

// reader splits a file as goose's parser does, line by line, and complains where goose would do
// something else than a person expects.
type reader struct {
	script   script
	current  *[]statement // nil before "-- +goose Up"
	sawDown  bool
	inBlock  bool
	text     strings.Builder
	first    int // line of the statement's first text
	opened   int // line of the last StatementBegin
	problems []*ParseError
}

func parseScript(content string) (script, []*ParseError) {
	r := &reader{script: script{transactional: true}}
	lines := strings.Split(content, "\n")
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "--") && strings.Contains(trimmed, "+goose") {
			r.annotation(i+1, line)
			continue
		}
		r.line(i+1, line)
	}
	r.finish(len(lines))
	return r.script, r.problems
}

func (r *reader) problem(line int, format string, args ...any) {
	r.problems = append(r.problems, &ParseError{Line: line, Problem: fmt.Sprintf(format, args...)})
}

func (r *reader) annotation(number int, line string) {
	rest, ok := strings.CutPrefix(line, "--")
	if ok {
		rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "+goose")
	}
	command := strings.ToLower(strings.TrimSpace(rest))
	if !ok || strings.Contains(command, "+goose") {
		r.problem(number, "an annotation stands alone at the start of its line, as in -- +goose Up")
		return
	}
	switch command {
	case "up", "down":
		r.direction(number, command)
	case "no transaction":
		r.script.transactional = false
	case "statementbegin":
		r.begin(number)
	case "statementend":
		if !r.inBlock {
			r.problem(number, "StatementEnd without StatementBegin")
		}
		r.inBlock = false
		r.store(statement{block: true})
	case "envsub on", "envsub off":
		r.problem(number, "ENVSUB is refused: what is applied would depend on the environment, not on the file")
	default:
		r.problem(number, "there is no annotation %q", command)
	}
}

func (r *reader) direction(number int, command string) {
	if r.inBlock {
		r.problem(number, "StatementBegin at line %d has no StatementEnd", r.opened)
		r.inBlock = false
		r.text.Reset()
	}
	r.unfinished(number)
	switch {
	case command == "up" && r.current == nil:
		r.current = &r.script.up
	case command == "down" && r.current != nil && !r.sawDown:
		r.current, r.sawDown = &r.script.down, true
	default:
		r.problem(number, "a file has -- +goose Up once, then -- +goose Down once")
	}
}

func (r *reader) begin(number int) {
	if r.current == nil {
		r.problem(number, "StatementBegin comes after -- +goose Up or -- +goose Down")
	}
	if r.inBlock {
		r.problem(number, "StatementBegin at line %d has no StatementEnd", r.opened)
		r.text.Reset()
	}
	r.unfinished(number)
	r.inBlock, r.opened, r.first = true, number, number
}

func (r *reader) line(number int, line string) {
	trimmed := strings.TrimSpace(line)
	if r.text.Len() == 0 && (trimmed == "" || strings.HasPrefix(trimmed, "--")) {
		return
	}
	if r.current == nil {
		r.problem(number, "the file must begin with -- +goose Up")
		r.current = &r.script.up
	}
	if r.text.Len() == 0 {
		r.first = number
	}
	r.text.WriteString(line + "\n")
	if !r.inBlock && endsStatement(line) {
		r.store(statement{})
	}
}

// endsStatement is goose's own rule: the last word before a comment ends with a semicolon.
func endsStatement(line string) bool {
	last := ""
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "--") {
			break
		}
		last = word
	}
	return strings.HasSuffix(last, ";")
}

func (r *reader) store(s statement) {
	s.text, s.line = strings.TrimSpace(r.text.String()), r.first
	r.text.Reset()
	tokens, err := tokenize(s.text)
	if err != nil {
		problem := fmt.Sprintf("%s is not closed before the statement ends", err.what)
		if !s.block {
			problem += "; put the statement between -- +goose StatementBegin and -- +goose StatementEnd"
		}
		r.problem(s.line+err.line, "%s", problem)
	}
	if len(split(tokens)) == 0 && err == nil || r.current == nil {
		return
	}
	*r.current = append(*r.current, s)
}

// unfinished complains about text that no semicolon ended.
func (r *reader) unfinished(number int) {
	if strings.TrimSpace(r.text.String()) != "" {
		r.problem(r.first, "the statement does not end with a semicolon at the end of a line before line %d", number)
	}
	r.text.Reset()
}

func (r *reader) finish(lines int) {
	if r.inBlock {
		r.problem(r.opened, "StatementBegin without StatementEnd")
		r.text.Reset()
	}
	r.unfinished(lines)
	switch {
	case r.current == nil:
		r.problem(0, "the file is empty: it needs -- +goose Up and -- +goose Down, with statements in both")
	case len(r.script.up) == 0:
		r.problem(0, "the Up part has no statement")
	}
	switch {
	case r.current != nil && !r.sawDown:
		r.problem(0, "the Down part is missing: add -- +goose Down and how to take the Up part back")
	case r.sawDown && len(r.script.down) == 0:
		r.problem(0, "the Down part has no statement")
	}
}
