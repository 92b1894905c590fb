package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// manifestName is written last: a directory without it is a snapshot that never became whole.
const manifestName = "manifest.json"

// Manifest describes a backup that is complete.
type Manifest struct {
	// ServerMajor is PostgreSQL's major version; only that one can restore it.
	ServerMajor int `json:"serverMajor"`
	// StartLSN and StopLSN are where in the write-ahead log the backup began and where it
	// became consistent.
	StartLSN string `json:"startLsn"`
	StopLSN  string `json:"stopLsn"`
	// StartedAt is when the backup began. ConsistentAt is a moment, by this machine's clock, not
	// after the one it restores to: what was acknowledged before ConsistentAt is in the backup.
	StartedAt    time.Time `json:"startedAt"`
	ConsistentAt time.Time `json:"consistentAt"`
	// Bytes is the size of all files.
	Bytes int64 `json:"bytes"`
	// Directories are relative to the data directory, parents first; empty ones matter.
	Directories []string `json:"directories"`
	Files       []File   `json:"files"`
}

// IncompleteError says that a directory holds no complete backup: it was never one, or the
// process that wrote it ended too early.
type IncompleteError struct{ Dir string }

// Error says which directory and what follows.
func (e *IncompleteError) Error() string {
	return fmt.Sprintf("backup in %q is not complete: it cannot be restored; remove it and make another", e.Dir)
}

// ReadManifest returns the manifest of the backup in dir, or an *IncompleteError.
func ReadManifest(dir string) (Manifest, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, &IncompleteError{Dir: dir}
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("read the manifest of the backup in %q: %w", dir, err)
	}
	var manifest Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return Manifest{}, fmt.Errorf("parse the manifest of the backup in %q: %w", dir, err)
	}
	return manifest, nil
}

func writeManifest(dir string, manifest Manifest) error {
	text, err := json.MarshalIndent(manifest, "", " ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, manifestName), text)
}
