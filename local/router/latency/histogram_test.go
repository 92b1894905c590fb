package latency_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/router/latency"
)

func TestQuantileErrsUpwardByAnEighthAtMost(t *testing.T) {
	for _, spread := range []float64{1.01, 1.1, 1.7} {
		var h latency.Histogram
		var all []time.Duration
		for d := 1.0; d < float64(100*time.Second/time.Microsecond); d *= spread {
			took := time.Duration(d) * time.Microsecond
			h.Add(took)
			all = append(all, took)
		}
		slices.Sort(all)
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 1} {
			exact := all[max(int(q*float64(len(all))+0.999999), 1)-1]
			got := h.Quantile(q)
			if got < exact || got > exact+max(exact/8, time.Microsecond)+time.Microsecond {
				t.Errorf("spread %g: quantile %g is %s, want %s or little more", spread, q, got, exact)
			}
		}
	}
}

func TestEdges(t *testing.T) {
	var h latency.Histogram
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing: %s", got)
	}
	h.Add(-time.Second)
	if got := h.Quantile(1); got != time.Microsecond {
		t.Errorf("a negative duration counts as %s", got)
	}
	h.Add(time.Hour)
	if got := h.Quantile(1); got < 134*time.Second {
		t.Errorf("an hour counts as %s", got)
	}
	var sum latency.Histogram
	sum.Merge(h)
	sum.Merge(h)
	if got := sum.Count(); got != 4 {
		t.Errorf("merged count %d, want 4", got)
	}
}
