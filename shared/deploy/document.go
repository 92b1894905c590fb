package deploy

import "time"

// Document is what travels between stages. A stage reads it and returns its own result only;
// the state machine puts the result in its place. It holds at most 256 KiB: logs and reports
// are kept elsewhere, by key.
type Document struct {
	SchemaVersion int    `json:"schemaVersion"`
	ID            string `json:"id"`
	// Stage is the name of the state that runs, Execution the ARN of its execution.
	Stage     string     `json:"stage"`
	Execution string     `json:"execution"`
	Request   Request    `json:"request"`
	Plan      Plan       `json:"plan,omitzero"`
	Results   Results    `json:"results"`
	Error     StageError `json:"error,omitzero"`
	// Outcome is set by the state that closes the record.
	Outcome Outcome `json:"outcome,omitempty"`
	// TaskToken is set for the one state that waits for people.
	TaskToken string `json:"taskToken,omitempty"`
}

// Lease is the lease that the execution holds, the zero Lease before it has one.
func (d Document) Lease() Lease { return d.Results.Lock.Lease }

// Outcome is how a deployment ended.
type Outcome string

// The outcomes. Every execution ends in exactly one.
const (
	// Succeeded: the wanted release has all the traffic.
	Succeeded Outcome = "succeeded"
	// Refused: nothing was changed.
	Refused Outcome = "refused"
	// RolledBack: something was changed and has been put back.
	RolledBack Outcome = "rolled-back"
	// FailedDirty: it could not be put back. A hold is set and people are paged.
	FailedDirty Outcome = "failed-dirty"
)

// Results are the stages' results by stage. A stage that has not run has the zero result.
type Results struct {
	Validate    ValidateResult    `json:"validate,omitzero"`
	Build       BuildResult       `json:"build,omitzero"`
	Enqueue     EnqueueResult     `json:"enqueue,omitzero"`
	Announce    AnnounceResult    `json:"announce,omitzero"`
	Ask         AskResult         `json:"ask,omitzero"`
	Approve     ApproveResult     `json:"approve,omitzero"`
	Lock        LockResult        `json:"lock,omitzero"`
	Replan      ReplanResult      `json:"replan,omitzero"`
	Maintenance MaintenanceResult `json:"maintenance,omitzero"`
	Backup      BackupResult      `json:"backup,omitzero"`
	Release     ReleaseResult     `json:"release,omitzero"`
	Migrate     MigrateResult     `json:"migrate,omitzero"`
	SmokeTest   SmokeTestResult   `json:"smokeTest,omitzero"`
	Shift       ShiftResult       `json:"shift,omitzero"`
	Prove       ProveResult       `json:"prove,omitzero"`
	Observe     ObserveResult     `json:"observe,omitzero"`
	Verify      VerifyResult      `json:"verify,omitzero"`
	Promote     PromoteResult     `json:"promote,omitzero"`
	Record      RecordResult      `json:"record,omitzero"`
	Retire      RetireResult      `json:"retire,omitzero"`
	Restore     RestoreResult     `json:"restore,omitzero"`
	Hold        HoldResult        `json:"hold,omitzero"`
	Rollback    RollbackResult    `json:"rollback,omitzero"`
}

// Progress is what a stage says that may have to be asked again: not ready is a result,
// followed by a wait, and never an error.
type Progress struct {
	Ready bool `json:"ready"`
	// Reason is why not yet.
	Reason string `json:"reason,omitempty"`
	// WaitSeconds is how long to wait before asking again, at least 1 while not ready.
	WaitSeconds int `json:"waitSeconds,omitempty"`
	// Since is when the first of these questions was asked.
	Since time.Time `json:"since,omitzero"`
}

// ValidateResult names what was checked, and what has to be done before the rest can be.
type ValidateResult struct {
	Checks []string `json:"checks"`
	// Forced are what a forced deployment went past.
	Forced []string `json:"forced,omitempty"`
	// Missing is what to do because the release is not published: MissingWait or MissingBuild;
	// empty once it is.
	Missing string `json:"missing,omitempty"`
	// WaitSeconds is how long to wait before looking again, at least 1 while Missing is
	// MissingWait.
	WaitSeconds int `json:"waitSeconds,omitempty"`
	// BuildSeconds bounds the build, at least 1 while Missing is MissingBuild.
	BuildSeconds int `json:"buildSeconds,omitempty"`
	// Since is when the release was first found missing; zero when it never was.
	Since time.Time `json:"since,omitzero"`
}

// BuildResult is the build of a release that was not published; zero when there was none.
type BuildResult struct {
	// Ended says that there was a build, however it ended. There is at most one.
	Ended bool   `json:"ended"`
	ID    string `json:"id,omitempty"`
	// Log is where its output is read.
	Log string `json:"log,omitempty"`
	// Error and Cause are those of the state when it failed.
	Error string `json:"error,omitempty"`
	Cause string `json:"cause,omitempty"`
}

// AnnounceResult says who was told.
type AnnounceResult struct {
	Told []string `json:"told"`
	// Round counts the announcements of one execution, from 1: it grows when a changed plan
	// has to be announced again.
	Round int `json:"round"`
}

// EnqueueResult is the place of a deployment in the queue of its scope.
type EnqueueResult struct {
	// Ahead are the deployments that came before and have not ended.
	Ahead []string `json:"ahead,omitempty"`
	// Superseded are those that were refused because this one is newer.
	Superseded []string `json:"superseded,omitempty"`
}

// AskResult is who was asked for approval, and for how long they are waited for.
type AskResult struct {
	Asked []string `json:"asked"`
	// WaitSeconds is when people are reminded or the vote is over, at least 1.
	WaitSeconds int       `json:"waitSeconds"`
	Until       time.Time `json:"until"`
}

// ApproveResult is the decision of people on a plan.
type ApproveResult struct {
	// By are those whose approval decided it, joined by commas.
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	PlanDigest string    `json:"planDigest"`
	// Needed is what it took, in words.
	Needed string  `json:"needed,omitempty"`
	Voices []Voice `json:"voices,omitempty"`
}

// Voice is what one approver said.
type Voice struct {
	By string `json:"by"`
	// Kind is "approve", "reject" or "delay".
	Kind   string    `json:"kind"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	// Via is by what the approver was known: "code" or "identity"; empty for a delay.
	Via string `json:"via,omitempty"`
}

// LockResult is the lease, or who has it instead.
type LockResult struct {
	Progress
	Lease  Lease  `json:"lease,omitzero"`
	Holder string `json:"holder,omitempty"`
	// At is when the lock was taken; Deadline when the active part must have ended.
	At       time.Time `json:"at,omitzero"`
	Deadline time.Time `json:"deadline,omitzero"`
}

// ReplanResult says whether the plan that was approved still holds. The new plan stands in
// Plan.
type ReplanResult struct {
	Changed bool `json:"changed"`
	// Differences say what changed, in words.
	Differences []string `json:"differences,omitempty"`
	Plan        Plan     `json:"plan,omitzero"`
}

// MaintenanceResult is the state of maintenance mode.
type MaintenanceResult struct {
	On    bool      `json:"on"`
	Since time.Time `json:"since,omitzero"`
}

// BackupResult is the progress of the snapshot.
type BackupResult struct {
	Progress
	SnapshotID string    `json:"snapshotId,omitempty"`
	At         time.Time `json:"at,omitzero"`
	Bytes      int64     `json:"bytes,omitempty"`
}

// ReleaseResult is the progress of the target slot.
type ReleaseResult struct {
	Progress
	Definition string `json:"definition,omitempty"`
	Healthy    int    `json:"healthy"`
	Count      int    `json:"count"`
}

// MigrateResult lists what was applied or reverted.
type MigrateResult struct {
	Done []string `json:"done,omitempty"`
	From int64    `json:"from"`
	To   int64    `json:"to"`
}

// SmokeTestResult lists the tests that passed; one that does not is an error.
type SmokeTestResult struct {
	Passed []string `json:"passed"`
}

// ShiftResult is the step of the schedule that was taken.
type ShiftResult struct {
	// Step counts from 0; Steps is how many there are.
	Step    int       `json:"step"`
	Steps   int       `json:"steps"`
	Weights Weights   `json:"weights"`
	At      time.Time `json:"at,omitzero"`
}

// ProveResult is what the data plane answered.
type ProveResult struct {
	Progress
	// Answers counts probe answers by release version.
	Answers map[string]int `json:"answers,omitempty"`
	At      time.Time      `json:"at,omitzero"`
}

// ObserveResult is the verdict on one step so far.
type ObserveResult struct {
	// Done says that the step is over and passed; otherwise Observe is asked again.
	Done        bool `json:"done"`
	WaitSeconds int  `json:"waitSeconds,omitempty"`
	// More says that the schedule has another step.
	More bool `json:"more"`
	// Verdict is "pass", "fail", "hold" or "unmeasured"; Reason explains it.
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
	// NeedRequests is how many more candidate requests a verdict takes, about.
	NeedRequests int64 `json:"needRequests,omitempty"`
	// Requests and Errors are counted since the step began.
	Candidate Counted `json:"candidate"`
	Active    Counted `json:"active"`
	// Steps are the verdicts of the steps that are over.
	Steps []StepVerdict `json:"steps,omitempty"`
}

// Counted is requests and those of them that failed with 5xx.
type Counted struct {
	Requests int64 `json:"requests"`
	Errors   int64 `json:"errors"`
}

// StepVerdict is how one step of the schedule ended.
type StepVerdict struct {
	Weight Weight `json:"weight"`
	// From is when the weight was asked for, Until when the step ended.
	From      time.Time `json:"from"`
	Until     time.Time `json:"until"`
	Verdict   string    `json:"verdict"`
	Reason    string    `json:"reason"`
	Candidate Counted   `json:"candidate"`
	Active    Counted   `json:"active"`
}

// VerifyResult lists what was found to hold at the end.
type VerifyResult struct {
	Checks []string `json:"checks"`
}

// PromoteResult is the release that is now the active one.
type PromoteResult struct {
	Slot Slot      `json:"slot,omitempty"`
	At   time.Time `json:"at,omitzero"`
}

// RecordResult is where the change record lies.
type RecordResult struct {
	Key     string   `json:"key"`
	Outcome Outcome  `json:"outcome"`
	Told    []string `json:"told,omitempty"`
}

// RetireResult says what became of the old slot.
type RetireResult struct {
	Slot    Slot   `json:"slot,omitempty"`
	Retired bool   `json:"retired"`
	Reason  string `json:"reason,omitempty"`
}

// RestoreResult is the progress of restoring a database from its snapshot.
type RestoreResult struct {
	Progress
	Instance string `json:"instance,omitempty"`
}

// RollbackResult is why the rollback of a deployment failed; zero when it did not.
type RollbackResult struct {
	// LeaseLost says that somebody took the lock from it, who is repairing now.
	LeaseLost bool `json:"leaseLost"`
}

// HoldResult is the hold that a rollback leaves.
type HoldResult struct {
	Held bool `json:"held"`
}
