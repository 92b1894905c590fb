// Package release is the port to the releases that can be deployed. A bucket holds them on
// AWS, a folder on one machine.
package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Catalog finds published releases.
type Catalog interface {
	// Find returns the release of a service that ref names: a digest, a commit or a version.
	// None is Unknown, and the message lists those that exist.
	Find(ctx context.Context, service, ref string) (deploy.Release, error)
	// Migrations are the release's migration files.
	Migrations(ctx context.Context, service, digest string) (fs.FS, error)
}

// errUnknown is what IsUnknown looks for.
var errUnknown = errors.New("no such release is published") //nolint:gochecknoglobals // a sentinel error

// unknown is an error whose text is its own.
type unknown struct{ error }

// Unwrap returns errUnknown.
func (unknown) Unwrap() error { return errUnknown }

// Unknown says that no release of that name is published, in words that fmt.Errorf makes. Its
// class is fault.Invalid.
func Unknown(format string, args ...any) error {
	return fault.New(fault.Invalid, "%w", unknown{fmt.Errorf(format, args...)})
}

// IsUnknown reports whether err says that a release is not published, and not that something
// else is wrong with it.
func IsUnknown(err error) bool { return errors.Is(err, errUnknown) }
