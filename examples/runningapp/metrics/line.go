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
	// Timestamp is milliseconds since 1970.
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

// Start writes a line to out every second, zeros included: a slot that says nothing would be
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
				m.flush(out)
			case <-stopped:
				m.flush(out)
				return
			}
		}
	}()
	return func() { close(stopped); <-done }
}

// flush writes what was counted since the last time, under the moment at which that began.
func (m *Meter) flush(out io.Writer) {
	m.mu.Lock()
	requests, failed, since := m.requests, m.failed, m.since
	m.requests, m.failed, m.since = 0, 0, time.Now()
	m.mu.Unlock()
	text, err := json.Marshal(line{
		AWS: metadata{Timestamp: since.UnixMilli(), CloudWatchMetrics: []directive{{
			Namespace: m.settings.Namespace, Dimensions: [][]string{{"Service", "Environment", "Slot"}},
			Metrics: []metric{{nameRequests, "Count", 1}, {nameErrors, "Count", 1}},
		}}},
		Service: m.settings.Service, Environment: m.settings.Environment, Slot: m.settings.Slot,
		Release: m.by.Release, Instance: m.by.Instance, Requests: requests, Errors: failed,
	})
	if err != nil {
		return // a line of texts and numbers can be written
	}
	_, _ = out.Write(append(text, '\n')) // one write a line; nobody could be told that the log is gone
}
