// Package release is the port to the releases that can be deployed. A bucket holds them on
// AWS, a folder on one machine.
package release

import (
	"context"
	"io/fs"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Catalog finds published releases.
type Catalog interface {
	// Find returns the release of a service that ref names: a digest, a commit or a version.
	// None is fault.Invalid, and the message lists those that exist.
	Find(ctx context.Context, service, ref string) (deploy.Release, error)
	// Migrations are the release's migration files.
	Migrations(ctx context.Context, service, digest string) (fs.FS, error)
}
