package metrics

import (
	"encoding/json"
	"io"
	"time"
)

// The names of the two sums. Whoever reads them looks for exactly these and the three dimensions.
const (
	nameRequests = "Requests"
	nameErrors   = "Errors"
)

// line is a document of the embedded metric format.
type line struct {
	AWS         metadata `json:"_aws"`
	Service     string   `json:"Service"`
	Environment string   `json:"Environment"`
	Slot        string   `json:"Slot"`
	Release     string   `json:"Release"`
	Instance    string   `json:"Instance"`
	Requests    int64    `json:"Requests"`
	Errors      int64    `json:"Errors"`
}

type metadata struct {
	// Timestamp is milliseconds since 1970, of the second that was counted.
	Timestamp         int64
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metric
}

type metric struct {
	Name, Unit string
	// StorageResolution 1 keeps seconds apart; without it CloudWatch knows minutes only.
	StorageResolution int
}

// Start writes a line to out for every second, zeros included: a slot that says nothing would be
// taken for dead. Calling what it returns writes the rest and ends it.
func (m *Meter) Start(out io.Writer) (stop func()) {
	if m == nil {
		return func() {}
	}
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(Every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				m.flush(out, time.Now().Unix())
			case <-stopped:
				m.flush(out, time.Now().Unix()+1)
				return
			}
		}
	}()
	return func() { close(stopped); <-done }
}

// flush writes the seconds until one that is not over.
func (m *Meter) flush(out io.Writer, until int64) {
	for {
		m.mu.Lock()
		second := m.next
		if second >= until {
			m.mu.Unlock()
			return
		}
		counted := m.seconds[second]
		delete(m.seconds, second)
		m.next++
		m.mu.Unlock()
		m.write(out, second, counted)
	}
}

func (m *Meter) write(out io.Writer, second int64, counted count) {
	text, err := json.Marshal(line{
		AWS: metadata{Timestamp: 1000 * second, CloudWatchMetrics: []directive{{
			Namespace: m.settings.Namespace, Dimensions: [][]string{{"Service", "Environment", "Slot"}},
			Metrics: []metric{{nameRequests, "Count", 1}, {nameErrors, "Count", 1}},
		}}},
		Service: m.settings.Service, Environment: m.settings.Environment, Slot: m.settings.Slot,
		Release: m.by.Release, Instance: m.by.Instance, Requests: counted.requests, Errors: counted.failed,
	})
	if err != nil {
		return // a line of texts and numbers can be written
	}
	_, _ = out.Write(append(text, '\n')) // one write a line; nobody could be told that the log is gone
}
