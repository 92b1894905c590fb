package app

import (
	"fmt"
	"strings"
)

// The statements name every column, so that a column which a newer release added does not
// disturb an older one: both run while traffic is shifted.

// selectRuns begins a query whose rows are a Run each.
func (c Columns) selectRuns() string {
	shoe, note := "''", "''"
	if c.Shoe {
		shoe = "coalesce(shoe, '')"
	}
	if c.Note {
		note = "coalesce(note, '')"
	}
	return fmt.Sprintf("SELECT id, runner, started_at, %s, duration_seconds, %s, %s FROM runs ",
		c.meters(), shoe, note)
}

// selectStats is a query for the one row of Stats; its parameter is a runner or ”.
func (c Columns) selectStats() string {
	return fmt.Sprintf(`SELECT count(*), coalesce(sum(%[1]s), 0)::bigint,
		coalesce(sum(duration_seconds), 0)::bigint, coalesce(max(%[1]s), 0)::bigint,
		coalesce(sum(duration_seconds) * 1000 / nullif(sum(%[1]s), 0), 0)::bigint
		FROM runs WHERE ($1::text = '' OR runner = $1)`, c.meters())
}

func (c Columns) meters() string {
	if c.Kilometres {
		return "(distance_km * 1000)::integer"
	}
	return "distance_meters"
}

// insert is the statement that stores a run and returns its id.
func (c Columns) insert(run Run) (sql string, args []any) {
	columns := []string{"runner", "started_at", "duration_seconds"}
	values := []string{"$1", "$2", "$3"}
	args = []any{run.Runner, run.StartedAt, run.DurationSeconds}
	add := func(column, value string, arg any) {
		columns = append(columns, column)
		args = append(args, arg)
		values = append(values, fmt.Sprintf(value, len(args)))
	}
	if c.Kilometres {
		add("distance_km", "$%d::integer / 1000.0", run.DistanceMeters)
	} else {
		add("distance_meters", "$%d", run.DistanceMeters)
	}
	if c.Shoe {
		add("shoe", "nullif($%d, '')", run.Shoe)
	}
	if c.Note {
		add("note", "nullif($%d, '')", run.Note)
	}
	sql = fmt.Sprintf("INSERT INTO runs (%s) VALUES (%s) RETURNING id",
		strings.Join(columns, ", "), strings.Join(values, ", "))
	return sql, args
}
