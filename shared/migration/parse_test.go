package migration_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/migration"
)

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	const fine = "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n"
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a name without a kind":    {map[string]string{"0001_a.sql": fine}, "0001_a.sql: name it"},
		"a name without a number":  {map[string]string{"a.expand.sql": fine}, "a.expand.sql: name it"},
		"number zero":              {map[string]string{"0000_a.expand.sql": fine}, "0000_a.expand.sql: the number"},
		"a number twice":           {map[string]string{"0001_a.expand.sql": fine, "0001_b.contract.sql": fine}, "0001_b.contract.sql: number 1 belongs to 0001_a.expand.sql"},
		"an empty file":            {map[string]string{"0001_a.expand.sql": ""}, "0001_a.expand.sql: the file is empty"},
		"only comments":            {map[string]string{"0001_a.expand.sql": "-- +goose Up\n/* nothing */;\n-- +goose Down\nSELECT 1;"}, "the Up part has no statement"},
		"no down part":             {map[string]string{"0001_a.expand.sql": "-- +goose Up\nSELECT 1;\n"}, "the Down part is missing"},
		"an empty down part":       {map[string]string{"0001_a.expand.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\n-- none\n"}, "the Down part has no statement"},
		"an empty up part":         {map[string]string{"0001_a.expand.sql": "-- +goose Up\n-- +goose Down\nSELECT 1;\n"}, "the Up part has no statement"},
		"no annotation":            {map[string]string{"0001_a.expand.sql": "SELECT 1;\n"}, "0001_a.expand.sql:1: the file must begin"},
		"an unknown annotation":    {map[string]string{"0001_a.expand.sql": "-- +goose Upp\n" + fine}, `0001_a.expand.sql:1: there is no annotation "upp"`},
		"an indented annotation":   {map[string]string{"0001_a.expand.sql": " " + fine}, "0001_a.expand.sql:1: an annotation stands alone"},
		"environment substitution": {map[string]string{"0001_a.expand.sql": "-- +goose ENVSUB ON\n" + fine}, "ENVSUB is refused"},
		"no semicolon":             {map[string]string{"0001_a.expand.sql": "-- +goose Up\nSELECT 1\n-- +goose Down\nSELECT 1;\n"}, "0001_a.expand.sql:2: the statement does not end"},
		"a body that is cut":       {map[string]string{"0001_a.expand.sql": "-- +goose Up\nDO $$\nBEGIN\nNULL;\nEND $$;\n-- +goose Down\nSELECT 1;\n"}, "StatementBegin"},
		"a block that stays open":  {map[string]string{"0001_a.expand.sql": "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\nSELECT 1;\n"}, "StatementBegin at line 2 has no StatementEnd"},
		"other files":              {map[string]string{"README.md": "", "0001_a.expand.sql": fine}, ""},
		"nothing":                  {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for name, content := range test.files {
				fsys[name] = &fstest.MapFile{Data: []byte(content)}
			}
			_, err := migration.Parse(fsys)
			var problem *migration.ParseError
			switch {
			case test.want == "" && err != nil:
				t.Errorf("Parse = %v, want nil", err)
			case test.want != "" && (!fault.Is(err, fault.Invalid) || !errors.As(err, &problem) || !strings.Contains(err.Error(), test.want)):
				t.Errorf("Parse = %v, want %s with %q", err, fault.Invalid, test.want)
			}
		})
	}
}

func TestADigestIsThatOfNamesAndContents(t *testing.T) {
	base := parse(t, shop())
	want(t, "digest with other line ends", parse(t, mapContents(shop(), func(c string) string {
		return strings.ReplaceAll(c, "\n", "\r\n")
	})).Digest, base.Digest)
	if other := parse(t, mapContents(shop(), func(c string) string { return c + "\n" })); other.Digest == base.Digest {
		t.Error("the digest did not change with the content")
	}
	renamed := shop()
	renamed["0001_baskets.expand.sql"] = renamed["0001_orders.expand.sql"]
	delete(renamed, "0001_orders.expand.sql")
	if other := parse(t, renamed); other.Digest == base.Digest {
		t.Error("the digest did not change with a name")
	}
}

func mapContents(files map[string]string, change func(string) string) map[string]string {
	for name, content := range files {
		files[name] = change(content)
	}
	return files
}

func FuzzParseAndLintEnd(f *testing.F) {
	f.Add("-- +goose Up\nSELECT E'\\'' || $a$ x $a$;\n-- +goose Down\n/* /* */ */ SELECT \"a\"\"b\";")
	f.Add("-- +goose Up\n-- +goose StatementBegin\nDO $$ BEGIN DROP TABLE a; END $$;\n-- +goose StatementEnd\n-- +goose Down\nSELECT 1;")
	f.Add("-- +goose Up\nALTER TABLE ONLY a.b ADD c int NOT NULL, DROP d, RENAME e TO f;\n-- +goose Down\nSELECT U&'x';")
	f.Fuzz(func(_ *testing.T, content string) {
		set, err := migration.Parse(fstest.MapFS{"0001_a.expand.sql": &fstest.MapFile{Data: []byte(content)}})
		if err == nil {
			_ = migration.Lint(set)
		}
	})
}
