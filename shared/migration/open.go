package migration

import (
	"database/sql"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/pilotage/pilotage/shared/fault"
)

// Timeouts bound what a statement of a migration may do to others. Zero means no bound.
type Timeouts struct {
	// Lock is how long a statement waits for a lock, while everybody who comes after it waits
	// behind it. PostgreSQL's lock_timeout.
	Lock time.Duration
	// Statement is how long a statement runs. PostgreSQL's statement_timeout.
	Statement time.Duration
}

// Open returns a database whose every session has the timeouts and "pilotage-migration" as its
// application_name from its first moment, because they are sent as start-up parameters. It does
// not connect. A dsn that cannot be parsed is fault.Invalid; the error does not contain it.
//
// Close the database after use.
func Open(dsn string, timeouts Timeouts) (*sql.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// pgx redacts the password of a URL, but not of every text that it cannot parse.
		return nil, fault.New(fault.Invalid, "open the database: the connection string cannot be parsed")
	}
	if timeouts.Lock < 0 || timeouts.Statement < 0 {
		return nil, fault.New(fault.Invalid, "open the database: timeouts %v and %v must not be negative",
			timeouts.Lock, timeouts.Statement)
	}
	config.RuntimeParams["application_name"] = applicationName
	config.RuntimeParams["lock_timeout"] = milliseconds(timeouts.Lock)
	config.RuntimeParams["statement_timeout"] = milliseconds(timeouts.Statement)
	// A migrator that is cut off must not keep its transaction, and so its locks, open.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = milliseconds(5 * time.Minute)
	return stdlib.OpenDB(*config), nil
}

// applicationName is what pg_stat_activity shows.
const applicationName = "pilotage-migration"

// milliseconds rounds up: a bound below one millisecond must not become none.
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Millisecond-1)/time.Millisecond), 10)
}
