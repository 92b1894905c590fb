package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Plan is everything that an execution is going to do, and everything that it needs in order
// to go back, captured before anything is changed.
type Plan struct {
	Kind  Kind  `json:"kind"`
	Scope Scope `json:"scope"`
	// Release is what all traffic is going to reach, From what it reaches now.
	Release ReleaseRef `json:"release"`
	From    ReleaseRef `json:"from"`
	// Target is the slot that Release runs in, or will.
	Target Slot `json:"target"`
	// Workload is what the target slot has to run.
	Workload Workload `json:"workload"`
	Schedule Schedule `json:"schedule"`
	// Migrations are the schema changes, in the order in which they are made.
	Migrations []Migration `json:"migrations"`
	SchemaFrom int64       `json:"schemaFrom"`
	SchemaTo   int64       `json:"schemaTo"`
	// SchemaRelease is the digest of the release whose migrations are applied or reverted.
	SchemaRelease string `json:"schemaRelease,omitempty"`
	// SnapshotID is the backup taken before the migrations, or the one to restore; empty for none.
	SnapshotID string `json:"snapshotId,omitempty"`
	// Schema is what a rollback does with the schema: "keep", "down" or "restore".
	Schema      string      `json:"schema"`
	Maintenance bool        `json:"maintenance"`
	SmokeTests  []SmokeTest `json:"smokeTests"`
	Capsule     Capsule     `json:"capsule"`
	WayBack     WayBack     `json:"wayBack"`
	Environment Environment `json:"environment"`
	// ApprovalRequired says whether people have to agree to this plan.
	ApprovalRequired bool `json:"approvalRequired"`
	// Undoes is the id of the deployment that a rollback takes back.
	Undoes string `json:"undoes,omitempty"`
	// Mode is how careful a rollback is; empty for a deployment.
	Mode Mode `json:"mode,omitempty"`
	// Nothing is set when the world already is as wanted, in words why.
	Nothing string `json:"nothing,omitempty"`
	// Empties says that nothing ran before: going back leaves the target slot empty.
	Empties  bool      `json:"empties,omitempty"`
	Notes    []string  `json:"notes,omitempty"`
	Forecast Forecast  `json:"forecast"`
	MadeAt   time.Time `json:"madeAt"`
	// Digest identifies what was planned: approval is given to a digest. Forecast and MadeAt
	// are not part of it.
	Digest string `json:"digest"`
}

// Workload is what runs in a slot.
type Workload struct {
	// Digest and Version name the release.
	Digest  string `json:"digest"`
	Version string `json:"version"`
	// Definition is the task definition, once there is one.
	Definition string `json:"definition,omitempty"`
	// Count is how many tasks are wanted, 0 to 1000.
	Count int `json:"count"`
}

// SlotState is what was found in a slot.
type SlotState struct {
	Workload
	// Running and Healthy count tasks.
	Running int `json:"running"`
	Healthy int `json:"healthy"`
	// Reasons say why tasks are missing or unhealthy, the newest last.
	Reasons []string `json:"reasons,omitempty"`
}

// Ready reports whether every wanted task runs and is healthy, and at least one is wanted.
func (s SlotState) Ready() bool { return s.Count > 0 && s.Running >= s.Count && s.Healthy >= s.Count }

// Capsule is the state to go back to.
type Capsule struct {
	Weights     Weights   `json:"weights"`
	Maintenance bool      `json:"maintenance"`
	Blue        SlotState `json:"blue"`
	Green       SlotState `json:"green"`
	// SchemaVersion is the newest migration applied, 0 when there is none.
	SchemaVersion int64 `json:"schemaVersion"`
	// StickySeconds is the stickiness of the listener rule; 0 when it has none.
	StickySeconds int `json:"stickySeconds,omitempty"`
}

// Slot is what the capsule holds of one slot.
func (c Capsule) Slot(slot Slot) SlotState {
	if slot == Blue {
		return c.Blue
	}
	return c.Green
}

// WayBack tells a person what going back will do and what it costs.
type WayBack struct {
	Schema string `json:"schema"`
	// Text is one sentence for the approval mail and the record.
	Text string `json:"text"`
	// Seconds is the forecast of going back, capacity still warm.
	Seconds int `json:"seconds"`
	// LosesSince is set when a snapshot is restored: what was written after it is lost.
	LosesSince time.Time `json:"losesSince,omitzero"`
}

// Forecast is what the plan is expected to take when nothing goes wrong and counts come as late as
// they may.
type Forecast struct {
	// Seconds is the active part, waiting for people not counted.
	Seconds int `json:"seconds"`
	// Parts are what it is made of, in order.
	Parts []ForecastPart `json:"parts"`
}

// ForecastPart is one line of a Forecast.
type ForecastPart struct {
	Name    string `json:"name"`
	Seconds int    `json:"seconds"`
}

// Seal returns the plan with its digest: SHA-256 over its JSON with the forecast, the time and
// what fluctuates in the capsule (counts of running tasks) left out.
func (p Plan) Seal() (Plan, error) {
	bare := p
	bare.Digest, bare.MadeAt, bare.Forecast = "", time.Time{}, Forecast{}
	bare.WayBack.Seconds = 0
	for _, slot := range []*SlotState{&bare.Capsule.Blue, &bare.Capsule.Green} {
		slot.Running, slot.Healthy, slot.Reasons = 0, 0, nil
	}
	text, err := json.Marshal(bare)
	if err != nil {
		return Plan{}, fmt.Errorf("encode the plan of %s: %w", p.Scope, err)
	}
	sum := sha256.Sum256(text)
	p.Digest = "sha256:" + hex.EncodeToString(sum[:])
	return p, nil
}
