package migration

import "fmt"

// rule looks at one command and reports what it finds.
type rule func(*linter, command)

// rulesAlways are for both kinds and both directions: what cannot run as the file says.
func rulesAlways() []rule {
	return []rule{transactionControl, concurrentlyInTransaction, sessionSetting}
}

// rulesForExpand are for what runs while the old version does.
func rulesForExpand() []rule {
	return []rule{drop, rename, alterTable, data, createIndex, privileges, lockTable, opaqueBlock}
}

// linter looks at one migration.
type linter struct {
	migration Migration
	rules     []rule
	// created are the tables that this migration has made so far; defaulted are the columns,
	// as table.column, that it gave a default.
	created, defaulted map[string]bool
	findings           []Finding
}

// command is one SQL command; line is the file's line of its text's first one.
type command struct {
	tokens []token
	line   int
}

func (c command) cursor() *cursor { return &cursor{tokens: c.tokens} }

// report adds a finding at the line of the command's token.
func (l *linter) report(c command, at int, severity Severity, rule, message, advice string) {
	line := c.line
	if len(c.tokens) > 0 {
		line += c.tokens[min(at, len(c.tokens)-1)].line
	}
	l.findings = append(l.findings, Finding{
		File: l.migration.Name, Line: line, Rule: rule, Severity: severity, Message: message, Advice: advice,
	})
}

func (l *linter) statements(list []statement) {
	for _, s := range list {
		tokens, _ := tokenize(s.text) // Parse has refused what cannot be tokenized
		l.commands(split(tokens), s.line)
	}
}

func (l *linter) commands(list [][]token, line int) {
	for _, tokens := range list {
		c := command{tokens: tokens, line: line}
		for _, rule := range l.rules {
			rule(l, c)
		}
		l.remember(c)
		if body, ok := blockBody(c); ok {
			l.block(body, line)
		}
	}
}

// remember notes the tables that the migration makes.
func (l *linter) remember(c command) {
	at := c.cursor()
	if !at.take("create") {
		return
	}
	for at.take("global") || at.take("local") || at.take("temp") || at.take("temporary") || at.take("unlogged") {
	}
	if at.take("table") {
		at.take("if", "not", "exists")
		l.created[at.name()] = true
	}
}

// split cuts tokens into commands at semicolons, but not at those inside the body of an SQL
// function that is written as BEGIN ATOMIC ... END.
func split(tokens []token) [][]token {
	var commands [][]token
	var current []token
	depth := 0
	for i, t := range tokens {
		switch {
		case depth == 0 && t.is("begin") && i+1 < len(tokens) && tokens[i+1].is("atomic"):
			depth = 1
		case depth > 0 && t.is("case"):
			depth++
		case depth > 0 && t.is("end"):
			depth--
		case depth == 0 && t.kind == symbol && t.text == ";":
			if len(current) > 0 {
				commands = append(commands, current)
			}
			current = nil
			continue
		}
		current = append(current, t)
	}
	if len(current) > 0 {
		commands = append(commands, current)
	}
	return commands
}

// blockBody is the text of a DO command.
func blockBody(c command) (token, bool) {
	if at := c.cursor(); at.take("do") {
		for _, t := range c.tokens[1:] {
			if t.kind == literal {
				return t, true
			}
		}
	}
	return token{}, false
}

// block looks at the SQL commands inside a block of PL/pgSQL, which begin after a semicolon or a
// word that opens a branch. Its BEGIN and END are not transaction control.
func (l *linter) block(body token, line int) {
	tokens, failed := tokenize(body.text)
	if failed != nil {
		return
	}
	var list [][]token
	for _, tokens := range split(tokens) {
		start := 0
		for i, t := range tokens {
			if t.is("begin") || t.is("then") || t.is("else") || t.is("loop") {
				start = i + 1
			}
		}
		if start < len(tokens) && !tokens[start].is("end") {
			list = append(list, tokens[start:])
		}
	}
	rules := l.rules
	defer func() { l.rules = rules }()
	if len(rules) > len(rulesAlways()) {
		l.rules = []rule{drop, rename, alterTable, data, createIndex, privileges, lockTable}
	} else {
		l.rules = nil
	}
	l.commands(list, line+body.line)
}

func message(format string, args ...any) string { return fmt.Sprintf(format, args...) }
