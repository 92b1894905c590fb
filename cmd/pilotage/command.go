package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/pilotage/pilotage/shared/aws/lambdaurl"
	"github.com/pilotage/pilotage/shared/aws/session"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/deploy"
)

// remote is what every command that talks to a pipeline is told.
type remote struct {
	url     string
	region  string
	service string
	key     string
	reason  string
}

// urlVariable is where the address of the pipeline's commands is looked for.
const urlVariable = "PILOTAGE_COMMAND_URL"

// asked are the commands that ask a pipeline for something.
func asked() []*cobra.Command {
	return []*cobra.Command{deployCommand(), promoteCommand(), rollbackCommand(), approveCommand(), rejectCommand(), delayCommand(), holdCommand(), liftCommand(), showCommand()}
}

// newAsked is a command that takes a number of arguments and sends one command.
func newAsked(use, short, long string, arguments int, r *remote, run func(ctx context.Context, cmd *cobra.Command, args []string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != arguments {
				return usageError{fmt.Errorf("%s takes %d arguments, got %d; see %s --help", cmd.Name(), arguments, len(args), cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), cmd, args) },
	}
	cmd.Flags().StringVar(&r.url, "url", os.Getenv(urlVariable), "`URL` of the pipeline's commands; default $"+urlVariable)
	cmd.Flags().StringVar(&r.region, "region", os.Getenv("AWS_REGION"), "`REGION` of the pipeline; default $AWS_REGION")
	cmd.Flags().StringVar(&r.service, "service", "", "`NAME` of the service, where the pipeline has more than one")
	return cmd
}

func reasonFlag(cmd *cobra.Command, r *remote) {
	cmd.Flags().StringVar(&r.reason, "reason", "", "why, in words or as a ticket")
}

func keyFlag(cmd *cobra.Command, r *remote) {
	cmd.Flags().StringVar(&r.key, "key", "", "`KEY` of a command whose answer was lost: sent again it starts nothing twice")
}

// send sends a command and returns the answer.
func (r *remote) send(ctx context.Context, command commands.Command) (commands.Answer, error) {
	if r.url == "" {
		return commands.Answer{}, usageError{fmt.Errorf("which pipeline? give --url, or set %s to the output CommandAddress of its stack", urlVariable)}
	}
	if r.region == "" {
		return commands.Answer{}, usageError{fmt.Errorf("which region? give --region, or set AWS_REGION")}
	}
	command.Service, command.Reason = r.service, r.reason
	if err := command.Check(); err != nil {
		return commands.Answer{}, err
	}
	cfg, err := session.Open(ctx, r.region)
	if err != nil {
		return commands.Answer{}, err
	}
	client, err := lambdaurl.New(cfg, r.url, clock.System{}.Now)
	if err != nil {
		return commands.Answer{}, err
	}
	return client.Send(ctx, command)
}

// begin sends a command that starts something, and says what was started.
func (r *remote) begin(ctx context.Context, cmd *cobra.Command, command commands.Command, about string) error {
	if r.key == "" {
		r.key = rand.Text()
	}
	command.Key = r.key
	fmt.Fprintf(cmd.OutOrStdout(), "%s, because: %s\n", about, r.reason)
	answer, err := r.send(ctx, command)
	if err != nil {
		return err
	}
	again := ""
	if answer.Repeated {
		again = " (it was started before, by the same command)"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "started %s as %s%s\nfollow it: pilotage show %s\n", answer.Deployment, answer.As, again, answer.Deployment)
	return nil
}

func deployCommand() *cobra.Command {
	var r remote
	force := false
	cmd := newAsked("deploy ENVIRONMENT RELEASE", "Deploy a release to an environment", `Deploy a release, by its digest, commit or version, to an environment.

The pipeline validates it, plans it and tells the team before anything is changed.`, 2, &r,
		func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return r.begin(ctx, cmd, commands.Command{Verb: commands.Deploy, Environment: args[0], Release: args[1], Force: force},
				fmt.Sprintf("deploying %s to %s%s", args[1], args[0], forced(force)))
		})
	startFlags(cmd, &r, &force)
	return cmd
}

func promoteCommand() *cobra.Command {
	var r remote
	force, release := false, ""
	cmd := newAsked("promote DEPLOYMENT ENVIRONMENT", "Promote what a deployment has verified to the next environment", `Promote the release of a verified deployment, by the deployment's id, to an environment.`, 2, &r,
		func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return r.begin(ctx, cmd, commands.Command{Verb: commands.Promote, Deployment: args[0], Environment: args[1], Release: release, Force: force},
				fmt.Sprintf("promoting %s to %s%s", args[0], args[1], forced(force)))
		})
	startFlags(cmd, &r, &force)
	cmd.Flags().StringVar(&release, "release", "", "the `RELEASE` that it must be: the promotion is refused when it is another")
	return cmd
}

func startFlags(cmd *cobra.Command, r *remote, force *bool) {
	reasonFlag(cmd, r)
	keyFlag(cmd, r)
	cmd.Flags().BoolVar(force, "force", false, "go past freezes, holds, missing evidence and age, if you may; it is recorded")
}

func forced(force bool) string {
	if force {
		return ", past freezes, holds, missing evidence and age"
	}
	return ""
}

func rollbackCommand() *cobra.Command {
	var r remote
	emergency, deployment, schema := false, "", ""
	cmd := newAsked("rollback ENVIRONMENT", "Go back to what was verified before", `Take back what was deployed to an environment last, or what is under way.

A standard rollback checks everything and may need approval. An emergency rollback (--emergency)
runs only the critical tests, waits for nobody, and takes the lock from a deployment that does not
stop by itself.`, 1, &r,
		func(ctx context.Context, cmd *cobra.Command, args []string) error {
			mode := deploy.Standard
			if emergency {
				mode = deploy.Emergency
			}
			return r.begin(ctx, cmd, commands.Command{Verb: commands.Rollback, Environment: args[0], Mode: mode, Deployment: deployment, Schema: schema},
				fmt.Sprintf("going back in %s (%s)", args[0], mode))
		})
	reasonFlag(cmd, &r)
	keyFlag(cmd, &r)
	cmd.Flags().BoolVar(&emergency, "emergency", false, "at once, with the critical tests only")
	cmd.Flags().StringVar(&deployment, "deployment", "", "`ID` of the deployment to take back; default the newest")
	cmd.Flags().StringVar(&schema, "schema", "", "what becomes of the schema: keep, down or restore; default as configured")
	return cmd
}

func holdCommand() *cobra.Command {
	var r remote
	cmd := newAsked("hold ENVIRONMENT", "Stop what is deployed to an environment by itself", `Put an environment on hold: pushes, pipelines and schedules deploy nothing there until somebody
lifts it. People still can.`, 1, &r, r.simple(commands.Hold))
	reasonFlag(cmd, &r)
	return cmd
}

func liftCommand() *cobra.Command {
	var r remote
	cmd := newAsked("lift ENVIRONMENT", "Lift the hold of an environment", `Lift the hold of an environment, a dirty one too. It is recorded who did it and why.`, 1, &r, r.simple(commands.Lift))
	reasonFlag(cmd, &r)
	return cmd
}

// simple sends a verb about an environment and prints what was done.
func (r *remote) simple(verb string) func(context.Context, *cobra.Command, []string) error {
	return func(ctx context.Context, cmd *cobra.Command, args []string) error {
		answer, err := r.send(ctx, commands.Command{Verb: verb, Environment: args[0]})
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n", answer.Text)
		return nil
	}
}
