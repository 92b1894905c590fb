package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DeleteSnapshot removes a snapshot. Repeating it is safe: one that is not there is no error. One
// that is under way is refused.
func (s *Server) DeleteSnapshot(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	snapshot, ok := s.snapshots[id]
	if !ok {
		return nil
	}
	if snapshot.Status == Creating {
		return &TakenError{Kind: "snapshot", ID: id, Reason: "it is being created"}
	}
	// The manifest first: what is removed half way must not look whole.
	err := os.Remove(filepath.Join(s.snapshotDir(id), "backup", manifestName))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = os.RemoveAll(s.snapshotDir(id))
	}
	if err != nil {
		return fmt.Errorf("delete snapshot %q: %w", id, err)
	}
	delete(s.snapshots, id)
	return nil
}

// resumeSnapshots reads what an earlier server left: with a manifest a snapshot is available,
// without one it has failed.
func (s *Server) resumeSnapshots() error {
	entries, err := os.ReadDir(filepath.Join(s.cfg.Dir, snapshotsDir))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		id := entry.Name()
		snapshot := &Snapshot{ID: id}
		text, err := os.ReadFile(filepath.Join(s.snapshotDir(id), snapshotName))
		if err == nil {
			err = json.Unmarshal(text, snapshot)
		}
		var manifest Manifest
		if err == nil {
			manifest, err = ReadManifest(filepath.Join(s.snapshotDir(id), "backup"))
		}
		snapshot.settle(manifest, err)
		s.snapshots[id] = snapshot
	}
	return nil
}
