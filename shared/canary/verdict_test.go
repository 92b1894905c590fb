package canary

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestVerdicts(t *testing.T) {
	clean, withErrors := Counts{100, 0}, Counts{900, 9}
	gap := append(even(3, 10, clean, withErrors), after(5*time.Second, even(3, 10, clean, withErrors))...)
	failing := even(5, 10, Counts{10, 5}, Counts{90, 0})
	missing := append(even(200, 10, Counts{100, 0}, withErrors),
		Interval{Start: began().Add(200 * time.Second), Length: time.Second, Weight: 10, Missing: "throttled"})
	ratioOnly := Defaults()
	ratioOnly.ErrorBudget = 0
	cases := []struct {
		name      string
		settings  Settings
		intervals []Interval
		bake      BakeState
		want      Kind
		says      string
	}{
		{"half of the requests fail", Defaults(), failing, BakeState{10, time.Minute, 0}, Fail, "25 errors in 50 requests"},
		{"a failure stays when the source fails too", Defaults(), append(even(5, 10, Counts{10, 5}, Counts{90, 0}), Interval{Start: began().Add(time.Minute), Weight: 10, Missing: "gone"}), BakeState{10, 0, 0}, Fail, ""},
		{"a failure stays when all is well afterwards", Defaults(), append(even(5, 10, Counts{10, 5}, Counts{90, 0}), after(5*time.Second, even(600, 10, clean, withErrors))...), BakeState{10, 0, 0}, Fail, ""},
		{"the expected rate tells the time", Defaults(), nil, BakeState{10, time.Minute, 4465}, Hold, "4465 more requests, about 1s"},
		{"certified early by the ratio", ratioOnly, even(30, 10, clean, Counts{900, 9}), BakeState{10, time.Hour, 0}, Pass, "times as often"},
		{"certified early by the budget, no errors at all", Defaults(), even(60, 10, clean, Counts{900, 0}), BakeState{10, time.Hour, 0}, Pass, "% is allowed"},
		{"no errors at all and no budget", ratioOnly, even(6000, 10, clean, Counts{900, 0}), BakeState{10, 0, 0}, Hold, "no number of requests"},
		{"too little traffic while the bake runs", Defaults(), even(5, 1, Counts{2, 0}, Counts{198, 0}), BakeState{1, 5 * time.Second, 0}, Hold, "5s of the bake left"},
		{"too little traffic at the end", Defaults(), even(10, 1, Counts{2, 0}, Counts{198, 0}), BakeState{1, 0, 0}, Hold, "not enough data"},
		{"no traffic", Defaults(), even(60, 10, Counts{}, Counts{}), BakeState{10, 0, 0}, Hold, "there is no traffic"},
		{"no series, bake running", Defaults(), nil, BakeState{10, time.Minute, 0}, Hold, ""},
		{"no series, bake over", Defaults(), nil, BakeState{10, 0, 0}, Unmeasured, "not one interval"},
		{"the source failed once, all else is well", Defaults(), missing, BakeState{10, 0, 0}, Unmeasured, "throttled"},
		{"a gap", Defaults(), gap, BakeState{10, 0, 0}, Unmeasured, "10:00:03Z to 2026-03-02T10:00:05Z"},
		{"counted twice", Defaults(), append(even(60, 10, clean, withErrors), even(60, 10, clean, withErrors)...), BakeState{10, 0, 0}, Unmeasured, "overlaps"},
		{"more errors than requests", Defaults(), even(1, 10, Counts{1, 2}, clean), BakeState{10, 0, 0}, Unmeasured, "impossible"},
		{"settings out of range", Settings{}, nil, BakeState{10, 0, 0}, Unmeasured, "alpha"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := Judge(c.settings, c.intervals, c.bake)
			if got.Kind != c.want || !strings.Contains(got.Reason, c.says) {
				t.Errorf("got %s (%s), want %s (…%s…)", got.Kind, got.Reason, c.want, c.says)
			}
		})
	}
}

func TestAStepNeedsItsOwnEvidenceUntilItsBakeIsOver(t *testing.T) {
	series := even(30, 10, Counts{500, 0}, Counts{4500, 45})
	series = append(series, after(time.Minute, even(2, 25, Counts{60, 0}, Counts{180, 0}))...)
	running := Judge(Defaults(), series, BakeState{Weight: 25, Remaining: time.Minute})
	if running.Kind != Hold || running.Candidate.Requests != 120 {
		t.Errorf("while it runs: got %s with %s", running.Kind, running.Candidate)
	}
	if over := Judge(Defaults(), series, BakeState{Weight: 25}); over.Kind != Pass {
		t.Errorf("at the end: got %s, %s", over.Kind, over.Reason)
	}
}

func TestAtFullWeightTheCandidateIsHeldAgainstTheBaseline(t *testing.T) {
	before := even(60, 50, Counts{500, 1}, Counts{500, 1})
	cases := []struct {
		name  string
		alone []Interval
		bake  time.Duration
		want  Kind
	}{
		{"as before", even(100, 100, Counts{1000, 2}, Counts{}), time.Minute, Pass},
		{"twenty times as bad", even(10, 100, Counts{1000, 40}, Counts{}), time.Minute, Fail},
		{"silent", even(10, 100, Counts{}, Counts{}), 0, Hold},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			series := append(append([]Interval{}, before...), after(time.Minute, c.alone)...)
			got := Judge(Defaults(), series, BakeState{Weight: 100, Remaining: c.bake})
			if got.Kind != c.want {
				t.Errorf("got %s (%s), want %s", got.Kind, got.Reason, c.want)
			}
		})
	}
	settings := Defaults()
	settings.ErrorBudget = 0
	blind := Judge(settings, even(60, 100, Counts{1000, 900}, Counts{}), BakeState{Weight: 100})
	if blind.Kind != Hold {
		t.Errorf("without baseline and budget: got %s, %s", blind.Kind, blind.Reason)
	}
}

func TestNeedIsAboutWhatItTakes(t *testing.T) {
	ratioOnly := Defaults()
	ratioOnly.ErrorBudget = 0
	cases := map[string]struct {
		settings          Settings
		candidate, active Counts
	}{
		"by the budget": {Defaults(), Counts{20, 0}, Counts{180, 0}},
		"by the ratio":  {ratioOnly, Counts{100, 1}, Counts{900, 9}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := Judge(c.settings, even(10, 10, c.candidate, c.active), BakeState{Weight: 10})
			if v.Kind != Hold || v.NeedRequests <= 0 || v.NeedDuration <= 0 {
				t.Fatalf("got %s, %d requests, %s", v.Kind, v.NeedRequests, v.NeedDuration)
			}
			seconds := 10 + int(v.NeedDuration.Seconds())
			early := Judge(c.settings, even(seconds*9/10, 10, c.candidate, c.active), BakeState{Weight: 10})
			late := Judge(c.settings, even(seconds*11/10, 10, c.candidate, c.active), BakeState{Weight: 10})
			if early.Kind != Hold || late.Kind != Pass {
				t.Errorf("%d s were asked for; at 90 %% of them %s, at 110 %% %s", seconds, early.Kind, late.Kind)
			}
		})
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	random := seeded(7)
	var series []Interval
	for i := range 100 {
		weight := 5 + 20*(i/50)
		series = append(series, load{rps: 500, candidate: 0.01, active: 0.01, peek: time.Second}.interval(random, weight, time.Duration(i)*time.Second))
	}
	bake := BakeState{Weight: 25, Remaining: time.Minute}
	want := Judge(Defaults(), series, bake)
	shuffled := append([]Interval{}, series...)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	kept := append([]Interval{}, shuffled...)
	if got := Judge(Defaults(), shuffled, bake); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !reflect.DeepEqual(shuffled, kept) {
		t.Error("Judge changed its argument")
	}
}

func TestMillionsOfCountsStayFinite(t *testing.T) {
	for _, c := range []Counts{{MaxRequests, MaxRequests}, {MaxRequests, 0}, {1, 1}} {
		for _, a := range []Counts{{MaxRequests, MaxRequests}, {MaxRequests, 0}, {1, 0}} {
			v := Judge(Defaults(), even(100, 50, c, a), BakeState{Weight: 50})
			checkFinite(t, v)
		}
	}
}

// checkFinite reports numbers that JSON cannot carry or that are out of range.
func checkFinite(t *testing.T, v Verdict) {
	t.Helper()
	for name, x := range map[string]float64{"E": v.E, "LogE": v.LogE, "Ratio": v.Ratio, "RatioBound": v.RatioBound, "RateBound": v.RateBound} {
		if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
			t.Errorf("%s is %v", name, x)
		}
	}
	if v.NeedRequests < 0 || v.NeedDuration < 0 || v.Reason == "" || v.E < 1-1e-9 {
		t.Errorf("out of range: %+v", v)
	}
}

func TestSettingsOutOfRangeAreRefused(t *testing.T) {
	if err := Defaults().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	nan := math.NaN()
	cases := map[string]func(*Settings){
		"alpha 0": func(s *Settings) { s.Alpha = 0 }, "alpha NaN": func(s *Settings) { s.Alpha = nan },
		"beta 0.5": func(s *Settings) { s.Beta = 0.5 }, "beta NaN": func(s *Settings) { s.Beta = nan },
		"tolerance 1": func(s *Settings) { s.Tolerance = 1 }, "tolerance NaN": func(s *Settings) { s.Tolerance = nan },
		"requests -1": func(s *Settings) { s.MinRequests = -1 }, "budget 1": func(s *Settings) { s.ErrorBudget = 1 },
		"budget NaN": func(s *Settings) { s.ErrorBudget = nan },
	}
	for name, change := range cases {
		settings := Defaults()
		change(&settings)
		if _, err := NewTest(settings); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
