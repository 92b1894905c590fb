package deploy

// Environment is the configuration of one service in one environment, as pilotage.yaml has
// it. Gates and approvers come from here and never from the release that is being deployed.
type Environment struct {
	// URL is where users reach the service.
	URL string `json:"url"`
	// Branch is whose pushes are deployed here by themselves; empty for none.
	Branch string `json:"branch,omitempty"`
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
}

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
	// ExpiresSeconds is how long people have, 60 to 604800.
	ExpiresSeconds int `json:"expiresSeconds,omitempty"`
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
	// Policy is "queue" to wait or "reject" to refuse.
	Policy string `json:"policy"`
	// WaitSeconds bounds the waiting, 1 to 86400.
	WaitSeconds int `json:"waitSeconds"`
}

// The values of Queue.Policy.
const (
	QueueWait   = "queue"
	QueueReject = "reject"
)

// Notify says who is told.
type Notify struct {
	// Team is told of each start and each end.
	Team []string `json:"team"`
	// OnCall is paged when a deployment could not be taken back.
	OnCall []string `json:"onCall"`
}

// Freeze is a window of time in which nothing is deployed.
type Freeze struct {
	Name string `json:"name"`
	// From and Until are RFC 3339; Until is not part of the window.
	From  string `json:"from"`
	Until string `json:"until"`
}
