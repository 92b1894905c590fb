// Package latency counts durations in fixed buckets, so that a percentile of any span of time
// can be had by adding the histograms of its seconds.
package latency

import (
	"math/bits"
	"time"
)

const (
	subBits = 3            // eight buckets an octave: a bucket is at most 12.5 % wide
	sub     = 1 << subBits // microseconds below this have a bucket each
	octaves = 24           // up to 2^27 µs, some 134 s; what is longer falls into the last bucket
	buckets = sub * (octaves + 1)
)

// Histogram counts durations in logarithmic buckets of microseconds. The zero value is empty and
// ready. It is a value: a copy is independent. It is not safe for concurrent use.
type Histogram struct {
	counts [buckets]uint32
}

// Add counts one duration. A negative one counts as zero.
func (h *Histogram) Add(d time.Duration) { h.counts[bucket(d)]++ }

// Merge adds the counts of other.
func (h *Histogram) Merge(other Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
}

// Count is the number of durations added.
func (h *Histogram) Count() int {
	total := 0
	for _, n := range h.counts {
		total += int(n)
	}
	return total
}

// Quantile is the duration that a share q of all (0 to 1; 0.99 is p99) did not exceed. It is the
// upper edge of its bucket, so it errs upward, by 12.5 % at most. It is 0 when nothing was added.
func (h *Histogram) Quantile(q float64) time.Duration {
	total := h.Count()
	if total == 0 {
		return 0
	}
	rank := min(max(int(q*float64(total)+0.999999), 1), total)
	for i, n := range h.counts {
		if rank -= int(n); rank <= 0 {
			return upper(i)
		}
	}
	return upper(buckets - 1)
}

// bucket finds the octave by the highest bit and the bucket in it by the three bits below.
func bucket(d time.Duration) int {
	micros := uint64(max(d.Microseconds(), 0))
	if micros < sub {
		return int(micros)
	}
	octave := bits.Len64(micros) - subBits
	if octave > octaves {
		return buckets - 1
	}
	return octave*sub + int(micros>>(octave-1)) - sub
}

// upper is the first microsecond beyond bucket i.
func upper(i int) time.Duration {
	octave, in := i/sub, i%sub
	if octave == 0 {
		return time.Duration(in+1) * time.Microsecond
	}
	return time.Duration((sub+in+1)<<(octave-1)) * time.Microsecond
}
