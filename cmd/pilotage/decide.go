package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/notify"
)

func approveCommand() *cobra.Command {
	return decideCommand(commands.Approve, "approve DEPLOYMENT", "Agree to the plan of a deployment", `Agree to the plan of a deployment that waits for approval. The plan is shown, and holds exactly
as shown: when it changes, people are asked again.

AWS says who you are: your identity must be among the people of pilotage.yaml, and you must be
one of those who were asked. Who asked for the deployment, or wrote it, is not.`)
}

func rejectCommand() *cobra.Command {
	return decideCommand(commands.Reject, "reject DEPLOYMENT", "Refuse the plan of a deployment", `Refuse the plan of a deployment that waits for approval. One rejection is enough: nothing is
changed, and who asked for it is told your reason.`)
}

func delayCommand() *cobra.Command {
	return decideCommand(commands.Delay, "delay DEPLOYMENT", "Ask for more time to decide", `Ask for more time to decide on the plan of a deployment. Everybody who was asked gets it, and is
told your reason. Each approver may do so once.`)
}

func decideCommand(verb, use, short, long string) *cobra.Command {
	var r remote
	plan := ""
	cmd := newAsked(use, short, long, 1, &r, func(ctx context.Context, cmd *cobra.Command, args []string) error {
		return r.decide(ctx, cmd, commands.Command{Verb: verb, Deployment: args[0], Plan: plan})
	})
	reasonFlag(cmd, &r)
	cmd.Flags().StringVar(&plan, "plan", "", "`DIGEST` of the plan you have read: decides on it without asking back")
	return cmd
}

// decide shows the plan, asks back, and sends the decision on exactly that plan.
func (r *remote) decide(ctx context.Context, cmd *cobra.Command, command commands.Command) error {
	if wrong := (commands.Command{Verb: command.Verb, Deployment: command.Deployment, Reason: r.reason, Plan: "to be read"}).Check(); wrong != nil {
		return wrong
	}
	if command.Plan == "" {
		shown, err := (&remote{url: r.url, region: r.region, service: r.service}).send(ctx, commands.Command{Verb: commands.Show, Deployment: command.Deployment})
		if err != nil {
			return err
		}
		if shown.Vote == nil || !shown.Vote.Open {
			return closed(shown)
		}
		printVote(cmd, shown)
		if err := confirm(cmd, command.Verb, shown.As); err != nil {
			return err
		}
		command.Plan = shown.Vote.Plan
	}
	answer, err := r.send(ctx, command)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s\n", answer.Text)
	return nil
}

// closed says why there is nothing to decide.
func closed(shown commands.Answer) error {
	switch {
	case shown.Vote == nil:
		return fault.New(fault.Denied, "deployment %s does not wait for approval", shown.Deployment)
	case shown.Vote.Story != "":
		return fault.New(fault.Denied, "deployment %s: %s", shown.Deployment, shown.Vote.Story)
	}
	return fault.New(fault.Denied, "%s was not asked about deployment %s, or has decided already", shown.As, shown.Deployment)
}

// confirm asks for a yes at the terminal.
func confirm(cmd *cobra.Command, verb, as string) error {
	if file, ok := cmd.InOrStdin().(*os.File); ok && !term.IsTerminal(int(file.Fd())) {
		return usageError{fmt.Errorf("nobody can be asked here; read the plan above and give its digest with --plan")}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "\n%s this plan as %s? Type yes: ", strings.ToUpper(verb[:1])+verb[1:], as)
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if strings.TrimSpace(line) != "yes" {
		return fault.New(fault.Denied, "not confirmed, so nothing was decided")
	}
	_ = err // a line without an end is a line
	return nil
}

// printVote shows the question.
func printVote(cmd *cobra.Command, shown commands.Answer) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s\n", shown.Vote.Summary)
	fmt.Fprint(out, notify.Line("It takes", shown.Vote.Needed), notify.Line("Until", shown.Vote.Until))
	for _, voice := range shown.Vote.Voices {
		fmt.Fprint(out, notify.Line("Said", strings.TrimSpace(fmt.Sprintf("%s: %s at %s %s", voice.By, voice.Kind, notify.Time(voice.At), voice.Reason))))
	}
}

func showCommand() *cobra.Command {
	var r remote
	return newAsked("show DEPLOYMENT", "Show what is known of a deployment, and who has to decide on it", `Show what the ledger knows of a deployment or a rollback: where it stands, how it ended, and the
question that is open on it.`, 1, &r, func(ctx context.Context, cmd *cobra.Command, args []string) error {
		answer, err := r.send(ctx, commands.Command{Verb: commands.Show, Deployment: args[0]})
		if err != nil {
			return err
		}
		printEntry(cmd, answer)
		return nil
	})
}

// printEntry shows an entry of the ledger in the words of the change record.
func printEntry(cmd *cobra.Command, answer commands.Answer) {
	out, entry := cmd.OutOrStdout(), answer.Entry
	state := string(entry.Outcome)
	if entry.Open() {
		state = "under way"
	}
	fmt.Fprint(out, notify.Line("Deployment", entry.ID), notify.Line("What", answer.Text), notify.Line("State", state),
		notify.Line("Who", entry.Request.RequestedBy), notify.Line("Why", entry.Request.Reason), notify.Line("Began", notify.Time(entry.StartedAt)))
	if !entry.EndedAt.IsZero() {
		fmt.Fprint(out, notify.Line("Ended", notify.Time(entry.EndedAt)))
	}
	if entry.Plan.Release.Version != "" {
		fmt.Fprint(out, notify.Line("Release", entry.Plan.Release.Version+" "+entry.Plan.Release.Digest))
	}
	if entry.Error.Error != "" {
		fmt.Fprint(out, notify.Line("Error", fmt.Sprintf("%s in %s: %s", entry.Error.Error, entry.Error.Stage, entry.Error.Cause)))
	}
	if entry.UndoneBy != "" {
		fmt.Fprint(out, notify.Line("Taken back by", entry.UndoneBy))
	}
	if entry.RecordKey != "" {
		fmt.Fprint(out, notify.Line("Record", entry.RecordKey+".txt"))
	}
	if answer.Vote == nil {
		return
	}
	fmt.Fprintln(out)
	if answer.Vote.Story != "" {
		fmt.Fprint(out, notify.Line("Approval", answer.Vote.Story))
		return
	}
	printVote(cmd, answer)
	if answer.Vote.Open {
		fmt.Fprintf(out, "\nYour decision is wanted: pilotage approve %s\n", entry.ID)
	}
}
