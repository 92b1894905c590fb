package migration

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pilotage/pilotage/shared/fault"
)

// Parse reads the migrations at the root of a file system. Files that do not end in .sql and
// directories are ignored; gaps between numbers are allowed, and so is an empty set.
//
// It fails with fault.Invalid, wrapping a *ParseError for each problem: a name or a number that is
// wrong or used twice, a part that is missing or empty, an annotation or a statement that goose
// would misread.
func Parse(fsys fs.FS) (Set, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return Set{}, fmt.Errorf("list migrations: %w", err)
	}
	var set Set
	var problems []error
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), ".sql") {
			continue
		}
		content, err := fs.ReadFile(fsys, entry.Name())
		if err != nil {
			return Set{}, fmt.Errorf("read migration %q: %w", entry.Name(), err)
		}
		migration, found := parseFile(entry.Name(), string(content))
		problems = append(problems, found...)
		set.Migrations = append(set.Migrations, migration)
	}
	slices.SortFunc(set.Migrations, func(a, b Migration) int {
		return strings.Compare(fmt.Sprintf("%019d%s", a.Version, a.Name), fmt.Sprintf("%019d%s", b.Version, b.Name))
	})
	problems = append(problems, duplicates(set.Migrations)...)
	if len(problems) > 0 {
		return Set{}, fault.New(fault.Invalid, "parse migrations: %w", errors.Join(problems...))
	}
	set.Digest = digest(set.Migrations)
	return set, nil
}

// parseFile reads one file and says everything that is wrong with it.
func parseFile(name, content string) (Migration, []error) {
	content = strings.ReplaceAll(content, "\r\n", "\n")
	sum := sha256.Sum256([]byte(content))
	migration := Migration{Name: name, Checksum: hex.EncodeToString(sum[:]), content: content}
	var problems []error
	pattern := regexp.MustCompile(`^([0-9]{4,18})_[a-z0-9][a-z0-9_-]*\.(expand|contract)\.sql$`)
	match := pattern.FindStringSubmatch(name)
	if match == nil {
		return migration, []error{&ParseError{
			File: name, Problem: "name it NNNN_name.expand.sql or NNNN_name.contract.sql, " +
				"with at least four digits and a lower-case name",
		}}
	}
	migration.Kind = Kind(match[2])
	version, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil || version < 1 {
		problems = append(problems, &ParseError{File: name, Problem: "the number must be 1 or more"})
	}
	migration.Version = version
	script, errs := parseScript(content)
	for _, err := range errs {
		err.File = name
		problems = append(problems, err)
	}
	migration.script = script
	return migration, problems
}

func duplicates(migrations []Migration) []error {
	var problems []error
	for i := 1; i < len(migrations); i++ {
		before, now := migrations[i-1], migrations[i]
		if before.Version == now.Version && now.Version > 0 {
			problems = append(problems, &ParseError{
				File:    now.Name,
				Problem: fmt.Sprintf("number %d belongs to %s; give one of them the next free number", now.Version, before.Name),
			})
		}
	}
	return problems
}

func digest(migrations []Migration) string {
	hash := sha256.New()
	for _, m := range migrations {
		fmt.Fprintf(hash, "%s  %s\n", m.Checksum, m.Name)
	}
	return "sha256:" + hex.EncodeToString(hash.Sum(nil))
}
