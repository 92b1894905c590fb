package load

import (
	"math/rand/v2"
)

// mix chooses the next kind of request at random, by weight. At random, because a cycle could
// fall into step with whatever spreads the requests over releases. Only pace uses it.
type mix struct {
	requests []Request
	total    int
	random   *rand.Rand
}

func newMix(requests []Request, seed uint64) *mix {
	m := &mix{random: rand.New(rand.NewPCG(seed, 0))}
	for _, r := range requests {
		if r.Weight == 0 {
			r.Weight = 1
		}
		m.total += r.Weight
		m.requests = append(m.requests, r)
	}
	return m
}

func (m *mix) next() Request {
	at := m.random.IntN(m.total)
	for _, r := range m.requests {
		if at -= r.Weight; at < 0 {
			return r
		}
	}
	return m.requests[len(m.requests)-1]
}
