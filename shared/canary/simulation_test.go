package canary

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// row is the summary of many simulated shifts.
type row struct {
	name                string
	runs                int
	failed, passed      float64 // fractions of the runs
	meanErrors, meanEnd float64 // candidate errors; seconds until the end
	mostErrors          int64
}

// String is a line of the table.
func (r row) String() string {
	return fmt.Sprintf("%-44s %6d %8.2f %% %8.2f %% %10.1f %8d %9.1f",
		r.name, r.runs, 100*r.failed, 100*r.passed, r.meanErrors, r.mostErrors, r.meanEnd)
}

// simulate runs a bake of ten minutes many times.
func simulate(name string, runs int, weight int, l load) row {
	return summarise(name, runs, func(run int) (outcome, bool) {
		return l.bake(seeded(uint64(run)), mustTest(Defaults()), weight, 0, 10*time.Minute)
	})
}

// simulateRamp goes through weights, a number of seconds each, with a look every second.
func simulateRamp(name string, runs int, l load, seconds int, weights ...int) row {
	return summarise(name, runs, func(run int) (outcome, bool) {
		random, test, total := seeded(uint64(run)), mustTest(Defaults()), outcome{}
		for step, weight := range weights {
			length := time.Duration(seconds) * time.Second
			o, _ := l.bake(random, test, weight, time.Duration(step)*length, length)
			total = outcome{kind: o.kind, failed: total.failed + o.failed, after: o.after}
			if o.kind == Fail {
				break
			}
		}
		return total, false
	})
}

// summarise runs a shift many times, each with its own seed.
func summarise(name string, runs int, shift func(run int) (outcome, bool)) row {
	r := row{name: name, runs: runs}
	for run := range runs {
		o, passed := shift(run)
		if o.kind == Fail {
			r.failed += 1 / float64(runs)
		}
		if passed {
			r.passed += 1 / float64(runs)
		}
		r.meanErrors += float64(o.failed) / float64(runs)
		r.meanEnd += o.after.Seconds() / float64(runs)
		r.mostErrors = max(r.mostErrors, o.failed)
	}
	return r
}

// tenSeconds and second are traffic with a look after each.
func tenSeconds(rps, candidate, active float64) load {
	return load{rps: rps, candidate: candidate, active: active, peek: 10 * time.Second, look: fully}
}

func second(rps, candidate, active float64) load {
	return load{rps: rps, candidate: candidate, active: active, peek: time.Second, look: fully}
}

func TestFalseRollbacksStayBelowAlpha(t *testing.T) {
	const runs = 2000
	// Alpha 0.01 and three standard errors of 2,000 runs. In the last row errors are
	// many, and not Poisson any more.
	limit := 0.01 + 3*math.Sqrt(0.01*0.99/runs)
	for _, r := range []row{
		simulate("no effect, 50 rps", runs, 10, tenSeconds(50, 0.001, 0.001).failing()),
		simulate("no effect, 1000 rps", runs, 10, tenSeconds(1000, 0.001, 0.001).failing()),
		simulate("no effect, 50 rps, 20 % errors", runs, 10, tenSeconds(50, 0.2, 0.2).failing()),
	} {
		if r.failed > limit {
			t.Errorf("%s: %.2f %% failed, at most %.2f %% may", r.name, 100*r.failed, 100*limit)
		}
	}
}

func TestARampWithoutEffectIsRarelyFailed(t *testing.T) {
	// All parts of the evidence at work: steps that begin anew and the ceiling at the end.
	r := simulateRamp("", 1000, second(300, 0.01, 0.01).failing(), 30, 1, 5, 25, 50, 100)
	if limit := 0.01 + 3*math.Sqrt(0.01*0.99/1000); r.failed > limit {
		t.Errorf("%.2f %% failed, at most %.2f %% may", 100*r.failed, 100*limit)
	}
}

func TestMeanOfTheCombinedEvidenceIsOne(t *testing.T) {
	const runs = 20000
	sum, squares := 0.0, 0.0
	// One or two errors a run: with many, the mean is made of runs too rare to be drawn.
	traffic := tenSeconds(50, 0.0005, 0.0005)
	for run := range runs {
		random, test := seeded(uint64(run)), mustTest(Defaults())
		for i := range 6 {
			test.Observe(traffic.interval(random, 10+20*(i/3), time.Duration(i)*traffic.peek))
		}
		e := math.Exp(test.evidence.log())
		sum, squares = sum+e, squares+e*e
	}
	mean := sum / runs
	margin := 4 * math.Sqrt((squares/runs-mean*mean)/runs)
	if mean > 1+margin || mean < 0.8 {
		t.Errorf("mean %v, want about 1 and at most %v", mean, 1+margin)
	}
}

func TestABadCandidateRarelyPassesEarly(t *testing.T) {
	const runs = 1000
	// Just twice as bad as the active release, far above the budget: looking every ten
	// seconds, a pass may come out with probability beta.
	r := simulate("", runs, 10, tenSeconds(200, 0.04, 0.02))
	if limit := 0.05 + 3*math.Sqrt(0.05*0.95/runs); r.passed > limit {
		t.Errorf("%.2f %% passed, at most %.2f %% may", 100*r.passed, 100*limit)
	}
	// And just on the budget, with an active release of no use for comparison.
	r = simulate("", runs, 10, tenSeconds(1000, 0.001, 0))
	if limit := 0.05 + 3*math.Sqrt(0.05*0.95/runs); r.passed > limit {
		t.Errorf("on the budget: %.2f %% passed, at most %.2f %% may", 100*r.passed, 100*limit)
	}
}

func TestPower(t *testing.T) {
	if r := simulate("", 1000, 10, tenSeconds(50, 0.01, 0.001).failing()); r.failed < 1-1e-9 {
		t.Errorf("10 times as bad at 50 rps: %.2f %% caught", 100*r.failed)
	}
	if r := simulateRamp("", 2000, second(1000, 0.5, 0.001).failing(), 10, 1, 2, 5, 10, 25, 50); r.meanErrors >= 10 || r.failed < 1-1e-9 {
		t.Errorf("ramp at 1000 rps, half fail: %.1f errors in the mean, %.2f %% caught", r.meanErrors, 100*r.failed)
	}
	if r := simulate("", 2000, 1, second(200, 0.5, 0.001).failing()); r.mostErrors > 15 || r.failed < 1-1e-9 {
		t.Errorf("1 %% of 200 rps, half fail: up to %d errors, %.2f %% caught", r.mostErrors, 100*r.failed)
	}
	if r := simulate("", 200, 10, tenSeconds(1000, 0.001, 0.001)); r.passed < 0.95 {
		t.Errorf("no worse at 1000 rps: only %.2f %% passed within the bake", 100*r.passed)
	}
}

func TestALongCleanStepDoesNotHideALateRegression(t *testing.T) {
	// 19 errors in the mean; 80 without the tests that begin anew.
	r := lateRegression(200)
	if r.failed < 1-1e-9 || r.meanErrors > 40 {
		t.Errorf("%s", r)
	}
}

// lateRegression is ten minutes at 5 % without effect, then ten times the errors at 25 %.
func lateRegression(runs int) row {
	return summarise("10 min at 5 % clean, then 10 times at 25 %", runs, func(run int) (outcome, bool) {
		random, test := seeded(uint64(run)), mustTest(Defaults())
		clean, _ := tenSeconds(1000, 0.005, 0.005).bake(random, test, 5, 0, 10*time.Minute)
		if clean.kind == Fail {
			return clean, false
		}
		return second(1000, 0.05, 0.005).bake(random, test, 25, 10*time.Minute, time.Minute)
	})
}

// TestTable prints what docs/analysis.md is about: go test -run Table -v ./shared/canary
func TestTable(t *testing.T) {
	runs := 200
	if testing.Verbose() {
		runs = 5000
	}
	t.Logf("%-44s %6s %10s %10s %10s %8s %9s", "10-min bake unless said otherwise", "runs", "fail", "pass", "errors", "most", "end [s]")
	for _, r := range []row{
		simulate("no effect, 50 rps, 10 %, 10-s looks", runs, 10, tenSeconds(50, 0.001, 0.001)),
		simulate("no effect, 1000 rps, 10 %, 10-s looks", runs, 10, tenSeconds(1000, 0.001, 0.001)),
		simulate("no effect, 1000 rps, 10 %, no errors", runs, 10, tenSeconds(1000, 0, 0)),
		simulate("2 times, 1000 rps, 10 %, 10-s looks", runs, 10, tenSeconds(1000, 0.002, 0.001)),
		simulate("10 times, 50 rps, 10 %, 10-s looks", runs, 10, tenSeconds(50, 0.01, 0.001)),
		simulate("50 % errors, 1000 rps, 10 %, 10-s looks", runs, 10, tenSeconds(1000, 0.5, 0.001)),
		simulateRamp("50 % errors, 1000 rps, ramp 1…50, 1-s looks", runs, second(1000, 0.5, 0.001).failing(), 10, 1, 2, 5, 10, 25, 50),
		simulate("50 % errors, 200 rps, 1 %, 1-s looks", runs, 1, second(200, 0.5, 0.001)),
		simulate("50 % errors, 200 rps, 1 %, active has none", runs, 1, second(200, 0.5, 0)),
		lateRegression(min(runs, 1000)),
	} {
		t.Log(r)
	}
}
