// Package observe is the stage that compares the candidate with the active release while a
// weight bakes.
package observe

import (
	"context"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/canary"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/signal"
)

// Signals counts requests and errors by slot.
type Signals interface {
	Counts(ctx context.Context, scope deploy.Scope, by string, from, to time.Time) ([]signal.Point, error)
}

// Leases is asked between two peeks whether to go on.
type Leases interface {
	Renew(ctx context.Context, scope deploy.Scope, lease deploy.Lease) (ledger.Lock, error)
}

// Stage observes a step.
type Stage struct {
	Signals Signals
	Leases  Leases
	Clock   clock.Clock
}

// budget is how long one invocation peeks before it lets the state machine ask again: well
// below the task's timeout and the lease's length.
const budget = 45 * time.Second

// Handle peeks at the step's counts until there is a verdict, the bake is over, or the
// invocation's budget is spent. A candidate that is worse is fault.Regressed; a request to
// halt is fault.Halted; an inconclusive bake ends as the environment says. Repeating it looks
// at the same series again.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.ObserveResult, error) {
	until := s.Clock.Now().Add(budget)
	peek := time.Duration(doc.Plan.Environment.Analysis.PeekSeconds) * time.Second
	for {
		result, over, err := s.look(ctx, doc)
		if err != nil || over {
			return result, err
		}
		if s.Clock.Now().Add(peek).After(until) {
			result.WaitSeconds = s.wait(doc)
			return result, nil
		}
		if err := s.Clock.Wait(ctx, s.next(doc, peek)); err != nil {
			return deploy.ObserveResult{}, fmt.Errorf("wait for the next peek: %w", err)
		}
		lock, err := s.Leases.Renew(ctx, doc.Request.Scope, doc.Lease())
		if err != nil {
			return deploy.ObserveResult{}, err
		}
		if lock.Halt.By != "" {
			return deploy.ObserveResult{}, fault.New(fault.Halted, "%s asked to halt: %s", lock.Halt.By, lock.Halt.Reason)
		}
	}
}

// next is the time until the next peek: the end of the bake when that comes first.
func (s Stage) next(doc deploy.Document, peek time.Duration) time.Duration {
	if left := end(doc).Sub(s.Clock.Now()); left > 0 && left < peek {
		return left
	}
	return peek
}

// wait is how long the state machine waits before it asks again, in seconds: a peek, and more the
// longer the step has been baking, so that days of baking take few invocations. A candidate that
// gets worse meanwhile is found a twentieth of the bake later, at most five minutes.
func (s Stage) wait(doc deploy.Document) int {
	begun, now, over := doc.Results.Prove.At, s.Clock.Now(), end(doc)
	if !now.Before(over) {
		over = over.Add(time.Duration(doc.Plan.Environment.Analysis.ExtendSeconds) * time.Second)
	}
	return deploy.PollSeconds(doc.Plan.Environment.Analysis.PeekSeconds, now.Sub(begun), over.Sub(begun))
}

// end is when the current step's bake is over.
func end(doc deploy.Document) time.Time {
	step := doc.Plan.Schedule[doc.Results.Shift.Step]
	return doc.Results.Prove.At.Add(time.Duration(step.BakeSeconds) * time.Second)
}

// look takes one peek and says whether the step is over.
func (s Stage) look(ctx context.Context, doc deploy.Document) (deploy.ObserveResult, bool, error) {
	now := s.Clock.Now()
	verdict, err := s.judge(ctx, doc, now)
	if err != nil {
		return deploy.ObserveResult{}, false, err
	}
	result := deploy.ObserveResult{
		More: doc.Results.Shift.Step+1 < len(doc.Plan.Schedule), Verdict: string(verdict.Kind), Reason: verdict.Reason,
		NeedRequests: verdict.NeedRequests, Candidate: deploy.Counted(verdict.Candidate), Active: deploy.Counted(verdict.Active),
		Steps: doc.Results.Observe.Steps,
	}
	if verdict.Kind == canary.Fail {
		return result, true, fault.New(fault.Regressed, "release %s is worse than %s at %d %%: %s",
			doc.Plan.Release.Version, doc.Plan.From.Version, weight(doc), verdict.Reason)
	}
	over, err := s.over(doc, verdict, now)
	if err != nil || !over {
		return result, false, err
	}
	result.Done = true
	result.Steps = append(result.Steps, deploy.StepVerdict{
		Weight: weight(doc), From: doc.Results.Shift.At, Until: now, Verdict: result.Verdict, Reason: result.Reason,
		Candidate: result.Candidate, Active: result.Active,
	})
	return result, true, nil
}

func weight(doc deploy.Document) deploy.Weight { return doc.Results.Shift.Weights.Of(doc.Plan.Target) }

// over reports whether the step may end, by its verdict and by the environment's word on bakes
// that end without one.
func (s Stage) over(doc deploy.Document, verdict canary.Verdict, now time.Time) (bool, error) {
	if now.Before(end(doc)) {
		// An early pass is for people who wait for capacity, not for those who asked for a bake.
		return false, nil
	}
	if verdict.Kind == canary.Pass || bakeSeconds(doc) == 0 {
		return true, nil
	}
	analysis := doc.Plan.Environment.Analysis
	extended := now.Sub(end(doc)) >= time.Duration(analysis.ExtendSeconds)*time.Second
	switch {
	case verdict.Kind == canary.Unmeasured && !extended, analysis.WhenInconclusive == deploy.InconclusiveExtend && !extended:
		return false, nil
	case verdict.Kind == canary.Hold && analysis.WhenInconclusive == deploy.InconclusiveProceed:
		return true, nil
	}
	return false, fault.New(fault.Regressed, "the bake at %d %% ended without proof that %s is no worse (%s): %s",
		weight(doc), doc.Plan.Release.Version, verdict.Kind, verdict.Reason)
}

func bakeSeconds(doc deploy.Document) int {
	return doc.Plan.Schedule[doc.Results.Shift.Step].BakeSeconds
}

func (s Stage) judge(ctx context.Context, doc deploy.Document, now time.Time) (canary.Verdict, error) {
	analysis := doc.Plan.Environment.Analysis
	settings := canary.Defaults()
	settings.Alpha, settings.Tolerance = analysis.Alpha, analysis.Tolerance
	settings.MinRequests, settings.ErrorBudget = analysis.MinRequests, analysis.ErrorBudget
	intervals, err := s.series(ctx, doc, now)
	if err != nil {
		return canary.Verdict{}, err
	}
	return canary.Judge(settings, intervals, canary.BakeState{Weight: int(weight(doc)), Remaining: end(doc).Sub(now)}), nil
}

// baseline is how long before the shift the active release is counted by itself.
const baseline = 60 * time.Second

// series is everything counted since shortly before the first weight, each span with the weight
// that the candidate had in it. A source that cannot be asked gives a span that is missing: that is
// never a pass.
func (s Stage) series(ctx context.Context, doc deploy.Document, now time.Time) ([]canary.Interval, error) {
	steps := doc.Results.Observe.Steps
	first := doc.Results.Shift.At
	if len(steps) > 0 {
		first = steps[0].From
	}
	// The plan's word, as bakes and extensions are: settings may have changed since, and the place of
	// one environment is not deployed together with the settings of all.
	source := doc.Plan.Environment.Analysis.Source
	before, err := s.Signals.Counts(ctx, doc.Request.Scope, source, first.Add(-baseline), first)
	var points []signal.Point
	if err == nil {
		points, err = s.Signals.Counts(ctx, doc.Request.Scope, source, first, now)
	}
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		missing := canary.Interval{Start: doc.Results.Shift.At, Length: time.Second, Weight: int(weight(doc)), Missing: err.Error()}
		return []canary.Interval{missing}, nil
	}
	intervals := alone(doc, before)
	for _, point := range points {
		interval := canary.Interval{
			Start: point.Start, Length: point.Length, Weight: weightAt(doc, point.Start),
			Candidate: canary.Counts(point.Of(doc.Plan.Target)), Active: canary.Counts(point.Of(doc.Plan.Target.Other())),
		}
		if point.Missing {
			interval.Missing = silence(source)
		}
		intervals = append(intervals, interval)
	}
	return intervals, nil
}

// silence says what it means that a source has nothing to say of a time.
func silence(source string) string {
	switch source {
	case deploy.SourceApplication:
		return "a slot wrote no counters of its own, as analysis.source: application asks of both releases"
	case deploy.SourceBalancer:
		return "the load balancer reported nothing, not even how many targets are healthy"
	}
	return "the source has no counts"
}

// alone is the active release by itself, before the first weight. What the candidate's slot answered
// then was another release, or nothing: it is not held against the candidate, and its silence hides
// nothing of what came after.
func alone(doc deploy.Document, before []signal.Point) []canary.Interval {
	var intervals []canary.Interval
	for _, point := range before {
		if !point.Missing {
			intervals = append(intervals, canary.Interval{Start: point.Start, Length: point.Length, Active: canary.Counts(point.Of(doc.Plan.Target.Other()))})
		}
	}
	return intervals
}

// weightAt is the weight that the candidate had been given at a moment.
func weightAt(doc deploy.Document, at time.Time) int {
	if !at.Before(doc.Results.Shift.At.Truncate(time.Second)) {
		return int(weight(doc))
	}
	weight := 0
	for _, step := range doc.Results.Observe.Steps {
		if !at.Before(step.From.Truncate(time.Second)) {
			weight = int(step.Weight)
		}
	}
	return weight
}
