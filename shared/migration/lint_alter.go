package migration

// rename finds a new name, or schema, for what the old version asks for by its old one.
func rename(l *linter, c command) {
	at := c.cursor()
	if !at.take("alter") || at.take("table") { // alterTable looks at tables
		return
	}
	for _, kind := range []string{"index", "system", "role", "user", "database", "default"} {
		if at.take(kind) {
			return
		}
	}
	if at.has("rename") || at.has("set", "schema") {
		l.report(c, 0, Refuse, "rename", "the running version asks for this by its old name",
			"create the new name beside the old one; drop the old one in a contract migration")
	}
}

// alterTable looks at each action of ALTER TABLE.
func alterTable(l *linter, c command) {
	at := c.cursor()
	if !at.take("alter", "table") && !at.take("alter", "foreign", "table") {
		return
	}
	at.take("if", "exists")
	at.take("only")
	table := at.name()
	if l.created[table] {
		return
	}
	for _, piece := range at.byComma() {
		a := action{linter: l, command: c, table: table, start: piece[0]}
		a.cursor = &cursor{tokens: c.tokens[:piece[1]], at: piece[0]}
		a.look()
	}
}

// action is one action of ALTER TABLE.
type action struct {
	*cursor
	linter  *linter
	command command
	table   string
	start   int
}

func (a action) report(severity Severity, rule, message, advice string) {
	a.linter.report(a.command, a.start, severity, rule, message, advice)
}

func (a action) look() {
	switch {
	case a.take("drop", "constraint"):
		a.report(Warn, "drop-constraint", "the running version may rely on this constraint, for example in ON CONFLICT",
			"drop it in a contract migration if it does")
	case a.take("drop"):
		a.report(Refuse, "drop-column", "the running version still reads and writes this column",
			"drop it in a contract migration, after the release that no longer uses it")
	case a.take("rename", "constraint"):
		a.report(Warn, "rename-constraint", "the running version may name this constraint in ON CONFLICT or in error handling",
			"check that it does not")
	case a.take("rename"), a.take("set", "schema"):
		a.report(Refuse, "rename", "the running version asks for this by its old name",
			"add the new name beside the old one, write to both, and drop the old one in a contract migration")
	case a.take("enable"), a.take("force"):
		a.report(Refuse, "row-security", "the running version may lose sight of its rows or have triggers run on them",
			"do it in a contract migration")
	case a.take("add"):
		a.add()
	case a.take("alter"):
		a.alterColumn()
	}
}

// add looks at ADD COLUMN and ADD CONSTRAINT.
func (a action) add() {
	constraint := a.take("constraint")
	if constraint {
		a.name()
	}
	for _, kind := range []string{"check", "foreign", "unique", "primary", "exclude"} {
		if a.take(kind) {
			a.addConstraint(kind)
			return
		}
	}
	if constraint && a.take("not", "null") {
		a.addConstraint("not null")
		return
	}
	a.take("column")
	a.take("if", "not", "exists")
	column := a.name()
	if a.has("default") {
		a.linter.defaulted[a.table+"."+column] = true
	}
	filled := a.hasAny("default", "generated", "serial", "bigserial", "smallserial")
	if (a.has("not", "null") || a.has("primary", "key")) && !filled {
		a.report(Refuse, "add-not-null", "the running version does not know this column, so every row it inserts would be refused",
			"give the column a DEFAULT, or add it without NOT NULL and tighten it in a contract migration")
	}
	if a.hasAny("unique", "references", "check") || a.has("primary", "key") {
		a.report(Warn, "constraint-locks", "adding a constraint with a column holds an exclusive lock while rows are checked or indexed",
			"add the column first, then the constraint NOT VALID, then VALIDATE CONSTRAINT")
	}
	if a.hasAny("random", "gen_random_uuid", "uuidv7", "uuid_generate_v4", "clock_timestamp", "timeofday", "nextval",
		"serial", "bigserial", "smallserial", "stored") {
		a.report(Warn, "rewrites-table", "a value that differs for each row makes PostgreSQL write the whole table anew under an exclusive lock",
			"add the column without it, set the default afterwards, and fill old rows in batches")
	}
}

func (a action) addConstraint(kind string) {
	if a.has("not", "valid") || a.has("using", "index") {
		a.report(Warn, "add-constraint", "the running version may write rows that this constraint refuses",
			"make sure that it does not, or add the constraint in a contract migration")
		return
	}
	a.report(Warn, "constraint-locks", "adding this constraint ("+kind+") holds a lock on the table while all rows are checked",
		"add it NOT VALID and VALIDATE CONSTRAINT afterwards; for UNIQUE or PRIMARY KEY make the index CONCURRENTLY and add the constraint USING INDEX")
}

func (a action) alterColumn() {
	a.take("column")
	column := a.table + "." + a.name()
	switch {
	case a.take("type"), a.take("set", "data", "type"):
		a.report(Refuse, "column-type", "the running version reads and writes the old type, and the table may be written anew under an exclusive lock",
			"add a column of the new type, write to both, and drop the old one in a contract migration")
	case a.take("set", "default"):
		a.linter.defaulted[column] = true
	case a.take("drop", "default"):
		a.report(Refuse, "drop-default", "the running version may leave the column out when it inserts",
			"drop the default in a contract migration")
	case a.take("drop", "not", "null"):
		a.report(Warn, "drop-not-null", "the new version may write NULL, which the running version may not bear to read",
			"let the new version write no NULL until the release has settled")
	case a.take("set", "not", "null"):
		a.setNotNull(column)
	}
}

func (a action) setNotNull(column string) {
	const advice = "add CHECK (... IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT, and SET NOT NULL in a contract migration"
	if a.linter.defaulted[column] {
		a.report(Warn, "set-not-null", "the whole table is read under an exclusive lock, and the running version may write NULL on purpose", advice)
		return
	}
	a.report(Refuse, "set-not-null", "the running version may leave the column out, or write NULL, and would be refused", advice)
}
