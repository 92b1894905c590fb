package migration_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pilotage/pilotage/local/postgres/pgtest"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/migration"
)

// shop is a history in which contracts stand between expands.
func shop() map[string]string {
	return map[string]string{
		"0001_orders.expand.sql":      file("CREATE TABLE orders (id bigint PRIMARY KEY, name text);", "DROP TABLE orders;"),
		"0003_title.expand.sql":       file("ALTER TABLE orders ADD COLUMN title text;", "ALTER TABLE orders DROP COLUMN title;"),
		"0004_drop_name.contract.sql": file("ALTER TABLE orders DROP COLUMN name;", "ALTER TABLE orders ADD COLUMN name text;"),
		"0006_total.expand.sql":       file("ALTER TABLE orders ADD COLUMN total bigint;", "ALTER TABLE orders DROP COLUMN total;"),
	}
}

func versions(t *testing.T, m migration.Migrator) []int64 {
	t.Helper()
	applied, err := m.Status(t.Context())
	must(t, err)
	got := []int64{}
	for _, a := range applied {
		got = append(got, a.Version)
	}
	return got
}

func stepVersions(result migration.Result) []int64 {
	got := []int64{}
	for _, s := range result.Applied {
		got = append(got, s.Version)
	}
	return got
}

func columns(t *testing.T, db *sql.DB) string {
	t.Helper()
	var got string
	const query = `SELECT coalesce(string_agg(column_name, ' ' ORDER BY column_name), '')
		FROM information_schema.columns WHERE table_name = 'orders'`
	must(t, db.QueryRowContext(t.Context(), query).Scan(&got))
	return got
}

func want[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestExpandThenContractThenBack(t *testing.T) {
	db := open(t, pgtest.Database(t))
	m := migration.Migrator{DB: db, Set: parse(t, shop())}
	if got, err := m.Version(t.Context()); err != nil || got != 0 {
		t.Fatalf("Version of an empty database = %d, %v", got, err)
	}
	result, err := m.Expand(t.Context())
	must(t, err)
	want(t, "expanded", stepVersions(result), []int64{1, 3, 6})
	want(t, "from, to", [2]int64{result.From, result.To}, [2]int64{0, 6})
	want(t, "columns", columns(t, db), "id name title total")

	again, err := m.Expand(t.Context())
	must(t, err)
	want(t, "expanded again", stepVersions(again), []int64{})
	want(t, "from, to", [2]int64{again.From, again.To}, [2]int64{6, 6})

	contracted, err := m.Contract(t.Context())
	must(t, err)
	want(t, "contracted", stepVersions(contracted), []int64{4})
	want(t, "columns", columns(t, db), "id title total")
	want(t, "order of application", versions(t, m), []int64{1, 3, 6, 4})

	last, err := m.RevertTo(t.Context(), 5)
	must(t, err)
	want(t, "reverted, though 4 was applied after it", stepVersions(last), []int64{6})
	_, err = m.Expand(t.Context())
	must(t, err)
	want(t, "order of application", versions(t, m), []int64{1, 3, 4, 6})

	back, err := m.RevertTo(t.Context(), 3)
	must(t, err)
	want(t, "reverted, newest application first", stepVersions(back), []int64{6, 4})
	want(t, "columns", columns(t, db), "id name title")
	want(t, "from, to", [2]int64{back.From, back.To}, [2]int64{6, 3})
	repeated, err := m.RevertTo(t.Context(), 3)
	must(t, err)
	want(t, "reverted again", stepVersions(repeated), []int64{})

	_, err = m.RevertTo(t.Context(), 0)
	must(t, err)
	want(t, "columns", columns(t, db), "")
	_, err = m.Expand(t.Context())
	must(t, err)
	want(t, "columns", columns(t, db), "id name title total")
}

func TestRevertToUndoesExactlyOneExpand(t *testing.T) {
	db := open(t, pgtest.Database(t))
	old := shop()
	delete(old, "0006_total.expand.sql")
	first := migration.Migrator{DB: db, Set: parse(t, old)}
	_, err := first.Expand(t.Context())
	must(t, err)
	_, err = first.Contract(t.Context())
	must(t, err)
	before := columns(t, db)

	next := migration.Migrator{DB: db, Set: parse(t, shop())}
	result, err := next.Expand(t.Context())
	must(t, err)
	want(t, "expanded", stepVersions(result), []int64{6})
	_, err = first.RevertTo(t.Context(), result.From)
	var order *migration.OrderError
	if !fault.Is(err, fault.Invalid) || !errors.As(err, &order) || order.File != "0006_total.expand.sql" {
		t.Errorf("RevertTo with the older set = %v, want an OrderError about 0006", err)
	}
	_, err = next.RevertTo(t.Context(), result.From)
	must(t, err)
	want(t, "columns", columns(t, db), before)
}

func TestALateExpandAndAnEarlyContractAreRefused(t *testing.T) {
	db := open(t, pgtest.Database(t))
	m := migration.Migrator{DB: db, Set: parse(t, shop())}
	if _, err := m.Contract(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("Contract before Expand = %v, want %s", err, fault.Invalid)
	}
	_, err := m.Expand(t.Context())
	must(t, err)
	merged := shop()
	merged["0005_late.expand.sql"] = file("CREATE TABLE late ();", "DROP TABLE late;")
	m.Set = parse(t, merged)
	for name, refused := range map[string]error{
		"Expand":  second(m.Expand(t.Context())),
		"Pending": second(m.Pending(t.Context(), migration.Expand)),
	} {
		var order *migration.OrderError
		if !fault.Is(refused, fault.Invalid) || !errors.As(refused, &order) || order.File != "0005_late.expand.sql" {
			t.Errorf("%s = %v, want an OrderError about 0005", name, refused)
		}
	}
	want(t, "applied", versions(t, m), []int64{1, 3, 6})
}

func second[T any](_ T, err error) error { return err }

func TestAnAppliedFileThatChangedIsNamed(t *testing.T) {
	db := open(t, pgtest.Database(t))
	m := migration.Migrator{DB: db, Set: parse(t, shop())}
	_, err := m.Expand(t.Context())
	must(t, err)
	changed := shop()
	changed["0003_title.expand.sql"] += "-- a remark\n"
	changed["0007_more.expand.sql"] = file("CREATE TABLE more ();", "DROP TABLE more;")
	m.Set = parse(t, changed)
	for name, refused := range map[string]error{
		"Expand":   second(m.Expand(t.Context())),
		"Contract": second(m.Contract(t.Context())),
		"RevertTo": second(m.RevertTo(t.Context(), 0)),
		"Pending":  second(m.Pending(t.Context(), migration.Expand)),
	} {
		var drift *migration.DriftError
		if !fault.Is(refused, fault.Invalid) || !errors.As(refused, &drift) || drift.File != "0003_title.expand.sql" {
			t.Errorf("%s = %v, want a DriftError about 0003", name, refused)
		}
	}
	want(t, "applied", versions(t, m), []int64{1, 3, 6})
}

func TestAFailureSaysHowFarItCame(t *testing.T) {
	db := open(t, pgtest.Database(t))
	broken := shop()
	broken["0006_total.expand.sql"] = file("ALTER TABLE orders ADD COLUMN total bigint;\nSELECT 1/0;", "SELECT 1;")
	m := migration.Migrator{DB: db, Set: parse(t, broken)}
	result, err := m.Expand(t.Context())
	var incomplete *migration.IncompleteError
	if !fault.Is(err, fault.MigrationIncomplete) || !errors.As(err, &incomplete) {
		t.Fatalf("Expand = %v, want %s", err, fault.MigrationIncomplete)
	}
	want(t, "applied", stepVersions(result), []int64{1, 3})
	want(t, "applied in the error", stepVersions(incomplete.Result), []int64{1, 3})
	want(t, "to", result.To, 3)
	want(t, "failed", incomplete.Failed.Name, "0006_total.expand.sql")
	want(t, "columns", columns(t, db), "id name title")
	for _, part := range []string{"0001_orders.expand.sql", "0006_total.expand.sql", "division by zero", "rolled back"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not mention %q", err, part)
		}
	}
	m.Set = parse(t, shop())
	repaired, err := m.Expand(t.Context())
	must(t, err)
	want(t, "applied after the repair", stepVersions(repaired), []int64{6})
}

func TestALockThatOthersHoldIsTransient(t *testing.T) {
	dsn := pgtest.Database(t)
	db := open(t, dsn)
	first := shop()
	maps.DeleteFunc(first, func(name, _ string) bool { return name > "0002" })
	m := migration.Migrator{DB: db, Set: parse(t, first)}
	_, err := m.Expand(t.Context())
	must(t, err)
	tx, err := open(t, dsn).BeginTx(t.Context(), nil)
	must(t, err)
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE orders IN ACCESS SHARE MODE")
	must(t, err)
	m.Set = parse(t, shop())
	if _, err := m.Expand(t.Context()); !fault.Is(err, fault.Transient) {
		t.Errorf("Expand against a held lock = %v, want %s", err, fault.Transient)
	}
	must(t, tx.Rollback())
	_, err = m.Expand(t.Context())
	must(t, err)
}

func TestAnIndexIsMadeConcurrently(t *testing.T) {
	db := open(t, pgtest.Database(t))
	files := shop()
	files["0007_index.expand.sql"] = "-- +goose NO TRANSACTION\n" +
		file("CREATE INDEX CONCURRENTLY title ON orders (title);", "DROP INDEX CONCURRENTLY title;")
	m := migration.Migrator{DB: db, Set: parse(t, files)}
	_, err := m.Expand(t.Context())
	must(t, err)
	_, err = m.RevertTo(t.Context(), 6)
	must(t, err)
	want(t, "applied", versions(t, m), []int64{1, 3, 6})
}

func TestManyMigratorsAtOnceApplyEachMigrationOnce(t *testing.T) {
	dsn := pgtest.Database(t)
	var mu sync.Mutex
	var all []int64
	var group sync.WaitGroup
	for range 4 {
		m := migration.Migrator{DB: open(t, dsn), Set: parse(t, shop())}
		group.Go(func() {
			result, err := m.Expand(context.Background())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, stepVersions(result)...)
		})
	}
	group.Wait()
	slices.Sort(all)
	want(t, "applied by anybody", all, []int64{1, 3, 6})
}

func TestOpenSendsTheTimeouts(t *testing.T) {
	db := open(t, pgtest.Database(t))
	for setting, value := range map[string]string{
		"lock_timeout": "300ms", "statement_timeout": "20s", "application_name": "pilotage-migration",
	} {
		var got string
		must(t, db.QueryRowContext(t.Context(), "SELECT current_setting($1)", setting).Scan(&got))
		want(t, setting, got, value)
	}
	_, err := migration.Open("postgres://u:s3cret@[broken", migration.Timeouts{})
	if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("Open = %v, want %s without the password", err, fault.Invalid)
	}
}

func TestAnotherMigratorIsWaitedForWithinBounds(t *testing.T) {
	dsn := pgtest.Database(t)
	other, err := open(t, dsn).Conn(t.Context())
	must(t, err)
	_, err = other.ExecContext(t.Context(), "SELECT pg_advisory_lock(x'70696c6f74616765'::bigint)")
	must(t, err)
	m := migration.Migrator{DB: open(t, dsn), Set: parse(t, shop()), LockPatience: 1}
	if _, err := m.Expand(t.Context()); !fault.Is(err, fault.Transient) {
		t.Errorf("Expand while another one migrates = %v, want %s", err, fault.Transient)
	}
	want(t, "applied", versions(t, m), []int64{})
	must(t, other.Close())
}

func TestASetWithNothingToExpandIsCheckedAllTheSame(t *testing.T) {
	m := migration.Migrator{DB: open(t, pgtest.Database(t)), Set: parse(t, shop())}
	_, err := m.Expand(t.Context())
	must(t, err)
	m.Set = parse(t, nil)
	result, err := m.Expand(t.Context())
	must(t, err)
	want(t, "from, to", [2]int64{result.From, result.To}, [2]int64{6, 6})
	m.Set = parse(t, map[string]string{"0003_title.contract.sql": file("SELECT 1;", "SELECT 1;")})
	if _, err := m.Expand(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("Expand = %v, want %s about 0003", err, fault.Invalid)
	}
}
