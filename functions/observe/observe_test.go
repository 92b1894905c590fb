package observe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/signal"
)

// users ask so much of each slot every second, and so much of it fails.
type users struct {
	candidate, active deploy.Counted
	// before, when it is set, is what the candidate's slot answered until the shift.
	before  deploy.Counted
	shift   time.Time
	err     error
	missing bool
	halt    ledger.Halt
	renewed int
	// by are the sources that were asked for.
	by map[string]bool
}

func (u *users) Counts(_ context.Context, _ deploy.Scope, by string, from, to time.Time) ([]signal.Point, error) {
	if u.by != nil {
		u.by[by] = true
	}
	if u.err != nil {
		return nil, u.err
	}
	var points []signal.Point
	for at := from.Truncate(time.Second); !at.Add(time.Second).After(to); at = at.Add(time.Second) {
		point := signal.Point{Start: at, Length: time.Second, Green: u.candidate, Blue: u.active, Missing: u.missing}
		if at.Before(u.shift) {
			point.Green = u.before
		}
		points = append(points, point)
	}
	return points, nil
}

func (u *users) Renew(context.Context, deploy.Scope, deploy.Lease) (ledger.Lock, error) {
	u.renewed++
	return ledger.Lock{Halt: u.halt}, nil
}

func document(policy string, bake int) deploy.Document {
	var doc deploy.Document
	doc.Plan.Target, doc.Plan.Release.Version, doc.Plan.From.Version = deploy.Green, "new", "old"
	doc.Plan.Schedule = deploy.Schedule{{Weight: 50, BakeSeconds: bake}, {Weight: 100}}
	doc.Plan.Environment.Analysis = deploy.Analysis{Alpha: 0.01, Tolerance: 2, ErrorBudget: 0.01, MinRequests: 100, PeekSeconds: 10, WhenInconclusive: policy, ExtendSeconds: 60}
	now := time.Now().UTC()
	doc.Results.Shift = deploy.ShiftResult{Steps: 2, Weights: deploy.Split(deploy.Green, 50), At: now}
	doc.Results.Prove.At = now
	return doc
}

// bake asks again as the machine does until the step is over.
func bake(t *testing.T, u *users, doc deploy.Document) (deploy.ObserveResult, time.Duration, error) {
	begun := time.Now()
	result, err := settle(t, u, doc)
	return result, time.Since(begun), err
}

// served is what a stage looks at.
type served interface {
	Signals
	Leases
}

// settle is bake over any source.
func settle(t *testing.T, u served, doc deploy.Document) (deploy.ObserveResult, error) {
	s := Stage{Signals: u, Leases: u, Clock: clock.System{}}
	for {
		result, err := s.Handle(t.Context(), doc)
		if err != nil || result.Done {
			return result, err
		}
		if result.WaitSeconds < 1 {
			t.Fatalf("got %+v, want a wait", result)
		}
		doc.Results.Observe = result
		time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
	}
}

func TestBakeEndsAsTheEnvironmentSays(t *testing.T) {
	busy, quiet := deploy.Counted{Requests: 100}, deploy.Counted{Requests: 1}
	bad := deploy.Counted{Requests: 100, Errors: 30}
	for name, test := range map[string]struct {
		users  users
		policy string
		bake   int
		after  time.Duration // about: never before it, at most a peek and a second after it
		class  fault.Class
		want   string
	}{
		"good, with enough requests":         {users{candidate: busy, active: busy}, deploy.InconclusiveFail, 60, time.Minute, "", "pass"},
		"an early pass does not end a bake":  {users{candidate: busy, active: busy}, deploy.InconclusiveFail, 600, 10 * time.Minute, "", "pass"},
		"worse, found before the bake ends":  {users{candidate: bad, active: busy}, deploy.InconclusiveProceed, 600, 0, fault.Regressed, "release new is worse than old at 50 %"},
		"too few requests: proceed":          {users{candidate: quiet, active: quiet}, deploy.InconclusiveProceed, 60, time.Minute, "", "hold"},
		"too few requests: fail":             {users{candidate: quiet, active: quiet}, deploy.InconclusiveFail, 60, time.Minute, fault.Regressed, "ended without proof that new is no worse (hold)"},
		"too few requests: extend, then end": {users{candidate: quiet, active: quiet}, deploy.InconclusiveExtend, 60, 2 * time.Minute, fault.Regressed, "ended without proof that new is no worse (hold)"},
		"source silent: never a pass":        {users{missing: true}, deploy.InconclusiveProceed, 60, 2 * time.Minute, fault.Regressed, "(unmeasured)"},
		"source fails: never a pass":         {users{err: errors.New("throttled")}, deploy.InconclusiveProceed, 60, 2 * time.Minute, fault.Regressed, "(unmeasured)"},
		"no bake asked for":                  {users{candidate: quiet, active: quiet}, deploy.InconclusiveFail, 0, 0, "", "unmeasured"},
		"asked to halt":                      {users{candidate: busy, active: busy, halt: ledger.Halt{By: "ada", Reason: "users complain"}}, deploy.InconclusiveProceed, 600, 0, fault.Halted, "ada asked to halt: users complain"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				result, took, err := bake(t, &test.users, document(test.policy, test.bake))
				if took < test.after || took > test.after+21*time.Second {
					t.Errorf("it took %s, want about %s", took, test.after)
				}
				if test.class != "" {
					if !fault.Is(err, test.class) || !strings.Contains(err.Error(), test.want) {
						t.Errorf("got %v, want %s: … %s …", err, test.class, test.want)
					}
					return
				}
				if err != nil || result.Verdict != test.want || !result.More || len(result.Steps) != 1 || result.Steps[0].Weight != 50 {
					t.Errorf("got %+v and error %v, want one step with %q", result, err, test.want)
				}
			})
		})
	}
}

// TestWhatTheSlotRanBeforeIsNotTheCandidates: a bad release was taken back, and its correction comes
// within the same minute.
func TestWhatTheSlotRanBeforeIsNotTheCandidates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := deploy.Counted{Requests: 100}
		u := &users{candidate: good, active: good, before: deploy.Counted{Requests: 100, Errors: 50}, shift: time.Now()}
		result, _, err := bake(t, u, document(deploy.InconclusiveFail, 60))
		if err != nil || result.Verdict != "pass" || result.Candidate.Errors != 0 {
			t.Errorf("got %+v and error %v, want a pass", result, err)
		}
	})
}

// TestSilenceBeforeTheShiftHidesNothing: the source ends its series at a span that may still come.
func TestSilenceBeforeTheShiftHidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := deploy.Counted{Requests: 100}
		u := &users{candidate: deploy.Counted{Requests: 100, Errors: 30}, active: busy}
		silent := silentBefore{u, time.Now()}
		_, err := Stage{Signals: silent, Leases: u, Clock: clock.System{}}.Handle(t.Context(), document(deploy.InconclusiveProceed, 600))
		if !fault.Is(err, fault.Regressed) {
			t.Errorf("got %v, want Regressed: the candidate's errors are known", err)
		}
	})
}

// TestThePlansSourceIsAsked: not that of settings which may have changed since, nor of a place.
func TestThePlansSourceIsAsked(t *testing.T) {
	for _, source := range []string{deploy.SourceBalancer, deploy.SourceApplication, ""} {
		synctest.Test(t, func(t *testing.T) {
			u := &users{candidate: deploy.Counted{Requests: 100}, active: deploy.Counted{Requests: 100}, by: map[string]bool{}}
			doc := document(deploy.InconclusiveProceed, 60)
			doc.Plan.Environment.Analysis.Source = source
			if _, err := settle(t, u, doc); err != nil || !u.by[source] || len(u.by) != 1 {
				t.Errorf("asked %v and got error %v, want %q only", u.by, err, source)
			}
		})
	}
}

// silentBefore has nothing from before a moment, and nothing after that in a series from before it.
type silentBefore struct {
	*users
	moment time.Time
}

func (s silentBefore) Counts(ctx context.Context, scope deploy.Scope, by string, from, to time.Time) ([]signal.Point, error) {
	if from.Before(s.moment) {
		return nil, nil
	}
	return s.users.Counts(ctx, scope, by, from, to)
}

// paced is a source on AWS at a time when nobody asks for anything: its points come as late as they
// may, or never.
type paced struct {
	*users
	pace  signal.Pace
	never bool
}

func (p paced) Counts(_ context.Context, _ deploy.Scope, _ string, from, to time.Time) ([]signal.Point, error) {
	var points []signal.Point
	start := from.Add(p.pace.Span - time.Nanosecond).Truncate(p.pace.Span)
	for ; !start.Add(p.pace.Span).After(to) && time.Since(start.Add(p.pace.Span)) >= p.pace.Late; start = start.Add(p.pace.Span) {
		points = append(points, signal.Point{Start: start, Length: p.pace.Span, Missing: p.never})
	}
	return points, nil
}

// TestASlowSourceTakesNobodyBack: the shortest bakes that pilotage.yaml may have, from the worst moment
// on. A span less, and a release would be taken back for nothing.
func TestASlowSourceTakesNobodyBack(t *testing.T) {
	for _, source := range []string{deploy.SourceBalancer, deploy.SourceApplication} {
		pace := signal.PaceOf(source)
		for name, test := range map[string]struct {
			extension time.Duration
			never     bool
			want      string // in the error; "" for a hold, which goes on
		}{
			"just long enough": {pace.Least() - time.Minute, false, ""},
			"a span less":      {pace.Least() - time.Minute - pace.Span, false, "(unmeasured)"},
			"never comes":      {pace.Least(), true, "(unmeasured): nothing was counted at"},
		} {
			t.Run(source+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Millisecond) // a span has just begun
					doc := document(deploy.InconclusiveProceed, 60)
					doc.Plan.Environment.Analysis.Source = source
					doc.Plan.Environment.Analysis.ExtendSeconds = int(test.extension / time.Second)
					began := time.Now()
					_, err := settle(t, paced{&users{}, pace, test.never}, doc)
					// Looks are up to a twentieth of the bake apart.
					took, longest := time.Since(began), signal.Bake(doc.Plan.Schedule[0], doc.Plan.Environment.Analysis)
					if test.want == "" && (took < longest-pace.Span || took > longest+longest/20) {
						t.Errorf("it took %s, want about the %s that are foreseen", took, longest)
					}
					if test.want == "" && err != nil || test.want != "" && (!fault.Is(err, fault.Regressed) || !strings.Contains(err.Error(), test.want)) {
						t.Errorf("got %v, want %q", err, test.want)
					}
				})
			})
		}
	}
}

// TestShippedBakesAreMeasured: every step of the example, at a time when nobody asks for anything.
func TestShippedBakesAreMeasured(t *testing.T) {
	file, err := config.Load("../../examples/runningapp/pilotage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, environment := range file.Environments {
		for i, step := range environment.Strategy.Steps {
			t.Run(fmt.Sprintf("%s at %d", name, step.Weight), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Millisecond)
					doc := document("", 0)
					doc.Plan.Environment, doc.Plan.Schedule = environment, environment.Strategy.Steps
					doc.Results.Shift.Step, doc.Results.Shift.Weights = i, deploy.Split(deploy.Green, step.Weight)
					result, err := settle(t, paced{&users{}, signal.PaceOf(environment.Analysis.Source), false}, doc)
					if err != nil || result.Verdict != "hold" {
						t.Errorf("got %+v and error %v, want a hold, which goes on", result, err)
					}
				})
			})
		}
	}
}

func TestOneInvocationStaysWithinItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &users{candidate: deploy.Counted{Requests: 100}, active: deploy.Counted{Requests: 100}}
		begun := time.Now()
		result, err := Stage{Signals: u, Leases: u, Clock: clock.System{}}.Handle(t.Context(), document(deploy.InconclusiveProceed, 600))
		if err != nil || result.Done {
			t.Fatalf("got %+v and error %v, want a step that goes on", result, err)
		}
		if took := time.Since(begun); took > budget {
			t.Errorf("it took %s, want at most %s", took, budget)
		}
		if u.renewed != 4 {
			t.Errorf("the lease was renewed %d times between peeks, want 4", u.renewed)
		}
	})
}

func TestRareLooksAreWaitedForByTheStateMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &users{candidate: deploy.Counted{Requests: 10}, active: deploy.Counted{Requests: 10}}
		doc := document(deploy.InconclusiveFail, 3600)
		doc.Plan.Environment.Analysis.PeekSeconds = 120
		begun := time.Now()
		result, err := Stage{Signals: u, Leases: u, Clock: clock.System{}}.Handle(t.Context(), doc)
		if err != nil || result.WaitSeconds != 120 || time.Since(begun) != 0 {
			t.Errorf("got %d s to wait after %s and error %v, want 120 s at once", result.WaitSeconds, time.Since(begun), err)
		}
	})
}

// TestLongBakesTakeFewInvocations: nine events each, of the 25,000 that an execution may have.
func TestLongBakesTakeFewInvocations(t *testing.T) {
	for name, test := range map[string]struct{ bake, peek, want int }{
		"an hour, a look every second":           {3600, 1, 50},
		"a day, a look every second":             {86400, 1, 300},
		"a day, a look every five minutes":       {86400, 300, 300},
		"three days, a look every forty seconds": {3 * 86400, 40, 900},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// A source without answers is looked at all the same, and costs this test nothing.
				u := &users{err: errors.New("nobody counts")}
				s := Stage{Signals: u, Leases: u, Clock: clock.System{}}
				doc := document(deploy.InconclusiveProceed, test.bake)
				doc.Plan.Environment.Analysis.PeekSeconds = test.peek
				invocations := 0
				for range 10 * test.want {
					result, err := s.Handle(t.Context(), doc)
					invocations++
					if err != nil || result.Done {
						break
					}
					time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
				}
				if invocations > test.want {
					t.Errorf("got %d invocations, want at most %d", invocations, test.want)
				}
			})
		})
	}
}
