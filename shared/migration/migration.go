// Package migration changes a database's schema by SQL files, in the two halves that let the old
// and the new version of a service run side by side: NNNN_name.expand.sql before traffic shifts,
// NNNN_name.contract.sql after the release has settled. Files carry goose's annotations
// (https://pressly.github.io/goose/documentation/annotations/).
//
// Parse reads them, Lint finds what the old version could not live with, and a Migrator applies
// them and takes them back.
//
// # How the halves live with one order
//
// Both kinds share one sequence of numbers, but a contract is applied later than expands that
// are numbered after it: with 1.expand, 2.contract and 3.expand in a release, Expand applies 1
// and 3, and 2 follows when the release has settled. One table, pilotage_migrations, records both.
// Three rules make that sound, and are checked under the lock before anything is applied:
//
//   - Expand applies only numbers above every applied one, of either kind. A file that was merged
//     late under a lower number is refused with the advice to give it the next free number. So the
//     migrations above the version before an Expand are exactly those which it applied, and
//     RevertTo that version undoes it and nothing else.
//   - Contract applies a contract, in whatever order relative to expands, once every expand
//     below it in the set is applied.
//   - A file that was applied is never changed: its checksum, written in the same transaction as
//     its effect, must match for ever.
package migration

import (
	"strconv"
	"strings"
)

// Kind says when a migration is applied.
type Kind string

const (
	// Expand adds what the new version needs and the old one can live with.
	Expand Kind = "expand"
	// Contract removes what only the old version needed.
	Contract Kind = "contract"
)

// Migration is one file.
type Migration struct {
	// Version is the file's number, 1 or more.
	Version int64 `json:"version"`
	// Name is the file's name, extension and all.
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Checksum is the SHA-256 of the content, line ends normalised, in hexadecimal.
	Checksum string `json:"checksum"`

	content string
	script  script
}

// String is the file's name.
func (m Migration) String() string { return m.Name }

// Title is the file's name without number, kind and ending: "add_shoe".
func (m Migration) Title() string {
	_, rest, _ := strings.Cut(m.Name, "_")
	title, _, _ := strings.Cut(rest, ".")
	return title
}

// Transactional reports whether each direction runs in one transaction, so that it happens whole
// or not at all. A file says NO TRANSACTION when it must not, as for CREATE INDEX CONCURRENTLY; it
// must then bear being run again from its start.
func (m Migration) Transactional() bool { return m.script.transactional }

// Set is the migrations of a release, lowest version first.
type Set struct {
	// Digest is "sha256:" and the SHA-256 over the names and checksums, in hexadecimal. Two
	// sets with one digest do the same.
	Digest     string      `json:"digest"`
	Migrations []Migration `json:"migrations"`
}

// ParseError is something wrong with a file.
type ParseError struct {
	// File is the name; Line counts from 1 and is zero when the file as a whole is meant.
	File    string
	Line    int
	Problem string
}

// Error is file:line: problem, as compilers write it.
func (e *ParseError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Problem
	}
	return e.File + ":" + strconv.Itoa(e.Line) + ": " + e.Problem
}
