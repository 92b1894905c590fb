package canary

import (
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"
)

// FuzzJudge reads intervals of 36 bytes from its input, impossible ones among them.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{}, 0.01, 0.05, 2.0, 0.001, int64(0), 10)
	f.Add(make([]byte, 108), 0.01, 0.05, 2.0, 0.0, int64(time.Minute), 100)
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x03\xe8\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x03\xe8\x00\x00\x00\x00\x00\x00\x00\x05\x00\x01\x0a\x00"), 0.49, 1e-300, 1.0001, 0.999, int64(-5), 10)
	f.Fuzz(func(t *testing.T, raw []byte, alpha, beta, tolerance, budget float64, remaining int64, weight int) {
		var intervals []Interval
		for ; len(raw) >= 36; raw = raw[36:] {
			number := func(i int) int64 { return int64(binary.BigEndian.Uint64(raw[8*i:])) }
			intervals = append(intervals, Interval{
				Start:     began().Add(time.Duration(raw[32]) * time.Second),
				Length:    time.Duration(int8(raw[33])) * time.Second,
				Weight:    int(int8(raw[34])),
				Candidate: Counts{number(0), number(1)}, Active: Counts{number(2), number(3)},
				Missing: string(raw[35 : 35+raw[35]&1]),
			})
		}
		settings := Settings{Alpha: alpha, Beta: beta, Tolerance: tolerance, MinRequests: 10, ErrorBudget: budget}
		v := Judge(settings, intervals, BakeState{Weight: weight, Remaining: time.Duration(remaining), CandidateRate: tolerance})
		checkFinite(t, v)
		if _, err := json.Marshal(v); err != nil {
			t.Error(err)
		}
		if v.Kind == Pass && v.Candidate.Requests < 10 {
			t.Errorf("passed on %s", v.Candidate)
		}
	})
}

func BenchmarkJudge600(b *testing.B) {
	random := seeded(1)
	traffic := load{rps: 1000, candidate: 0.001, active: 0.001, peek: time.Second}
	var series []Interval
	for i := range 600 {
		series = append(series, traffic.interval(random, 10, time.Duration(i)*time.Second))
	}
	for b.Loop() {
		Judge(Defaults(), series, BakeState{Weight: 10, Remaining: time.Minute})
	}
}
