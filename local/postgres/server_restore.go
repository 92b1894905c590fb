package postgres

import (
	"context"
	"fmt"
	"path/filepath"
)

// RestoreInstance starts to make a new instance from an available snapshot and returns at once;
// Instance says how it goes. The new instance listens on a free port and, once available, is
// what the old one was at Snapshot.ConsistentAt. The old one goes on undisturbed. Repeating it is
// safe: an instance of that name that came from that snapshot is left as it is.
//
// It fails with an *UnknownError for the snapshot and a *TakenError for the instance.
func (s *Server) RestoreInstance(snapshotID, newInstanceID string) error {
	if err := checkID("instance", newInstanceID); err != nil {
		return err
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if there, ok := s.instances[newInstanceID]; ok {
		if there.record.Snapshot != snapshotID {
			return &TakenError{
				Kind: "instance", ID: newInstanceID,
				Reason: fmt.Sprintf("it was not restored from snapshot %q", snapshotID),
			}
		}
		return nil
	}
	snapshot, ok := s.snapshots[snapshotID]
	if !ok {
		return &UnknownError{Kind: "snapshot", ID: snapshotID}
	}
	if snapshot.Status != Available {
		return fmt.Errorf("restore snapshot %q: it is %s", snapshotID, snapshot.Status)
	}
	h := &held{record: record{Dir: newDirectory(), Status: Creating, Snapshot: snapshotID}}
	s.instances[newInstanceID] = h
	if err := s.save(); err != nil {
		delete(s.instances, newInstanceID)
		return err
	}
	return s.inBackground(func(ctx context.Context) { s.restore(ctx, newInstanceID, h) })
}

func (s *Server) restore(ctx context.Context, id string, h *held) {
	backup := filepath.Join(s.snapshotDir(h.record.Snapshot), "backup")
	instance, err := Restore(ctx, backup, s.config(h.record), func(copied, total int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		h.percent = min(99, percent(copied, total)) // the log is still to be replayed
	})
	if err == nil {
		err = instance.Start(ctx)
	}
	if err == nil {
		err = s.keep(id, h, instance)
	}
	if err == nil {
		return
	}
	if instance != nil {
		instance.Stop()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h.record.Status, h.record.Failure, h.instance = Failed, err.Error(), nil
	_ = s.save() // the next server finds it "creating", which it takes for failed
}
