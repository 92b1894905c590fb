// Package app is running-app: people log their runs and read statistics. It is a small web
// service with a PostgreSQL database, and the service that this repository's examples, demo and
// tests deploy. Nothing in it knows of the pipeline: it keeps the few habits that make a service
// deployable, which README.md lists.
//
// A release is this package composed with what differs, see Release and ../releases.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/sethvargo/go-envconfig"
)

// Name is the service's name, as pilotage.yaml has it.
const Name = "running-app"

// Release is what differs between two releases. It is compiled in, so that a binary cannot
// claim to be another one.
type Release struct {
	// Version is what every answer says in its header X-Release.
	Version string
	// RequiresSchema is the least schema version that the release works with. It is not ready
	// before the database has it.
	RequiresSchema int64
	// Columns are what the release knows of the table runs.
	Columns Columns
	// Wrap goes around every handler; nil adds nothing.
	Wrap func(log *slog.Logger, next http.Handler) http.Handler
	// Start is called before the release listens, and its error ends the process; nil does
	// nothing.
	Start func(ctx context.Context, log *slog.Logger) error
	// Ready is asked after the database, and its error is the reason for not being ready; nil
	// is ready.
	Ready func(ctx context.Context) error
}

// Columns says which columns of the table runs a release reads and writes, beside those that
// every release knows.
type Columns struct {
	// Shoe came with schema 2, Note with schema 3.
	Shoe, Note bool
	// Kilometres reads and writes distance_km in place of distance_meters.
	Kilometres bool
}

// Surroundings is what a process gets from outside.
type Surroundings struct {
	Environment envconfig.Lookuper
	// Out gets one line when the service listens and one when it is first ready; and one each
	// second with what was counted, where the environment asks for it.
	Out io.Writer
	// Log gets JSON, one object a line.
	Log io.Writer
}

// Main runs a release until SIGTERM or SIGINT and returns the code to exit with: 0 after an
// orderly shutdown, 2 when the configuration is wrong, 1 for anything else.
func Main(release Release) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := Serve(ctx, release, Surroundings{
		Environment: envconfig.OsLookuper(), Out: os.Stdout, Log: os.Stderr,
	})
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s %s: %v\n", Name, release.Version, err)
	if errors.Is(err, ErrConfig) {
		return 2
	}
	return 1
}
