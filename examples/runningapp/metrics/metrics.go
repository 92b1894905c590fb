// Package metrics counts what a release answers and says it once a second, as embedded metrics:
// lines of JSON on standard output. Whatever brings the output to CloudWatch Logs, as the log
// driver of ECS does, has CloudWatch make metrics of them; no agent and no call to AWS is needed.
// (CloudWatch User Guide, "Specification: Embedded metric format".)
//
// It is off unless the platform asks for it by PILOTAGE_METRICS_NAMESPACE.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sethvargo/go-envconfig"
)

// Every is the time between two lines.
const Every = time.Second

// settings are what the platform says. The dimensions tell the slots of an environment apart.
type settings struct {
	// Namespace is where the metrics go; empty writes none.
	Namespace   string `env:"PILOTAGE_METRICS_NAMESPACE"`
	Service     string `env:"PILOTAGE_SERVICE"`
	Environment string `env:"PILOTAGE_ENVIRONMENT"`
	Slot        string `env:"PILOTAGE_SLOT"`
}

// Meter counts answers: all but those of health routes, which load balancers ask for. A nil Meter
// counts nothing. It is safe for concurrent use.
type Meter struct {
	settings settings
	by       By

	mu sync.Mutex
	// seconds are the counts that are not written yet, by seconds since 1970; next is the first
	// second that is not.
	seconds map[int64]count
	next    int64
}

// count is what was answered in one second.
type count struct{ requests, failed int64 }

// By is who counts. It is in every line, but is no dimension: each value of one would be another
// metric to pay for.
type By struct{ Release, Instance string }

// Read is the meter that the environment asks for, nil for none. A namespace without the names of
// service, environment and slot is an error.
func Read(ctx context.Context, lookuper envconfig.Lookuper, by By) (*Meter, error) {
	m := &Meter{by: by, seconds: map[int64]count{}, next: time.Now().Unix()}
	if err := envconfig.ProcessWith(ctx, &envconfig.Config{Target: &m.settings, Lookuper: lookuper}); err != nil {
		return nil, err
	}
	if m.settings.Namespace == "" {
		return nil, nil
	}
	var problems []error
	for _, one := range []struct{ name, value string }{
		{"PILOTAGE_SERVICE", m.settings.Service}, {"PILOTAGE_ENVIRONMENT", m.settings.Environment}, {"PILOTAGE_SLOT", m.settings.Slot},
	} {
		if one.value == "" {
			problems = append(problems, fmt.Errorf("%s is missing, and PILOTAGE_METRICS_NAMESPACE asks for metrics", one.name))
		}
	}
	return m, errors.Join(problems...)
}

// Around counts what a handler answers. A handler that panics has failed.
func (m *Meter) Around(next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/health/") {
			next.ServeHTTP(w, r)
			return
		}
		answer := &answer{ResponseWriter: w}
		finished := false
		defer func() { m.count(finished && answer.status < http.StatusInternalServerError) }()
		next.ServeHTTP(answer, r)
		finished = true
	})
}

func (m *Meter) count(good bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	second := max(time.Now().Unix(), m.next) // a clock may be set back
	now := m.seconds[second]
	now.requests++
	if !good {
		now.failed++
	}
	m.seconds[second] = now
}

// answer remembers the status; 0 where the handler has set none, which is a 200.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the header of the answer. What is informational comes before the answer.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
