// Command pilotage moves a service from one version to the next, and shows on one machine how it
// does so on AWS.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pilotage/pilotage/shared/fault"
)

// Exit codes: what a script can tell apart.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitRefused = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends at once whatever the first one still waits for.
	context.AfterFunc(ctx, stop)
	err := root().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintf(os.Stderr, "pilotage: %v\n", err)
	}
	os.Exit(exitCode(err))
}

// errReported is an error whose text has been shown already.
var errReported = errors.New("reported") //nolint:gochecknoglobals // a sentinel error

// usageError is a command line that is wrong.
type usageError struct{ error }

func exitCode(err error) int {
	var usage usageError
	switch {
	case errors.As(err, &usage), fault.Of(err) == fault.Invalid:
		return exitUsage
	case fault.Of(err) == fault.Denied, fault.Of(err) == fault.Rejected, fault.Of(err) == fault.Locked:
		return exitRefused
	}
	return exitFailed
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pilotage",
		Short: "Move a service from one version to the next, its database included, and back again",
		Long: `pilotage moves a service from one version to the next, its database included, and back
again when the new version is worse.

Exit codes: 0 as wanted, 1 failed, 2 wrong usage or input, 3 refused.`,
		SilenceUsage: true, SilenceErrors: true,
		Args: known, SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w\nsee %s --help", err, cmd.CommandPath())}
	})
	cmd.AddCommand(demo(), check(), publishCommand())
	cmd.AddCommand(asked()...)
	return cmd
}

// known refuses a command that is none.
func known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see " + cmd.CommandPath() + " --help"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{fmt.Errorf("unknown command %q; %s", args[0], hint)}
}
