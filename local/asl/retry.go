package asl

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// retrier is one rule of a Retry field.
type retrier struct {
	errors   []string
	interval time.Duration
	attempts int64 // how many retries, 0: none
	backoff  float64
	maxDelay time.Duration // 0: none
	jitter   bool          // JitterStrategy FULL
}

// catcher is one rule of a Catch field.
type catcher struct {
	errors []string
	next   string
	assign []assignment
	output template
}

// The bounds that the States Language and the service set.
const (
	maxSeconds      = 99_999_999
	maxRetries      = 99_999_999
	maxDelaySeconds = 31_622_399
)

// handlers reads Retry and Catch.
func (f *fields) handlers(s *state) {
	if n, ok := f.take("Retry"); ok {
		items := f.arrayOf(n)
		for i, item := range items {
			s.retry = append(s.retry, f.p.retrier(item, len(items)-1-i))
		}
	}
	if n, ok := f.take("Catch"); ok {
		items := f.arrayOf(n)
		for i, item := range items {
			s.catch = append(s.catch, f.p.catcher(item, i, len(items)-1-i))
		}
	}
}

// arrayOf are the elements of an array that may be empty.
func (f *fields) arrayOf(n node) []node {
	items, ok := n.value.([]node)
	if !ok {
		f.p.refuse(n.path, "must be an array")
	}
	return items
}

// retrier reads one rule of Retry; after is the number of rules that follow it.
func (p *parser) retrier(n node, after int) retrier {
	f := p.fields(n)
	f.text("Comment")
	r := retrier{errors: f.errorNames(after)}
	interval := f.whole("IntervalSeconds", 1, maxSeconds, 1)
	r.interval = time.Duration(interval) * time.Second
	r.attempts = f.whole("MaxAttempts", 0, maxRetries, 3)
	r.backoff = f.rate("BackoffRate", 2)
	r.maxDelay = time.Duration(f.whole("MaxDelaySeconds", interval+1, maxDelaySeconds, 0)) * time.Second
	switch strategy := f.text("JitterStrategy"); strategy {
	case "", "NONE":
	case "FULL":
		r.jitter = true
	default:
		p.refuse(join(n.path, "JitterStrategy"), "must be FULL or NONE, got %q", strategy)
	}
	f.done()
	return r
}

// catcher reads the rule of Catch with that index; after is the number of rules that follow it.
func (p *parser) catcher(n node, index, after int) catcher {
	f := p.fields(n)
	f.text("Comment")
	field := indexed("Catch", index)
	c := catcher{errors: f.errorNames(after), next: f.text("Next")}
	c.assign = f.assignAs("Assign", field+"/Assign")
	if output, ok := f.take("Output"); ok {
		c.output = p.template(output, field+"/Output")
	}
	f.done()
	return c
}

// errorNames reads ErrorEquals. States.ALL stands alone, in the last rule.
func (f *fields) errorNames(after int) []string {
	n, ok := f.required("ErrorEquals")
	if !ok {
		return nil
	}
	var names []string
	items := f.items(n)
	for _, item := range items {
		name, _ := item.value.(string)
		switch {
		case name == "":
			f.p.refuse(item.path, "must be the name of an error")
		case strings.HasPrefix(name, "States.") && !slices.Contains(reservedErrors(), name):
			f.p.refuse(item.path, "there is no error %q; names that begin with States. belong to the service", name)
		case name == errorAll && (after > 0 || len(items) > 1):
			f.p.refuse(item.path, "States.ALL must stand alone, in the last rule")
		}
		names = append(names, name)
	}
	return names
}

// rate is a literal number of at least 1.
func (f *fields) rate(name string, absent float64) float64 {
	n, ok := f.take(name)
	if !ok {
		return absent
	}
	number, _ := n.value.(json.Number)
	value, err := number.Float64()
	if err != nil || value < 1 {
		f.p.refuse(n.path, "must be a number of at least 1")
		return absent
	}
	return value
}

// delay is how long the retry with that number (from 0) waits. random is asked only for jitter,
// which spreads the delay evenly between nothing and its full length.
func (r retrier) delay(retry int64, random func() float64) time.Duration {
	limit := r.maxDelay
	if limit == 0 {
		limit = maxSeconds * time.Second
	}
	delay := min(float64(r.interval)*math.Pow(r.backoff, float64(retry)), float64(limit))
	if r.jitter {
		delay *= random()
	}
	return time.Duration(delay)
}
