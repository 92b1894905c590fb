package migration

// data finds changes to rows that the old version works with. They may stand inside WITH.
func data(l *linter, c command) {
	at := c.cursor()
	if at.take("truncate") {
		at.take("table")
		at.take("only")
		if !l.created[at.name()] {
			l.report(c, 0, Refuse, "truncate", "the running version still needs these rows, and they cannot be brought back",
				"do it in a contract migration")
		}
		return
	}
	if len(c.tokens) == 0 || !(c.tokens[0].is("with") || c.tokens[0].is("delete") || c.tokens[0].is("update")) {
		return
	}
	for i := range c.tokens {
		here := &cursor{tokens: c.tokens, at: i}
		switch {
		case here.take("delete", "from"):
			l.deletes(c, here, i)
		case startsUpdate(c.tokens, i) && here.take("update"):
			l.updates(c, here, i)
		}
	}
}

// startsUpdate tells the command UPDATE from FOR UPDATE and ON CONFLICT DO UPDATE.
func startsUpdate(tokens []token, i int) bool {
	return i == 0 || !(tokens[i-1].is("for") || tokens[i-1].is("key") || tokens[i-1].is("do"))
}

func (l *linter) deletes(c command, at *cursor, i int) {
	at.take("only")
	switch name := at.name(); {
	case l.created[name]:
	case at.within().has("where"):
		l.report(c, i, Warn, "delete-rows", message("the running version may still need these rows of %q", name),
			"delete them in a contract migration if it does")
	default:
		l.report(c, i, Refuse, "delete-all", message("every row of %q is deleted while the running version uses them", name),
			"do it in a contract migration")
	}
}

func (l *linter) updates(c command, at *cursor, i int) {
	at.take("only")
	name := at.name()
	if l.created[name] || at.within().has("where") {
		return
	}
	l.report(c, i, Warn, "update-all", message("every row of %q is locked until the transaction ends, and the table doubles in size", name),
		"fill rows in batches, outside the migration or with NO TRANSACTION")
}

// within ends the cursor where the parentheses that it is in are closed.
func (c *cursor) within() *cursor {
	depth := 0
	for i := c.at; i < len(c.tokens); i++ {
		if c.tokens[i].kind != symbol {
			continue
		}
		switch c.tokens[i].text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth < 0 {
			return &cursor{tokens: c.tokens[:i], at: c.at}
		}
	}
	return c
}
