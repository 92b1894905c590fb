package migration

// transactionControl finds commands that would end the transaction in which goose applies and
// records the migration.
func transactionControl(l *linter, c command) {
	at := c.cursor()
	for _, keyword := range []string{"begin", "commit", "rollback", "start", "end", "abort", "savepoint", "release", "prepare"} {
		if at.take(keyword) {
			l.report(c, 0, Refuse, "transaction-control", "the migration already runs in a transaction, or says NO TRANSACTION",
				"leave it out")
			return
		}
	}
}

// concurrentlyInTransaction finds what PostgreSQL refuses inside a transaction.
func concurrentlyInTransaction(l *linter, c command) {
	at := c.cursor()
	index := at.take("create") || at.take("drop") || at.take("reindex")
	alone := !index && at.take("vacuum")
	if l.migration.Transactional() && (index && at.has("concurrently") || alone) {
		l.report(c, 0, Refuse, "needs-no-transaction", "PostgreSQL refuses this inside a transaction",
			"put it into a file of its own with -- +goose NO TRANSACTION at the top")
	}
}

// sessionSetting finds settings that would outlast the migration in its session.
func sessionSetting(l *linter, c command) {
	at := c.cursor()
	if at.take("set") && !at.take("local") && !at.take("constraints") && !at.take("transaction") {
		l.report(c, 0, Warn, "session-setting", "the setting also holds for the migrations that follow",
			"write SET LOCAL; with NO TRANSACTION, RESET it at the end")
	}
}

// createIndex finds an index that blocks writers while it is made.
func createIndex(l *linter, c command) {
	at := c.cursor()
	if !at.take("create") {
		return
	}
	unique := at.take("unique")
	if !at.take("index") {
		return
	}
	concurrently := at.take("concurrently")
	for at.at < len(at.tokens) && !at.take("on") {
		at.at++
	}
	at.take("only")
	table := at.name()
	if l.created[table] {
		return
	}
	if !concurrently {
		l.report(c, 0, Warn, "index-locks", message("writers to %q wait until the index is made", table),
			"use CREATE INDEX CONCURRENTLY in a file of its own with -- +goose NO TRANSACTION")
	}
	if unique {
		l.report(c, 0, Warn, "add-constraint", "the running version may write rows that a unique index refuses",
			"make sure that it does not, or add the index in a contract migration")
	}
}
