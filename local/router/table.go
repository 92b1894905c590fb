package router

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// table is the rules as requests meet them: ready to match, never changed.
type table struct{ routes []route }

// route is one rule, compiled.
type route struct {
	conditions []condition
	shares     []share
	total      uint64
	fixed      *FixedResponse
	sequence   *sequence
}

// share is a target group with the sum of the weights up to and including its own.
type share struct {
	group *group
	upto  uint64
}

type condition struct {
	header   string // in canonical form; empty means the path
	patterns []string
}

// find is the first route whose conditions hold; the last one, the default, has none.
func (t *table) find(req *http.Request) *route {
	for i := range t.routes {
		if t.routes[i].holds(req) {
			return &t.routes[i]
		}
	}
	return &t.routes[len(t.routes)-1]
}

func (r *route) holds(req *http.Request) bool {
	for _, c := range r.conditions {
		if !c.holds(req) {
			return false
		}
	}
	return true
}

func (c condition) holds(req *http.Request) bool {
	if c.header == "" {
		return matchAny(c.patterns, req.URL.EscapedPath())
	}
	for _, value := range req.Header[c.header] {
		if matchAny(c.patterns, strings.ToLower(value)) {
			return true
		}
	}
	return false
}

func matchAny(patterns []string, text string) bool {
	for _, pattern := range patterns {
		if match(pattern, text) {
			return true
		}
	}
	return false
}

// choose is the group for the next request, nil when every weight is zero.
func (r *route) choose(random func() float64) *group {
	if r.total == 0 {
		return nil
	}
	var at uint64
	if random == nil {
		at = r.sequence.next(r.total)
	} else {
		at = min(uint64(random()*float64(r.total)), r.total-1)
	}
	for _, s := range r.shares {
		if at < s.upto {
			return s.group
		}
	}
	return nil
}

// plane holds the table in effect and those accepted but not in effect yet. Nothing runs in the
// background: the first request at or after the time of a table puts it into effect.
type plane struct {
	current atomic.Pointer[table]
	due     atomic.Int64 // Unix nanoseconds of the first waiting table; 0 when none waits
	mu      sync.Mutex
	waiting []waiting
}

type waiting struct {
	at    int64
	table *table
}

func (p *plane) at(now time.Time) *table {
	if due := p.due.Load(); due != 0 && now.UnixNano() >= due {
		p.apply(now)
	}
	return p.current.Load()
}

// publish makes t the table from the given time on. A table never overtakes an earlier one, even
// when the delay was made shorter in between: its predecessor then takes effect with it.
func (p *plane) publish(t *table, from, now time.Time) {
	p.mu.Lock()
	p.waiting = append(p.waiting, waiting{at: from.UnixNano(), table: t})
	p.mu.Unlock()
	p.apply(now)
}

func (p *plane) apply(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := -1
	for i, w := range p.waiting {
		if w.at <= now.UnixNano() {
			last = i
		}
	}
	if last >= 0 {
		p.current.Store(p.waiting[last].table)
		p.waiting = p.waiting[last+1:]
	}
	var due int64
	for _, w := range p.waiting {
		if due == 0 || w.at < due {
			due = w.at
		}
	}
	p.due.Store(due)
}

// compile prepares a rule for matching.
func (r *Router) compile(rule Rule) route {
	compiled := route{fixed: rule.Action.Fixed, sequence: r.sequenceOf(rule.ID)}
	for _, c := range rule.Conditions {
		prepared := condition{patterns: c.Values}
		if c.Field == HTTPHeader {
			prepared.header = http.CanonicalHeaderKey(c.Name)
			prepared.patterns = lower(c.Values)
		}
		compiled.conditions = append(compiled.conditions, prepared)
	}
	for _, g := range rule.Action.Forward {
		compiled.total += uint64(g.Weight)
		compiled.shares = append(compiled.shares, share{group: r.groups[g.Group], upto: compiled.total})
	}
	return compiled
}

func lower(values []string) []string {
	lowered := make([]string, len(values))
	for i, value := range values {
		lowered[i] = strings.ToLower(value)
	}
	return lowered
}
