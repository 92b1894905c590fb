package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Snapshot is what DescribeDBSnapshots would say.
type Snapshot struct {
	ID string `json:"id"`
	// Instance is the identifier that the instance had when the snapshot was asked for.
	Instance string `json:"instance"`
	Status   Status `json:"-"`
	// Failure says why the status is Failed.
	Failure string `json:"-"`
	// Percent is how much was copied, 0 to 100.
	Percent int `json:"-"`
	// Bytes is the snapshot's size once it is available.
	Bytes int64 `json:"-"`
	// CreatedAt is when it was asked for.
	CreatedAt time.Time `json:"createdAt"`
	// ConsistentAt is the moment to which it restores, once it is available: what was
	// acknowledged before is in it, what began later is not.
	ConsistentAt time.Time `json:"-"`
}

// snapshotName is the file that says what a snapshot is of, from its beginning.
const snapshotName = "snapshot.json"

// CreateSnapshot starts a snapshot of an available instance and returns at once; Snapshot says
// how it goes. What was acknowledged before the call is in it. Its identifier makes repeating it
// safe: a snapshot of that name and instance is left as it is, whatever its status.
//
// It fails with an *UnknownError for the instance, and with a *TakenError when the name belongs to
// a snapshot of another instance.
func (s *Server) CreateSnapshot(instanceID, snapshotID string) error {
	if err := checkID("snapshot", snapshotID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if there, ok := s.snapshots[snapshotID]; ok {
		if there.Instance != instanceID {
			return &TakenError{Kind: "snapshot", ID: snapshotID, Reason: fmt.Sprintf("it is of instance %q", there.Instance)}
		}
		return nil
	}
	h, ok := s.instances[instanceID]
	if !ok {
		return &UnknownError{Kind: "instance", ID: instanceID}
	}
	if h.record.Status != Available {
		return fmt.Errorf("snapshot %q: instance %q is %s", snapshotID, instanceID, h.record.Status)
	}
	snapshot := Snapshot{ID: snapshotID, Instance: instanceID, Status: Creating, CreatedAt: s.cfg.Clock.Now()}
	if err := s.inBackground(func(ctx context.Context) { s.backUp(ctx, h.instance, snapshotID) }); err != nil {
		return err
	}
	s.snapshots[snapshotID] = &snapshot
	return nil
}

// backUp waits for the caller's lock, so that the snapshot is known before it makes progress.
func (s *Server) backUp(ctx context.Context, instance *Instance, id string) {
	var manifest Manifest
	err := s.announce(id)
	if err == nil {
		manifest, err = instance.Backup(ctx, filepath.Join(s.snapshotDir(id), "backup"), func(copied, total int64) {
			s.updateSnapshot(id, func(to *Snapshot) { to.Percent = percent(copied, total) })
		})
	}
	s.updateSnapshot(id, func(to *Snapshot) { to.settle(manifest, err) })
}

// announce writes what the snapshot is of. Without it, a crash would leave one of no instance.
func (s *Server) announce(id string) error {
	s.mu.Lock()
	text, err := json.Marshal(s.snapshots[id])
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := os.Mkdir(s.snapshotDir(id), 0o700); err != nil {
		return err
	}
	return replaceFile(filepath.Join(s.snapshotDir(id), snapshotName), text)
}

func (s *Server) updateSnapshot(id string, change func(*Snapshot)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if snapshot, ok := s.snapshots[id]; ok {
		change(snapshot)
	}
}

// settle gives a snapshot its end.
func (s *Snapshot) settle(manifest Manifest, err error) {
	if err != nil {
		s.Status, s.Failure = Failed, err.Error()
		return
	}
	s.Status, s.Percent = Available, 100
	s.Bytes, s.ConsistentAt = manifest.Bytes, manifest.ConsistentAt
}

func percent(copied, total int64) int { return int(100 * copied / max(total, 1)) }

// Snapshot returns the state of a snapshot, or an *UnknownError.
func (s *Server) Snapshot(id string) (Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snapshot, ok := s.snapshots[id]
	if !ok {
		return Snapshot{}, &UnknownError{Kind: "snapshot", ID: id}
	}
	return *snapshot, nil
}

// Snapshots returns the snapshots of an instance, the newest first.
func (s *Server) Snapshots(instanceID string) []Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	var of []Snapshot
	for _, snapshot := range s.snapshots {
		if snapshot.Instance == instanceID {
			of = append(of, *snapshot)
		}
	}
	slices.SortFunc(of, func(a, b Snapshot) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return of
}
