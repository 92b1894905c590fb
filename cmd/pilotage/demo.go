package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/report"
	"github.com/pilotage/pilotage/local/scenario"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/fault"
)

// demoFlags are the settings of a demonstration.
type demoFlags struct {
	scenarios []string
	out       string
	postgres  string
	plain     bool
}

// demo runs scenarios on this machine.
func demo() *cobra.Command {
	var flags demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole pipeline on this machine, with a real service, database and traffic",
		Long: `Run the whole pipeline on this machine: the shipped state machines and stages, a real
PostgreSQL, real processes behind a weighted router, and users who send requests all the time.

Run it at the root of the checkout. Nothing listens on anything but loopback, and nothing is
left behind.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), cmd, flags) },
	}
	cmd.Flags().StringArrayVar(&flags.scenarios, "scenario", nil, "scenario `FILE` to run instead of the shipped ones; may be repeated")
	cmd.Flags().StringVar(&flags.out, "out", filepath.Join("build", "demo"), "`FOLDER` for the report and the worlds")
	cmd.Flags().StringVar(&flags.postgres, "postgres", "", "`FOLDER` with PostgreSQL's programs; found by itself when empty")
	cmd.Flags().BoolVar(&flags.plain, "plain", false, "plain lines instead of the live view")
	return cmd
}

// loaded is a scenario that was read and checked.
type loaded struct {
	file     scenario.File
	settings config.File
}

func runDemo(ctx context.Context, cmd *cobra.Command, flags demoFlags) error {
	scenarios, err := load(flags.scenarios)
	if err != nil {
		return err
	}
	programs, err := postgres.Find(flags.postgres)
	if err != nil && flags.postgres != "" {
		return usageError{fmt.Errorf("--postgres: %w", err)}
	}
	if err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the working folder: %w", err)
	}
	out, err := filepath.Abs(flags.out)
	if err != nil {
		return fmt.Errorf("find the folder for the report: %w", err)
	}
	options := report.Options{Now: clock.System{}.Now}
	if flags.plain {
		options.Mode = report.Plain
	}
	command, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this command: %w", err)
	}
	view := report.NewView(cmd.OutOrStdout(), options)
	defer view.Close()
	runner := &scenario.Runner{
		Dir: filepath.Join(out, "worlds"), Root: root, Programs: filepath.Join(out, "programs"), Command: command, Postgres: programs,
		Clock: clock.System{}, View: view,
	}
	result, err := runAll(ctx, runner, scenarios)
	view.Close()
	if ctx.Err() != nil {
		return interrupted(err)
	}
	if err != nil {
		// What could not be run says why after the table, where people look last.
		_ = publish(cmd, out, result)
		return err
	}
	return publish(cmd, out, result)
}

// interrupted is the last word after Ctrl-C: that nothing is left, or what could not be stopped.
func interrupted(err error) error {
	var unstopped *scenario.CloseError
	if errors.As(err, &unstopped) {
		return fmt.Errorf("interrupted, and not everything could be stopped: %w", unstopped)
	}
	return errors.New("interrupted: everything was stopped and nothing is left behind")
}

// load reads the scenarios, or the shipped ones, and refuses all when one is wrong: nothing is
// started before everything was read.
func load(paths []string) ([]loaded, error) {
	if len(paths) == 0 {
		shipped, err := filepath.Glob(filepath.Join("examples", "scenarios", "*.yaml"))
		if err != nil || len(shipped) == 0 {
			return nil, fault.New(fault.Invalid, "there are no scenarios in examples/scenarios; run this at the root of the checkout, or name one with --scenario")
		}
		slices.Sort(shipped)
		paths = shipped
	}
	var scenarios []loaded
	var problems []error
	for _, path := range paths {
		file, settings, err := scenario.Load(path)
		problems = append(problems, err)
		scenarios = append(scenarios, loaded{file, settings})
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	return scenarios, nil
}

// runAll runs the scenarios one after the other. One that cannot be run ends the demonstration.
func runAll(ctx context.Context, runner *scenario.Runner, scenarios []loaded) (report.Report, error) {
	result := report.Report{OK: true}
	for i, one := range scenarios {
		runner.View.Begin(one.file.Name, one.file.Description, i+1, len(scenarios))
		outcome, err := runner.Run(ctx, one.file, one.settings)
		if err != nil {
			result.OK = false
			failed := report.Scenario{Name: one.file.Name, Description: one.file.Description, Expected: one.file.Expect.Outcome, Error: err.Error()}
			runner.View.End(failed)
			result.Scenarios = append(result.Scenarios, failed)
			return result, fmt.Errorf("scenario %s: %w", one.file.Name, err)
		}
		runner.View.End(outcome)
		result.OK = result.OK && outcome.OK
		result.Scenarios = append(result.Scenarios, outcome)
	}
	return result, nil
}

// publish writes the report and shows the table.
func publish(cmd *cobra.Command, out string, result report.Report) error {
	if err := report.WriteJSON(filepath.Join(out, "report.json"), result); err != nil {
		return err
	}
	if err := report.WriteHTML(filepath.Join(out, "report.html"), result); err != nil {
		return err
	}
	if err := report.Table(cmd.OutOrStdout(), result); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "\nThe whole story, with plots: %s\n", filepath.Join(out, "report.html"))
	if !result.OK {
		return errReported
	}
	return nil
}
