package command

import (
	"context"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// start begins a deployment, a promotion or a rollback.
func (f Function) start(ctx context.Context, who caller, command commands.Command) (commands.Answer, error) {
	request := deploy.Request{
		Kind: deploy.KindDeploy, Scope: who.at.Scope, RequestedBy: who.mail, Reason: command.Reason,
		Source: deploy.Source{Kind: deploy.FromCLI, Repository: who.at.Repository}, Force: command.Force,
	}
	switch command.Verb {
	case commands.Deploy:
		request.Release = command.Release
	case commands.Promote:
		request.Promotes, request.Release = command.Deployment, command.Release
	case commands.Rollback:
		request.Kind = deploy.KindRollback
		request.Rollback = deploy.RollbackRequest{Mode: command.Mode, Deployment: command.Deployment, Schema: command.Schema}
		if command.Mode != deploy.Standard && command.Mode != deploy.Emergency {
			return commands.Answer{}, fault.New(fault.Invalid, "mode is %q; a person asks for %q or %q", command.Mode, deploy.Standard, deploy.Emergency)
		}
	}
	order := admission.Order{Key: "command " + who.mail + " " + command.Key, Request: request}
	if command.Force {
		if err := mayForce(who, command); err != nil {
			return commands.Answer{}, err
		}
		order.ForcedBy = who.mail
	}
	admitted, err := f.Door.Admit(ctx, order)
	if err != nil {
		return commands.Answer{}, err
	}
	return commands.Answer{Deployment: admitted.Deployment, Repeated: admitted.Repeated, Text: "started as " + who.mail}, nil
}

// mayForce asks whether somebody may go past gates here.
func mayForce(who caller, command commands.Command) error {
	if command.Verb == commands.Rollback {
		return fault.New(fault.Invalid, "a rollback needs no force: no freeze and no hold stops it")
	}
	same := func(address string) bool { return strings.EqualFold(address, who.mail) }
	if slices.ContainsFunc(who.at.Environment.Force, same) {
		return nil
	}
	may := "nobody may; see force in pilotage.yaml"
	if len(who.at.Environment.Force) > 0 {
		may = strings.Join(who.at.Environment.Force, ", ") + " may"
	}
	return fault.New(fault.Denied, "%s may not force deployments to %s: %s", who.mail, who.at.Scope.Environment, may)
}
