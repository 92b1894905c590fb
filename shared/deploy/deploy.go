// Package deploy is the domain: what a deployment is, in plain types. It imports nothing but
// the standard library, and everything else in this project speaks in its words.
package deploy

import (
	"fmt"
	"strings"
)

// SchemaVersion is the version of the document that travels between stages.
const SchemaVersion = 1

// Scope is where a deployment acts: one service in one environment of one region. At most one
// deployment changes a scope at any time.
type Scope struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Region      string `json:"region"`
}

// RegionLocal is the region of everything on one machine.
const RegionLocal = "local"

// String is the scope as it stands in ledger keys, resource names and messages.
func (s Scope) String() string { return s.Service + "/" + s.Environment + "@" + s.Region }

// Slot is one of the two places that a release can run in: each has its own target group and
// its own capacity. Which of them is active changes with every deployment.
type Slot string

// The two slots.
const (
	Blue  Slot = "blue"
	Green Slot = "green"
)

// Slots lists both, in a fixed order.
func Slots() []Slot { return []Slot{Blue, Green} }

// Other is the slot that s is not.
func (s Slot) Other() Slot {
	if s == Blue {
		return Green
	}
	return Blue
}

// Weight is a share of traffic in percent, from 0 to 100.
type Weight int

// Weights says how the traffic of a scope is divided. The two add up to 100.
type Weights struct {
	Blue  Weight `json:"blue"`
	Green Weight `json:"green"`
}

// Split gives to slot the weight w and the rest to the other slot.
func Split(slot Slot, w Weight) Weights {
	if slot == Blue {
		return Weights{Blue: w, Green: 100 - w}
	}
	return Weights{Blue: 100 - w, Green: w}
}

// Of is the weight of one slot.
func (w Weights) Of(slot Slot) Weight {
	if slot == Blue {
		return w.Blue
	}
	return w.Green
}

// Heaviest is the slot with more traffic than the other, Blue when they are even.
func (w Weights) Heaviest() Slot {
	if w.Green > w.Blue {
		return Green
	}
	return Blue
}

// Check reports weights that are out of range or do not add up to 100.
func (w Weights) Check() error {
	if w.Blue < 0 || w.Green < 0 || w.Blue+w.Green != 100 {
		return fmt.Errorf("weights blue %d and green %d must each be 0 to 100 and add up to 100", w.Blue, w.Green)
	}
	return nil
}

// String is, for example, "blue 95 % green 5 %".
func (w Weights) String() string { return fmt.Sprintf("blue %d %% green %d %%", w.Blue, w.Green) }

// Step is one part of a schedule.
type Step struct {
	// Weight is what the candidate gets, 1 to 100.
	Weight Weight `json:"weight"`
	// BakeSeconds is how long the weight is observed before the next step, 0 to 86400.
	BakeSeconds int `json:"bakeSeconds"`
}

// Schedule is the weights of the candidate in order. The last one is 100.
type Schedule []Step

// Check reports a schedule that is empty, does not rise or does not end at 100.
func (s Schedule) Check() error {
	if len(s) == 0 {
		return fmt.Errorf("the schedule has no steps; it needs at least one, of weight 100")
	}
	last := Weight(0)
	for i, step := range s {
		if step.Weight <= last || step.Weight > 100 {
			return fmt.Errorf("step %d has weight %d; weights must rise, from 1 to 100", i+1, step.Weight)
		}
		if step.BakeSeconds < 0 || step.BakeSeconds > 86400 {
			return fmt.Errorf("step %d bakes for %d seconds; 0 to 86400 is possible", i+1, step.BakeSeconds)
		}
		last = step.Weight
	}
	if last != 100 {
		return fmt.Errorf("the last step has weight %d; it must be 100", last)
	}
	return nil
}

// String is, for example, "1 → 5 → 25 → 50 → 100 %".
func (s Schedule) String() string {
	parts := make([]string, len(s))
	for i, step := range s {
		parts[i] = fmt.Sprint(step.Weight)
	}
	return strings.Join(parts, " → ") + " %"
}

// Lease is the right to change a scope for a while.
type Lease struct {
	// Owner is the id of the deployment that holds it.
	Owner string `json:"owner"`
	// Token rises each time the lock is taken. A change that carries an older token than the
	// newest one is refused: its holder has lost the lock without noticing.
	Token int64 `json:"token"`
}

// Held reports whether this is a lease at all; the zero Lease is none.
func (l Lease) Held() bool { return l.Token > 0 }
