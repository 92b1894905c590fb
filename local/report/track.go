package report

import (
	"fmt"
	"slices"
	"strings"
)

// track follows executions from state to state, with the loops that wait folded into one step.
type track struct {
	lanes []*lane
	// before is the weights that were set last.
	before WeightAt
}

// lane is one execution.
type lane struct {
	// Machine is "deploy" or "rollback"; Title tells several executions of one machine apart.
	Machine, Title string
	// Nested says that another execution waits for this one.
	Nested bool
	Steps  []step

	execution string
}

// step is a stay in one state; a state that waits by way of others counts as one stay.
type step struct {
	State string
	// Note is the weight that a shift went to.
	Note string
	// Visits is how often the state was entered.
	Visits     int
	Start, End float64
}

// follow is the track of a whole scenario.
func follow(s Scenario) *track {
	t := &track{}
	weights := s.Weights
	for _, state := range s.Path {
		for len(weights) > 0 && weights[0].Seconds <= state.Seconds {
			t.weigh(weights[0])
			weights = weights[1:]
		}
		t.enter(state)
	}
	for _, w := range weights {
		t.weigh(w)
	}
	for _, l := range t.lanes {
		if last := l.last(); !ends(last.State) {
			last.End = max(last.End, s.Seconds)
		}
	}
	return t
}

// enter is told of each state in order. It returns the lane, and whether a person who follows
// should be told: not of a loop's next round.
func (t *track) enter(state StateAt) (*lane, bool) {
	l := t.lane(state)
	last := l.last()
	if last != nil {
		last.End = state.Seconds
		switch {
		case passing(last.State) && len(l.Steps) == 1:
			last.State = state.State
			return l, !passing(state.State)
		case passing(state.State):
			return l, false
		case last.State == state.State:
			last.Visits++
			return l, false
		}
	}
	l.Steps = append(l.Steps, step{
		State: state.State, Visits: 1, Start: state.Seconds, End: state.Seconds,
	})
	return l, !passing(state.State)
}

// weigh is told of each change of weights, which belongs to the step during which it came.
func (t *track) weigh(w WeightAt) {
	to := w.Green
	if w.Blue > t.before.Blue {
		to = w.Blue
	}
	t.before = w
	for _, l := range slices.Backward(t.lanes) {
		last := l.last()
		if last.State == "Shift" || last.State == "RestoreTraffic" {
			last.Note = fmt.Sprintf("%d %%", to)
			return
		}
	}
}

func (t *track) lane(state StateAt) *lane {
	same := 1
	nested := false
	for _, l := range t.lanes {
		if l.execution == state.Execution && l.Machine == state.Machine {
			return l
		}
		if l.Machine == state.Machine {
			same++
		}
		nested = nested || l.last().State == "Rollback"
	}
	l := &lane{
		Machine: state.Machine, Title: oneLine(state.Machine), Nested: nested, execution: state.Execution,
	}
	if same > 1 {
		l.Title = fmt.Sprintf("%s %d", l.Title, same)
	}
	t.lanes = append(t.lanes, l)
	return l
}

// last is the step that the execution is in, or nil before its first.
func (l *lane) last() *step {
	if len(l.Steps) == 0 {
		return nil
	}
	return &l.Steps[len(l.Steps)-1]
}

// label is the step's name with what is worth knowing about it: "Shift 25 %", "Release ×3".
func (s step) label() string {
	text := oneLine(s.State)
	if s.Note != "" {
		text += " " + s.Note
	}
	if s.Visits > 1 {
		text += fmt.Sprintf(" ×%d", s.Visits)
	}
	return text
}

// passing states decide or wait on behalf of the state before them. They are told by their
// names, which statemachine's lint keeps to verbs.
func passing(state string) bool {
	return state == "Begin" || state == "JudgeRefusal" || strings.HasPrefix(state, "WaitTo") ||
		strings.HasPrefix(state, "WaitFor") || (strings.HasPrefix(state, "Check") && state != "Check")
}

// ends says whether an execution ends with the state.
func ends(state string) bool {
	switch state {
	case "Succeeded", "Refused", "RolledBack", "FailedDirty", "LeaseLost", "Restored":
		return true
	default:
		return false
	}
}
