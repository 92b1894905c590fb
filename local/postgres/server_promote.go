package postgres

import (
	"context"
	"errors"
	"fmt"
)

// Promote puts an available instance in the place of another, as a restore on Amazon RDS ends
// with two renames: the new instance takes over the old one's identifier and port, and the old
// one, stopped but with its data, is renamed to oldID-replaced-suffix. Sessions of both are cut.
// It returns once the new instance accepts connections on the port, a second or so later.
//
// Repeating it is safe: when newID has become oldID already, it only makes sure that it runs. A
// process that ends in the middle leaves either the old or the new instance in the place, and
// the next server starts it. It fails with an *UnknownError or a *TakenError before anything was
// changed. When the new instance does not start, the error says so and the names stay changed;
// the next call tries again.
func (s *Server) Promote(ctx context.Context, newID, oldID, suffix string) error {
	replaced := oldID + "-replaced-" + suffix
	if err := checkID("instance", replaced); err != nil {
		return err
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	if current, ok := s.promoted(newID, oldID); ok {
		return current.Start(ctx)
	}
	next, old, err := s.promotable(newID, oldID, replaced)
	if err != nil {
		return fmt.Errorf("promote instance %q to %q: %w", newID, oldID, err)
	}
	old.instance.Stop()
	next.instance.Stop()
	if err := s.swap(newID, oldID, replaced); err != nil {
		err = errors.Join(err, old.instance.Start(ctx), next.instance.Start(ctx))
		return fmt.Errorf("promote instance %q to %q: %w", newID, oldID, err)
	}
	if err := next.instance.Start(ctx); err != nil {
		return fmt.Errorf("instance %q has taken over the name %q but does not run: %w", newID, oldID, err)
	}
	return nil
}

// promoted returns the instance that an earlier call has put in the place.
func (s *Server) promoted(newID, oldID string) (*Instance, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, waiting := s.instances[newID]
	h, ok := s.instances[oldID]
	if waiting || !ok || h.record.Promoted != newID {
		return nil, false
	}
	return h.instance, true
}

func (s *Server) promotable(newID, oldID, replaced string) (next, old *held, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.instances[replaced]; taken {
		return nil, nil, &TakenError{Kind: "instance", ID: replaced, Reason: "choose another suffix"}
	}
	var both [2]*held
	for n, id := range []string{newID, oldID} {
		h, ok := s.instances[id]
		if !ok {
			return nil, nil, &UnknownError{Kind: "instance", ID: id}
		}
		if h.record.Status != Available {
			return nil, nil, fmt.Errorf("instance %q is %s", id, h.record.Status)
		}
		both[n] = h
	}
	return both[0], both[1], nil
}

// swap exchanges names and ports in one write. When the write fails, nothing has changed.
func (s *Server) swap(newID, oldID, replaced string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, old := s.instances[newID], s.instances[oldID]
	nextRecord, oldRecord := next.record, old.record
	next.record.Port, next.record.Promoted = oldRecord.Port, newID
	old.record.Port, old.record.Status = 0, Stopped
	delete(s.instances, newID)
	s.instances[oldID], s.instances[replaced] = next, old
	if err := s.save(); err != nil {
		next.record, old.record = nextRecord, oldRecord
		delete(s.instances, replaced)
		s.instances[newID], s.instances[oldID] = next, old
		return err
	}
	next.instance.bind(oldRecord.Port)
	old.instance.bind(0)
	return nil
}
