package deploy

import (
	"cmp"
	"net/mail"
	"path"
	"slices"
	"strings"
)

// Environment is the configuration of one service in one environment, as pilotage.yaml has
// it. Gates and approvers come from here and never from the release that is being deployed.
type Environment struct {
	// URL is where users reach the service.
	URL string `json:"url"`
	// Branches are those whose pushes are deployed here by themselves, as Takes reads them; none
	// for an environment that only people deploy to.
	Branches []string `json:"branches,omitempty"`
	// Pipelines are those of CodePipeline whose success is deployed here by itself.
	Pipelines []Pipeline `json:"pipelines,omitempty"`
	// Timer deploys here at certain times.
	Timer Timer `json:"schedule,omitzero"`
	// Build is what happens when a commit is wanted whose release is not published.
	Build Build `json:"build"`
	// PromoteFrom names the environment in which the same release must have been verified;
	// empty for none.
	PromoteFrom string `json:"promoteFrom,omitempty"`
	// PromoteWithinHours is how old that deployment may be, 1 to 8760.
	PromoteWithinHours int `json:"promoteWithinHours,omitempty"`
	// Evidence lists the checks that a release must have passed.
	Evidence []string `json:"evidence,omitempty"`
	// TimeoutSeconds is how long the active part of a deployment may take, from taking the
	// lock to the end, waiting for people not counted: 60 to 86400.
	TimeoutSeconds int         `json:"timeoutSeconds"`
	Strategy       Strategy    `json:"strategy"`
	Capacity       Capacity    `json:"capacity"`
	Health         Health      `json:"health"`
	SmokeTests     []SmokeTest `json:"smokeTests"`
	Analysis       Analysis    `json:"analysis"`
	Approval       Approval    `json:"approval"`
	Database       Database    `json:"database"`
	Rollback       Rollback    `json:"rollback"`
	Queue          Queue       `json:"queue"`
	Notify         Notify      `json:"notify"`
	// Freezes are windows in which nothing is deployed, rollbacks excepted.
	Freezes []Freeze `json:"freezes,omitempty"`
	// Force lists who may deploy past a freeze, a hold, missing evidence and the age of what is
	// promoted. They are mail addresses of People.
	Force []string `json:"force,omitempty"`
	// People are those whom GitHub and AWS know by other names.
	People []Person `json:"people,omitempty"`
	// Tag is the tag that a released commit gets in its repository, "{version}" in it replaced;
	// empty for none.
	Tag string `json:"tag,omitempty"`
}

// Configured is a scope with its configuration.
type Configured struct {
	Scope Scope
	// Repository is the "owner/name" whose pushes may be deployed there.
	Repository  string
	Environment Environment
}

// Takes reports whether a push to a branch is deployed here. A pattern is a branch, or one in
// which "*" stands for any text without "/": "feature/*".
func (e Environment) Takes(branch string) bool {
	for _, pattern := range e.Branches {
		// A pattern that cannot be read was refused when pilotage.yaml was.
		if matched, err := path.Match(pattern, branch); err == nil && matched {
			return true
		}
	}
	return false
}

// Person is one person under all of their names.
type Person struct {
	// Mail names the person everywhere in pilotage.
	Mail string `json:"mail"`
	// GitHub is the login on GitHub; empty when there is none.
	GitHub string `json:"github,omitempty"`
	// Identity is the ARN of the IAM user, or of the assumed role with its session's name, by
	// which AWS knows the person; empty when there is none. It is compared as it is.
	Identity string `json:"identity,omitempty"`
}

// MailOf is the mail address of whoever has a name: a login on GitHub, in any case, the address that
// GitHub gives to who hides their own, an IAM identity, or an address with a name before it. A name
// that nobody has is returned as it is.
func (e Environment) MailOf(name string) string {
	if address, err := mail.ParseAddress(name); err == nil {
		name = address.Address
	}
	login := name
	if hidden, is := strings.CutSuffix(strings.ToLower(name), noReply); is {
		// "anna@…" of old accounts, "1234567+anna@…" of newer ones.
		_, login, _ = strings.Cut(hidden, "+")
		login = cmp.Or(login, hidden)
	}
	for _, person := range e.People {
		if name != "" && (strings.EqualFold(person.GitHub, login) || person.Identity == name) {
			return person.Mail
		}
	}
	return name
}

// noReply ends the addresses that GitHub gives (docs.github.com, "Setting your commit email address").
const noReply = "@users.noreply.github.com"

// Pipeline is a pipeline of CodePipeline.
type Pipeline struct {
	Name string `json:"name"`
	// Stage is the stage whose success counts; empty for that of the whole pipeline.
	Stage string `json:"stage,omitempty"`
}

// Timer is when a deployment begins by itself: the newest verified one of where this
// environment promotes from, or else what its branch was last pushed to.
type Timer struct {
	// Expression is one of EventBridge Scheduler: "cron(0 10 ? * TUE *)" or "rate(1 day)"; empty
	// for never.
	Expression string `json:"expression,omitempty"`
	// Timezone is that of the expression, of the IANA database; empty for UTC.
	Timezone string `json:"timezone,omitempty"`
}

// Build is what happens when a commit is wanted whose release is not published.
type Build struct {
	// WhenMissing is "refuse", "wait" for somebody else to publish it, or "build" it.
	WhenMissing string `json:"whenMissing"`
	// WaitSeconds bounds the waiting, 1 to 86400.
	WaitSeconds int `json:"waitSeconds"`
	// TimeoutSeconds bounds the building, 60 to 28800.
	TimeoutSeconds int `json:"timeoutSeconds"`
}

// The values of Build.WhenMissing.
const (
	MissingRefuse = "refuse"
	MissingWait   = "wait"
	MissingBuild  = "build"
)

// Strategy is how traffic moves to the candidate.
type Strategy struct {
	// Kind is "canary", "blue-green" or "rolling".
	Kind string `json:"kind"`
	// Steps are the weights in order; a blue-green strategy has one, of 100.
	Steps Schedule `json:"steps"`
	// SettleSeconds is how long the old slot stays warm after promotion, 0 to 604800.
	SettleSeconds int `json:"settleSeconds"`
	// ProbeRequests is how many requests prove a weight on the data plane, 10 to 1000.
	ProbeRequests int `json:"probeRequests"`
	// Maintenance answers users with a maintenance page from before the backup until the
	// candidate is verified.
	Maintenance bool `json:"maintenance,omitempty"`
}

// Capacity is what each slot gets while it runs a release.
type Capacity struct {
	// CPU is in thousandths of a core, Memory in MiB.
	CPU    int `json:"cpuMillis"`
	Memory int `json:"memoryMiB"`
	// Replicas is how many tasks run, 1 to 1000.
	Replicas int    `json:"replicas"`
	LogLevel string `json:"logLevel"`
}

// Health is how a slot's targets are checked, and for how long they may take to get ready.
type Health struct {
	Path            string `json:"path"`
	IntervalSeconds int    `json:"intervalSeconds"`
	// ReadyWithinSeconds is how long a release may take from start to healthy, 1 to 3600.
	ReadyWithinSeconds int `json:"readyWithinSeconds"`
	// PollSeconds is how long the pipeline waits before it looks again, 1 to 300.
	PollSeconds int `json:"pollSeconds"`
}

// SmokeTest is one request whose answer shows that a release works.
type SmokeTest struct {
	Name   string `json:"name"`
	Method string `json:"method"`
	Path   string `json:"path"`
	Body   string `json:"body,omitempty"`
	// Status is the expected HTTP status.
	Status int `json:"status"`
	// Contains must be in the body; empty asks for nothing.
	Contains string `json:"contains,omitempty"`
	// Critical tests are the ones that an emergency rollback runs too.
	Critical bool `json:"critical,omitempty"`
}

// Analysis is how the candidate is compared with the active release while it bakes.
type Analysis struct {
	// Source is who counts requests and errors on AWS: SourceBalancer or SourceApplication.
	Source string `json:"source"`
	// Alpha is the accepted probability of rolling back a candidate that is no worse, 0 to 0.5
	// exclusive.
	Alpha float64 `json:"alpha"`
	// Tolerance is the largest ratio of error rates that may pass, more than 1.
	Tolerance float64 `json:"tolerance"`
	// ErrorBudget is the error rate, as a fraction of requests, below which a candidate passes
	// whatever the ratio: 0 to 1, exclusive.
	ErrorBudget float64 `json:"errorBudget"`
	// MinRequests is how many requests a candidate must have answered to pass.
	MinRequests int64 `json:"minRequests"`
	// PeekSeconds is the time between two looks, 1 to 300.
	PeekSeconds int `json:"peekSeconds"`
	// WhenInconclusive says what follows a bake that ended without enough data: "proceed" to
	// the next step, "extend" the bake, or "fail".
	WhenInconclusive string `json:"whenInconclusive"`
	// ExtendSeconds bounds all extensions of one step together, 0 to 86400.
	ExtendSeconds int `json:"extendSeconds"`
}

// The values of Analysis.Source.
const (
	// SourceBalancer is the load balancer's own metrics, by the minute. They ask nothing of the
	// service.
	SourceBalancer = "balancer"
	// SourceApplication is what the service writes of itself, by ten seconds.
	SourceApplication = "application"
)

// The values of Analysis.WhenInconclusive.
const (
	InconclusiveProceed = "proceed"
	InconclusiveExtend  = "extend"
	InconclusiveFail    = "fail"
)

// Approval says who has to agree to a plan.
type Approval struct {
	Required bool `json:"required"`
	// Approvers are mail addresses. The requester and the author are not asked.
	Approvers []string `json:"approvers,omitempty"`
	// Quorum is how many of those who are asked have to agree, 1 to 50. One rejection is enough
	// to reject.
	Quorum int `json:"quorum,omitempty"`
	// Groups each have to be heard as well; their members are asked too.
	Groups []Group `json:"groups,omitempty"`
	// ExpiresSeconds is how long people have, 60 to 604800.
	ExpiresSeconds int `json:"expiresSeconds,omitempty"`
	// RemindSeconds is how long before the end those are reminded who have not decided; 0 to
	// 604800, 0 reminding nobody.
	RemindSeconds int `json:"remindSeconds,omitempty"`
	// DelaySeconds is how much longer people have when one of them asks for it, which each may
	// once: 0 to 604800, 0 allowing it to nobody.
	DelaySeconds int `json:"delaySeconds,omitempty"`
}

// Group is approvers of whom some have to agree.
type Group struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
	// Quorum is how many of the members have to agree, 1 to 50.
	Quorum int `json:"quorum,omitempty"`
}

// Everybody lists whom the approval names, each once: the approvers, then the groups' members.
func (a Approval) Everybody() []string {
	var all []string
	add := func(addresses []string) {
		for _, address := range addresses {
			same := func(known string) bool { return strings.EqualFold(known, address) }
			if !slices.ContainsFunc(all, same) {
				all = append(all, address)
			}
		}
	}
	add(a.Approvers)
	for _, group := range a.Groups {
		add(group.Members)
	}
	return all
}

// Database is how the service's database is backed up and migrated.
type Database struct {
	// Instance is the identifier of the RDS instance or Aurora cluster.
	Instance string `json:"instance"`
	// Backup takes a snapshot before anything is migrated.
	Backup bool `json:"backup"`
	// LockTimeoutSeconds and StatementTimeoutSeconds bound each statement of a migration.
	LockTimeoutSeconds      int `json:"lockTimeoutSeconds"`
	StatementTimeoutSeconds int `json:"statementTimeoutSeconds"`
}

// Rollback is how a deployment is taken back.
type Rollback struct {
	// Schema is what happens to migrations that were applied: "down" reverts them, "keep"
	// leaves them. Restoring the backup is never a default: it loses writes.
	Schema string `json:"schema"`
	// TimeoutSeconds is how long going back may take, 60 to 86400.
	TimeoutSeconds int `json:"timeoutSeconds"`
	// ApprovalRequired asks for approval of a standard rollback; never of an emergency one.
	ApprovalRequired bool `json:"approvalRequired,omitempty"`
	// HaltGraceSeconds is how long an emergency rollback waits for a running deployment to
	// stop by itself before it takes its lock, 1 to 900.
	HaltGraceSeconds int `json:"haltGraceSeconds"`
}

// What to do with the schema on the way back.
const (
	SchemaKeep    = "keep"
	SchemaDown    = "down"
	SchemaRestore = "restore"
)

// Queue is what a deployment does that finds the lock taken.
type Queue struct {
	// Policy is "queue" to wait in the order of arrival, "supersede" to wait while no newer one
	// comes, or "reject" to refuse.
	Policy string `json:"policy"`
	// WaitSeconds bounds the waiting, 1 to 86400.
	WaitSeconds int `json:"waitSeconds"`
}

// The values of Queue.Policy.
const (
	QueueWait      = "queue"
	QueueSupersede = "supersede"
	QueueReject    = "reject"
)

// Notify says who is told.
type Notify struct {
	// Team is told of each start and each end.
	Team []string `json:"team"`
	// OnCall is paged when a deployment could not be taken back.
	OnCall []string `json:"onCall"`
}

// Freeze is a window of time in which nothing is deployed, once or again and again.
type Freeze struct {
	Name string `json:"name"`
	// From and Until are RFC 3339; Until is not part of the window.
	From  string `json:"from"`
	Until string `json:"until"`
	// Repeats is a recurrence rule of RFC 5545, such as "FREQ=WEEKLY;BYDAY=FR": From and Until
	// are then those of the first window. Empty for one window only.
	Repeats string `json:"repeats,omitempty"`
	// Timezone is in whose time the window is repeated, of the IANA database; empty for UTC.
	Timezone string `json:"timezone,omitempty"`
}
