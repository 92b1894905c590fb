package migration

import (
	"errors"
	"fmt"
)

// DriftError says that a file was changed after it was applied, so that nobody can tell from the
// files what the database is.
type DriftError struct {
	// File is the name in the set; AppliedName is the one under which it was applied.
	File, AppliedName string
	// Checksum is the file's; AppliedChecksum is the one that was applied.
	Checksum, AppliedChecksum string
}

// Error names the file and says what to do.
func (e *DriftError) Error() string {
	if e.File != e.AppliedName {
		return fmt.Sprintf("migration %s was applied under the name %s: give it that name again", e.File, e.AppliedName)
	}
	return fmt.Sprintf("migration %s was changed after it was applied (%.12s now, %.12s then): "+
		"restore its content and put the change into a new file", e.File, e.Checksum, e.AppliedChecksum)
}

// OrderError says that a migration cannot be applied, or taken back, at this point of the order.
type OrderError struct {
	File   string
	Reason string
}

// Error names the file and the reason.
func (e *OrderError) Error() string { return fmt.Sprintf("migration %s: %s", e.File, e.Reason) }

// drift compares what was applied with the files that are still in the set. Files that were
// applied and are not in it are of no concern: an older release, which one goes back to, has
// fewer.
func drift(set Set, applied []Applied) error {
	byVersion := map[int64]Migration{}
	for _, m := range set.Migrations {
		byVersion[m.Version] = m
	}
	var problems []error
	for _, a := range applied {
		m, ok := byVersion[a.Version]
		if ok && (m.Checksum != a.Checksum || m.Name != a.Name) {
			problems = append(problems, &DriftError{
				File: m.Name, AppliedName: a.Name, Checksum: m.Checksum, AppliedChecksum: a.Checksum,
			})
		}
	}
	return errors.Join(problems...)
}

// late finds expands that would have to be applied below an applied number.
func late(set Set, applied []Applied) error {
	top := highest(applied)
	var problems []error
	for _, m := range pending(set, applied, Expand) {
		if m.Version < top {
			problems = append(problems, &OrderError{File: m.Name, Reason: fmt.Sprintf(
				"the database has number %d already: give this file the next free number", top)})
		}
	}
	return errors.Join(problems...)
}

// early finds contracts that an expand below them must come before.
func early(set Set, applied []Applied) error {
	expands := pending(set, applied, Expand)
	var problems []error
	for _, contract := range pending(set, applied, Contract) {
		if len(expands) > 0 && expands[0].Version < contract.Version {
			problems = append(problems, &OrderError{
				File: contract.Name, Reason: fmt.Sprintf("%s comes first and is not applied", expands[0].Name),
			})
		}
	}
	return errors.Join(problems...)
}

// pending is what the database lacks of one kind, lowest version first.
func pending(set Set, applied []Applied, kind Kind) []Migration {
	has := map[int64]bool{}
	for _, a := range applied {
		has[a.Version] = true
	}
	var lacking []Migration
	for _, m := range set.Migrations {
		if m.Kind == kind && !has[m.Version] {
			lacking = append(lacking, m)
		}
	}
	return lacking
}
