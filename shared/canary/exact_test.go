package canary

import (
	"math"
	"testing"
)

// near reports whether two numbers agree to nine digits.
func near(got, want float64) bool {
	return got == want || math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want))
}

func TestSplitFactorsAreThoseOfTheFormula(t *testing.T) {
	cases := []struct {
		name              string
		candidate, active Counts
		index             int
		want              float64
	}{
		{"one candidate error in equal halves, r=2", Counts{10, 1}, Counts{10, 0}, 2, 4.0 / 3},
		{"one active error in equal halves, r=2", Counts{10, 0}, Counts{10, 1}, 2, 2.0 / 3},
		{"one of two errors at a tenth, r=10", Counts{10, 1}, Counts{90, 1}, 6, 10 / (1.9 * 1.9)},
		{"three errors at a hundredth, r=1000", Counts{1, 1}, Counts{99, 2}, 10, 1000 / math.Pow(10.99, 3)},
		{"no errors", Counts{10, 0}, Counts{90, 0}, 4, 1},
		{"no candidate requests", Counts{}, Counts{90, 50}, 4, 1},
		{"no active requests", Counts{90, 50}, Counts{}, 4, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := math.Exp(splitFactors(Interval{Candidate: c.candidate, Active: c.active})[c.index])
			if !near(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestEvidenceOfOneErrorByHand(t *testing.T) {
	// One candidate error, equal halves: M(r) = 2r/(1+r); its mean over the grid is
	// 18.13051 / 11, of which 0.8 counts; the other tests have not begun and are 1.
	sum := 10.0/9 + 6.0/5 + 4.0/3 + 3.0/2 + 8.0/5 + 12.0/7 + 20.0/11 + 40.0/21 + 100.0/51 + 400.0/201 + 2000.0/1001
	want := 0.8*sum/11 + 0.2
	v := Judge(Defaults(), even(1, 50, Counts{10, 1}, Counts{10, 0}), BakeState{Weight: 50})
	if !near(v.E, want) || !near(v.LogE, math.Log(want)) {
		t.Errorf("got E %v, log %v, want %v", v.E, v.LogE, want)
	}
	if math.Abs(want-1.51858) > 1e-5 {
		t.Errorf("the sum by hand is %v", want)
	}
}

func TestEvidenceBeginsAnewAtEachStep(t *testing.T) {
	// One active error at the first step, one candidate error at the second, equal halves:
	// the whole is the mean of 4r/(1+r)², the second step's own test that of 2r/(1+r).
	whole, own := 0.0, 0.0
	for _, r := range ratios() {
		whole += 4 * r / ((1 + r) * (1 + r)) / 11
		own += 2 * r / (1 + r) / 11
	}
	test := mustTest(Defaults())
	test.Observe(even(1, 5, Counts{10, 0}, Counts{10, 1})[0])
	test.Observe(after(1e9, even(1, 25, Counts{10, 1}, Counts{10, 0}))[0])
	want := 0.8*whole + 0.05*own + 0.15
	if got := math.Exp(test.evidence.log()); !near(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBoundsByHand(t *testing.T) {
	half := func(errors, candidate float64) []point { return []point{{errors, candidate, 0.5}} }
	cases := []struct {
		name      string
		got, want float64
	}{
		{"five active errors: ((1+r)/2)^5 = 20", ratioAtMost(half(5, 0), 0.05), 2*math.Pow(20, 0.2) - 1},
		{"one of two errors: (1+r)²/4r = 20", ratioAtMost(half(2, 1), 0.05), 39 + math.Sqrt(39*39-1)},
		{"candidate errors only", ratioAtMost(half(4, 4), 0.05), 0},
		{"no errors", ratioAtMost(nil, 0.05), 0},
		{"no error in one request: (2 + 1.6 + 1.2)/3", rateAtMost(Counts{1, 0}, 1/1.6), 0.5},
		{"no requests", rateAtMost(Counts{}, 0.05), 1},
		{"every request an error", rateAtMost(Counts{10, 10}, 0.05), 1},
		{
			"one error in one request",
			rateAtLeast(Counts{1, 1}, 3/(1.5/1.05+4/1.3+50/5.9)), 0.1,
		},
		{"no errors have no lower bound", rateAtLeast(Counts{1000, 0}, 0.05), 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if !near(c.got, c.want) {
				t.Errorf("got %v, want %v", c.got, c.want)
			}
		})
	}
}

// outcomes calls visit with the probability of each pair of error counts.
func outcomes(candidate, active int64, p, q float64, visit func(k, j int64, probability float64)) {
	for k := range candidate + 1 {
		for j := range active + 1 {
			visit(k, j, choose(candidate, k, p)*choose(active, j, q))
		}
	}
}

// choose is the binomial probability of k in n.
func choose(n, k int64, p float64) float64 {
	product := 1.0
	for i := range k {
		product *= float64(n-i) / float64(i+1)
	}
	return product * math.Pow(p, float64(k)) * math.Pow(1-p, float64(n-k))
}

func TestMeanEvidenceOfACandidateNoWorseIsAtMostOne(t *testing.T) {
	for _, n := range []Counts{{1, 1}, {1, 12}, {6, 6}, {12, 1}, {3, 20}} {
		for _, q := range []float64{0.001, 0.1, 0.5, 0.9, 1} {
			for _, part := range []float64{1, 0.7, 0} {
				mean, certificate := [gridSize]float64{}, 0.0
				outcomes(n.Requests, n.Errors, part*q, q, func(k, j int64, probability float64) {
					i := Interval{Candidate: Counts{n.Requests, k}, Active: Counts{n.Errors, j}}
					for r, f := range splitFactors(i) {
						mean[r] += probability * math.Exp(f)
					}
				})
				for r, m := range mean {
					if m > 1+1e-12 {
						t.Errorf("sizes %v, active rate %v, candidate %v of it, ratio %v: mean %v", n, q, part, ratios()[r], m)
					}
				}
				// The certificate, for a candidate that is just twice as bad.
				outcomes(n.Requests, n.Errors, q, q/2, func(k, j int64, probability float64) {
					p := pointOf(Interval{Candidate: Counts{n.Requests, k}, Active: Counts{n.Errors, j}})
					certificate += probability * math.Exp(p.against(math.Log(2)))
				})
				if certificate > 1+1e-12 {
					t.Errorf("sizes %v, candidate rate %v: the certificate's mean is %v", n, q, certificate)
				}
			}
		}
	}
}

func TestMeanEvidenceAboutARateIsAtMostOne(t *testing.T) {
	for _, p := range []float64{0.001, 0.1, 0.5, 0.99} {
		below, above, ceilings := 0.0, 0.0, 0.0
		for k := range int64(21) {
			probability := choose(20, k, p)
			below += probability * math.Exp(logRateBelow(float64(k), 20, p))
			above += probability * math.Exp(logRateAbove(float64(k), 20, p))
			alone := ceiling{rate: p, begun: true}
			alone.multiply(Counts{20, k})
			ceilings += probability * math.Exp(alone.log())
		}
		for name, mean := range map[string]float64{"below": below, "above": above, "ceiling": ceilings} {
			if !near(mean, 1) {
				t.Errorf("%s at rate %v: mean %v, want 1", name, p, mean)
			}
		}
	}
}
