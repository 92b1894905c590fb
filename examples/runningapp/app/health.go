package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// checkTimeout is how long one check of readiness may take.
const checkTimeout = 2 * time.Second

// repeatAfter is when the same reason for not being ready is logged again.
const repeatAfter = 10 * time.Second

// errUnreachable is what a client is told of a database that does not answer; the log says why.
var errUnreachable = errors.New("the database is not reachable")

// state is the answer of the health routes.
type state struct {
	Status  string `json:"status"`
	Release string `json:"release"`
	Reason  string `json:"reason,omitempty"`
	// Schema is what the database has; 0 when it was not reached.
	Schema         int64 `json:"schema"`
	RequiresSchema int64 `json:"requiresSchema"`
}

// complaint is a reason for not being ready and when it was logged.
type complaint struct {
	reason string
	at     time.Time
}

// liveness answers 200 as long as the process answers at all. It does not ask the database:
// restarting the service would not bring that back.
func (s *Service) liveness(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive", "release": s.release.Version})
}

// startup answers 200 once the service was ready for the first time.
func (s *Service) startup(w http.ResponseWriter, _ *http.Request) {
	if !s.started.Load() {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "starting", "release": s.release.Version})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "started", "release": s.release.Version})
}

// readiness answers 200 when users can be served: the database answers, its schema is new enough
// and the release itself agrees.
func (s *Service) readiness(w http.ResponseWriter, r *http.Request) {
	schema, err := s.ready(r.Context())
	state := state{
		Status: "ready", Release: s.release.Version,
		Schema: schema, RequiresSchema: s.release.RequiresSchema,
	}
	if err != nil {
		state.Status, state.Reason = "not ready", err.Error()
		writeJSON(w, http.StatusServiceUnavailable, state)
		return
	}
	writeJSON(w, http.StatusOK, state)
}

// ready returns the schema's version, and an error that says why the service is not ready.
func (s *Service) ready(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	schema, err := s.store.schemaVersion(ctx)
	if err != nil {
		s.complain(err)
		return 0, errUnreachable
	}
	if schema < s.release.RequiresSchema {
		err = fmt.Errorf("the database has schema %d, this release requires %d", schema, s.release.RequiresSchema)
	} else if s.release.Ready != nil {
		err = s.release.Ready(ctx)
	}
	if err != nil {
		s.complain(err)
		return schema, err
	}
	s.complaint.Store(nil)
	s.started.Store(true)
	return schema, nil
}

// complain logs why the service is not ready, when that is news and then from time to time.
func (s *Service) complain(reason error) {
	if errors.Is(reason, context.Canceled) { // who asked has gone
		return
	}
	now := s.now()
	last := s.complaint.Load()
	if last != nil && last.reason == reason.Error() && now.Sub(last.at) < repeatAfter {
		return
	}
	if s.complaint.CompareAndSwap(last, &complaint{reason: reason.Error(), at: now}) {
		s.log.Warn("not ready", "reason", reason)
	}
}
