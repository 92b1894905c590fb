package router

import (
	"math/bits"
	"sync/atomic"
)

// golden is 2^64 divided by the golden ratio, odd.
const golden = 0x9E3779B97F4A7C15

// sequence spreads requests over weights by multiples of the golden ratio, modulo one. Like a
// smooth weighted round robin it keeps every share exact to within a few requests (1 % of 200 a
// second is 2 a second, not "2 on average"); unlike one it cannot fall into step with a client
// that cycles through its requests, which at 50:50 would send all reads to one slot and all
// writes to the other and so make two equal releases look different. Each rule has its own.
type sequence struct{ at atomic.Uint64 }

// next is a number below total, which must not be zero.
func (s *sequence) next(total uint64) uint64 {
	high, _ := bits.Mul64(s.at.Add(golden), total)
	return high
}
