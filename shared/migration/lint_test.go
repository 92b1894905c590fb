package migration_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/migration"
)

// TestLint names what each Up part of an expand migration leads to, as rule/severity at a line of
// the part.
func TestLintOfAnExpand(t *testing.T) {
	for up, want := range map[string]string{
		"CREATE TABLE a (id int NOT NULL);":                                            "",
		"ALTER TABLE a ADD COLUMN b text;":                                             "",
		"ALTER TABLE a ADD b int NOT NULL DEFAULT 0;":                                  "",
		"ALTER TABLE a ADD b int NOT NULL;":                                            "add-not-null/refuse@1",
		"ALTER TABLE a ADD COLUMN IF NOT EXISTS b numeric(9, 2),\nADD c int NOT NULL;": "add-not-null/refuse@2",
		"ALTER TABLE ONLY s.a DROP COLUMN b;":                                          "drop-column/refuse@1",
		"alter table a\n  drop b;":                                                     "drop-column/refuse@2",
		"ALTER TABLE a RENAME COLUMN b TO c;":                                          "rename/refuse@1",
		"ALTER TABLE a RENAME TO b;":                                                   "rename/refuse@1",
		"ALTER VIEW a RENAME TO b;":                                                    "rename/refuse@1",
		"ALTER INDEX a RENAME TO b;":                                                   "",
		"ALTER TYPE a ADD VALUE 'x';":                                                  "",
		"ALTER TABLE a ALTER b TYPE bigint;":                                           "column-type/refuse@1",
		"ALTER TABLE a ALTER COLUMN b SET DATA TYPE bigint;":                           "column-type/refuse@1",
		"ALTER TABLE a ALTER b SET NOT NULL;":                                          "set-not-null/refuse@1",
		"ALTER TABLE a ADD b int DEFAULT 1;\nALTER TABLE a ALTER b SET NOT NULL;":      "set-not-null/warn@2",
		"ALTER TABLE a ALTER b DROP DEFAULT;":                                          "drop-default/refuse@1",
		"ALTER TABLE a ALTER b DROP NOT NULL;":                                         "drop-not-null/warn@1",
		"ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0);":                                "constraint-locks/warn@1",
		"ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID;":                      "add-constraint/warn@1",
		"ALTER TABLE a ADD b uuid DEFAULT gen_random_uuid();":                          "rewrites-table/warn@1",
		"ALTER TABLE a ENABLE ROW LEVEL SECURITY;":                                     "row-security/refuse@1",
		"DROP TABLE a;":                                  "drop-table/refuse@1",
		"CREATE TABLE a (); DROP TABLE a, b;":            "drop-table/refuse@1",
		"CREATE TABLE a ();\nDROP TABLE a;":              "",
		"DROP VIEW IF EXISTS a;":                         "drop-object/refuse@1",
		"DROP INDEX a;":                                  "drop-index/warn@1",
		"TRUNCATE a;":                                    "truncate/refuse@1",
		"DELETE FROM a;":                                 "delete-all/refuse@1",
		"DELETE FROM a WHERE b;":                         "delete-rows/warn@1",
		"WITH x AS (DELETE FROM a) SELECT 1 WHERE true;": "delete-all/refuse@1",
		"UPDATE a SET b = 1;":                            "update-all/warn@1",
		"UPDATE a SET b = 1 WHERE b = 2;":                "",
		"INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET b = 1;": "",
		"CREATE INDEX i ON a (b);":                                       "index-locks/warn@1",
		"CREATE TABLE a (b int);\nCREATE INDEX i ON a (b);":              "",
		"CREATE INDEX CONCURRENTLY i ON a (b);":                          "needs-no-transaction/refuse@1",
		"CREATE UNIQUE INDEX i ON a (b);":                                "index-locks/warn@1 add-constraint/warn@1",
		"REVOKE SELECT ON a FROM b;":                                     "revoke/refuse@1",
		"LOCK TABLE a;":                                                  "lock-table/warn@1",
		"COMMIT;":                                                        "transaction-control/refuse@1",
		"SET lock_timeout = 0;":                                          "session-setting/warn@1",
		"SET LOCAL lock_timeout = 0;":                                    "",
		"SELECT 'DROP TABLE a;', $x$ DROP TABLE a; $x$ /* DROP /* TABLE */ a; */;":                                              "",
		"-- DROP TABLE a;\nCREATE TABLE \"drop\" ();":                                                                           "",
		"SELECT E'\\'; DROP TABLE a; --';":                                                                                      "",
		"SELECT 1; drop\n/* why not */ table \"A b\";":                                                                          "drop-table/refuse@2",
		"-- +goose StatementBegin\nDO $$\nBEGIN\n  IF true THEN\n    DROP TABLE a;\n  END IF;\nEND $$;\n-- +goose StatementEnd": "opaque-block/warn@2 drop-table/refuse@5",
		"-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC\n" +
			"SELECT CASE WHEN true THEN 1 END; SELECT 2; END;\n-- +goose StatementEnd\nSELECT 1;": "",
	} {
		t.Run(up, func(t *testing.T) {
			set := parse(t, map[string]string{"0001_a.expand.sql": file(up, "SELECT 1;")})
			if got := summary(migration.Lint(set)); got != want {
				t.Errorf("findings = %q, want %q", got, want)
			}
		})
	}
}

// summary counts lines from the first one after "-- +goose Up".
func summary(findings []migration.Finding) string {
	var parts []string
	for _, f := range findings {
		parts = append(parts, f.Rule+"/"+string(f.Severity)+"@"+strconv.Itoa(f.Line-1))
	}
	return strings.Join(parts, " ")
}

func TestAContractAndADownPartMayDestroy(t *testing.T) {
	set := parse(t, map[string]string{
		"0001_a.contract.sql": file("DROP TABLE a;\nALTER TABLE b DROP c, RENAME d TO e;", "DELETE FROM b;"),
		"0002_a.expand.sql":   file("CREATE TABLE f ();", "DROP TABLE f; DROP TABLE g;"),
	})
	if got := migration.Lint(set); len(got) > 0 {
		t.Errorf("findings = %+v, want none", got)
	}
	broken := parse(t, map[string]string{"0001_a.contract.sql": file("DROP INDEX CONCURRENTLY a;", "ROLLBACK;")})
	want(t, "findings", summary(migration.Lint(broken)), "needs-no-transaction/refuse@1 transaction-control/refuse@3")
	if !migration.Refused(migration.Lint(broken)) {
		t.Error("Refused = false, want true")
	}
}
