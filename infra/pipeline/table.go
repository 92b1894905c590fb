package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/pilotage/pilotage/infra/grant"
)

// function is one function of the pipeline as the table has it.
type function struct {
	// name is that of the handler, does what it does.
	name, does string
	blocks     []block
	// inside puts it into the pipeline's network: it reaches a database, or calls the service.
	inside bool
	// events says that events invoke it, and nobody waits for what it answers.
	events bool
	// public says that anybody can call it over HTTPS.
	public bool
	// seconds is its time limit; 0 takes that of the states that call it.
	seconds float64
}

// The time limits of functions that no state calls. GitHub hangs up after 10 s.
const (
	webhookSeconds = 10
	decideSeconds  = 29
	entrySeconds   = 60
	// reportSeconds is less than report.ClaimFor.
	reportSeconds = 120
)

// table is every function and what it may do in the pipeline's own stack.
func (w works) table(stack awscdk.Stack) []function {
	ledger, settings, catalog, people, answer := w.remember(), w.configure(stack), w.find(), w.tell(), answers(stack)
	return append([]function{
		{name: "Validate", does: "Refuses a bad request", blocks: []block{ledger, settings, catalog}},
		{name: "Plan", does: "Makes the plan, and makes it again under the lock", blocks: []block{ledger, settings, catalog, answer}, inside: true},
		{name: "PlanRollback", does: "Makes the plan of going back", blocks: []block{ledger, settings, answer}, inside: true},
		{name: "Enqueue", does: "Takes a place in the queue", blocks: []block{ledger, answer}},
		{name: "Announce", does: "Tells the team what is about to be done", blocks: []block{ledger, people}},
		{name: "Ask", does: "Asks people to agree, and reminds them", blocks: []block{ledger, people, catalog, w.know(w.secrets.approval, "PILOTAGE_APPROVAL_SECRET_ARN")}},
		{name: "Approve", does: "Waits until people have decided", blocks: []block{ledger, answer}},
		{name: "Lock", does: "Takes the lock", blocks: []block{ledger}},
		{name: "Maintenance", does: "Shows the maintenance page, and takes it away", blocks: []block{ledger, settings}},
		{name: "Backup", does: "Takes a snapshot of the database", blocks: []block{ledger, settings}},
		{name: "Migrate", does: "Changes the schema, and changes it back", blocks: []block{ledger, settings, catalog}, inside: true},
		{name: "Release", does: "Makes a slot run a release", blocks: []block{ledger, settings, catalog}},
		{name: "SmokeTest", does: "Sends requests to the candidate", blocks: []block{ledger, settings}, inside: true},
		{name: "Shift", does: "Divides the traffic", blocks: []block{ledger, settings}},
		{name: "Prove", does: "Proves on the data plane that traffic has moved", blocks: []block{ledger, settings}, inside: true},
		{name: "Observe", does: "Compares the candidate with the active release", blocks: []block{ledger, settings}},
		{name: "Verify", does: "Checks that the world is as planned", blocks: []block{ledger, settings}, inside: true},
		{name: "Promote", does: "Makes the candidate the active release", blocks: []block{ledger}},
		{name: "Retire", does: "Empties the old slot", blocks: []block{ledger, settings}},
		{name: "Restore", does: "Puts the backup in the database's place", blocks: []block{ledger, settings}},
		{name: "Hold", does: "Stops automatic deployments", blocks: []block{ledger}},
		{name: "Record", does: "Writes the change record", blocks: []block{ledger, settings, people, w.write()}},
		{name: "Unlock", does: "Gives the lock back", blocks: []block{ledger}},
		{name: "Page", does: "Calls the people on call", blocks: []block{ledger, settings, people}},
	}, w.entries(stack, entryBlocks{ledger, settings, people, answer})...)
}

// entryBlocks are what entry points have in common.
type entryBlocks struct{ ledger, settings, people, answer block }

// entries are the functions that no state calls.
func (w works) entries(stack awscdk.Stack, b entryBlocks) []function {
	deploy, rollback := starts(stack, Deploy, "PILOTAGE_DEPLOY_MACHINE_ARN"), starts(stack, Rollback, "PILOTAGE_ROLLBACK_MACHINE_ARN")
	return []function{
		{name: "Webhook", does: "Takes GitHub's pushes in", public: true, seconds: webhookSeconds, blocks: []block{
			w.know(w.secrets.webhook, "PILOTAGE_WEBHOOK_SECRET_ARN"),
			{
				statements: []grant.Statement{{Actions: []string{"events:PutEvents"}, Resources: []string{w.bus.arn}}},
				settings:   map[string]string{"PILOTAGE_BUS_NAME": w.bus.name},
			},
		}},
		{name: "Intake", does: "Starts deployments", events: true, seconds: entrySeconds, blocks: []block{b.ledger, b.settings, deploy, w.followPipelines(stack)}},
		{name: "PipelineJob", does: "Answers jobs of CodePipeline", events: true, seconds: entrySeconds, blocks: []block{b.ledger, b.settings, deploy, answerJobs(stack)}},
		{name: "Watchdog", does: "Takes over from executions that were stopped", events: true, seconds: entrySeconds, blocks: []block{b.ledger, b.settings, b.people, b.answer, rollback}},
		{name: "Report", does: "Tells GitHub what becomes of deployments", events: true, seconds: reportSeconds, blocks: []block{
			b.ledger, b.settings, w.know(w.secrets.github, "PILOTAGE_GITHUB_TOKEN_SECRET_ARN"),
		}},
		{name: "Command", does: "Takes people's commands", seconds: decideSeconds, blocks: []block{b.ledger, b.settings, b.people, b.answer, w.write(), deploy, rollback}},
		{name: "Decide", does: "Takes approvers' decisions", public: true, seconds: decideSeconds, blocks: []block{b.ledger, b.people, b.answer}},
	}
}

// answers is to tell executions that wait for people how they go on.
func answers(stack awscdk.Stack) block {
	return block{statements: []grant.Statement{{
		Actions:   []string{"states:SendTaskFailure", "states:SendTaskSuccess"},
		Resources: []string{machineArn(stack, Deploy), machineArn(stack, Rollback)},
	}}}
}

// starts is to start executions of a machine.
func starts(stack awscdk.Stack, machine, setting string) block {
	alias := machineArn(stack, machine) + ":" + AliasName
	return block{
		statements: []grant.Statement{{Actions: []string{"states:StartExecution"}, Resources: []string{machineArn(stack, machine), alias}}},
		settings:   map[string]string{setting: alias},
	}
}
