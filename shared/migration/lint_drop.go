package migration

// drop finds what the old version would miss.
func drop(l *linter, c command) {
	at := c.cursor()
	if !at.take("drop") {
		return
	}
	switch {
	case at.take("index"):
		l.report(c, 0, Warn, "drop-index", "the running version's queries may need this index",
			"drop it in a contract migration, CONCURRENTLY")
	case at.take("table"), at.take("foreign", "table"):
		l.dropTables(c, at)
	case at.take("statistics"), at.take("publication"), at.take("subscription"):
	default:
		l.report(c, 0, Refuse, "drop-object", "the running version may still use what is dropped here",
			"drop it in a contract migration, after the release that no longer uses it")
	}
}

// dropTables allows only tables that the same file made.
func (l *linter) dropTables(c command, at *cursor) {
	at.take("if", "exists")
	for _, piece := range at.byComma() {
		table := &cursor{tokens: c.tokens, at: piece[0]}
		if name := table.name(); !l.created[name] {
			l.report(c, piece[0], Refuse, "drop-table", message("the running version may still use table %q", name),
				"drop it in a contract migration, after the release that no longer uses it")
		}
	}
}

// privileges finds what the old version would no longer be allowed.
func privileges(l *linter, c command) {
	if at := c.cursor(); at.take("revoke") {
		l.report(c, 0, Refuse, "revoke", "the running version may need this privilege",
			"revoke it in a contract migration")
	}
}

// lockTable finds locks that are taken by hand.
func lockTable(l *linter, c command) {
	if at := c.cursor(); at.take("lock") {
		l.report(c, 0, Warn, "lock-table", "the running version waits until the transaction ends",
			"do without it, or make sure that the transaction is short")
	}
}

// opaqueBlock says that a DO block cannot be seen through entirely.
func opaqueBlock(l *linter, c command) {
	if at := c.cursor(); at.take("do") {
		l.report(c, 0, Warn, "opaque-block", "what a DO block executes from strings is not checked",
			"write plain SQL where that is possible")
	}
}
