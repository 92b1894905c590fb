package canary

import (
	"fmt"
	"math"
	"time"
)

// Test accumulates intervals. It is not safe for concurrent use.
type Test struct {
	settings Settings
	evidence evidence
	whole    series
	step     series
	weight   int
	begun    bool
	// end is where the last interval ended.
	end time.Time
	// fault is why the step is not measured; empty when it is.
	fault string
}

// series is what certificates are computed from.
type series struct {
	candidate, active Counts
	length            time.Duration
	points            []point
}

// NewTest begins a test. The error is that of Settings.Validate.
func NewTest(settings Settings) (*Test, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	return &Test{settings: settings}, nil
}

// Observe takes in the next interval. One that is missing, impossible or overlaps the one
// before adds nothing and makes its step Unmeasured, as does a gap between two intervals of a
// step; between steps gaps are expected. Observing an interval twice is therefore noticed.
func (t *Test) Observe(interval Interval) {
	t.enter(interval)
	fault, usable := t.check(interval)
	if t.fault == "" {
		t.fault = fault
	}
	end := interval.Start.Add(interval.Length)
	if !t.begun || end.After(t.end) {
		t.end = end
	}
	t.begun = true
	if !usable {
		return
	}
	t.evidence.observe(interval)
	t.whole.add(interval)
	t.step.add(interval)
}

// enter begins a new step when the weight has changed.
func (t *Test) enter(interval Interval) {
	if t.begun && interval.Weight == t.weight {
		return
	}
	// Before the candidate had any traffic there is nothing to forget.
	if t.whole.candidate.Requests > 0 {
		t.evidence.restart()
	}
	if interval.Weight == aloneWeight && !t.evidence.alone.begun {
		t.evidence.alone.begin(t.settings, t.whole.active)
	}
	t.weight, t.step, t.fault = interval.Weight, series{}, ""
}

// check says what is wrong with an interval, empty for nothing, and whether it may be counted.
func (t *Test) check(interval Interval) (fault string, usable bool) {
	at := interval.Start.UTC().Format(time.RFC3339)
	switch {
	case interval.Missing != "":
		return fmt.Sprintf("nothing was counted at %s: %s", at, interval.Missing), false
	case !interval.Candidate.possible() || !interval.Active.possible() || interval.Length <= 0:
		return fmt.Sprintf("the counts of %s are impossible", at), false
	case t.begun && interval.Start.Before(t.end):
		return fmt.Sprintf("the interval of %s overlaps the one before it", at), false
	case t.step.length > 0 && interval.Start.After(t.end):
		return fmt.Sprintf("nothing was counted from %s to %s", t.end.UTC().Format(time.RFC3339), at), true
	}
	return "", true
}

// add takes an interval into a series.
func (s *series) add(interval Interval) {
	s.candidate = s.candidate.add(interval.Candidate)
	s.active = s.active.add(interval.Active)
	s.length += interval.Length
	if p := pointOf(interval); p.errors > 0 {
		s.points = append(s.points, p)
	}
}

// Verdict is what is known now. Asking does not change the test; every look is valid.
func (t *Test) Verdict(bake BakeState) Verdict {
	step, fault := t.step, t.fault
	if t.weight != bake.Weight {
		step, fault = series{}, ""
	}
	if fault == "" && step.length == 0 && bake.Remaining <= 0 {
		fault = "the bake is over and not one interval of this step was counted"
	}
	level := t.settings.certificateLevel()
	v := Verdict{
		E:          math.Min(math.Exp(t.evidence.peak), math.MaxFloat64),
		LogE:       t.evidence.peak,
		RatioBound: ratioAtMost(step.points, level),
		RateBound:  rateAtMost(step.candidate, level),
		Candidate:  step.candidate,
		Active:     step.active,
	}
	if step.candidate.Requests > 0 && step.active.Errors > 0 {
		v.Ratio = step.candidate.rate() / step.active.rate()
	}
	switch limit := t.rateLimit(bake); {
	case t.failed():
		v.Kind = Fail
		v.Reason = t.failReason(v, bake)
	case fault != "":
		v.Kind, v.Reason = Unmeasured, fault
	case t.passes(v, bake, limit):
		v.Kind = Pass
		v.Reason = t.passReason(v, limit)
	default:
		v.Kind = Hold
		v.NeedRequests, v.NeedDuration = t.need(step, bake, limit)
		v.Reason = holdReason(v, bake)
	}
	return v
}

// failed reports whether the evidence ever reached 1/alpha.
func (t *Test) failed() bool { return t.evidence.peak >= -math.Log(t.settings.Alpha) }
