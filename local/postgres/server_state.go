package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// record is what the server remembers of an instance. The directory's name is not the
// instance's, so that renaming instances is one write of one file.
type record struct {
	Dir     string `json:"dir"`
	Port    int    `json:"port"`
	Status  Status `json:"status"`
	Failure string `json:"failure,omitempty"`
	// Snapshot is the one it was restored from.
	Snapshot string `json:"snapshot,omitempty"`
	// Promoted is the name it had before it took this one.
	Promoted string `json:"promoted,omitempty"`
}

// UnknownError says that there is no instance or snapshot of that name.
type UnknownError struct{ Kind, ID string }

// Error names what is missing.
func (e *UnknownError) Error() string { return fmt.Sprintf("there is no %s %q", e.Kind, e.ID) }

// TakenError says that the name belongs to another instance or snapshot.
type TakenError struct{ Kind, ID, Reason string }

// Error names what is there already.
func (e *TakenError) Error() string {
	return fmt.Sprintf("%s %q exists already: %s", e.Kind, e.ID, e.Reason)
}

// checkID keeps to what Amazon RDS takes as an identifier, which is a safe file name as well.
func checkID(kind, id string) error {
	if len(id) > 255 || !regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$`).MatchString(id) {
		return fmt.Errorf("%s %q: an identifier is letters, digits and single hyphens, begins with a letter "+
			"and does not end with a hyphen", kind, id)
	}
	return nil
}

func (s *Server) stateFile() string { return filepath.Join(s.cfg.Dir, "instances.json") }

func (s *Server) snapshotDir(id string) string { return filepath.Join(s.cfg.Dir, snapshotsDir, id) }

// save writes what is remembered of all instances. The caller holds mu.
func (s *Server) save() error {
	records := map[string]record{}
	for id, h := range s.instances {
		records[id] = h.record
	}
	text, err := json.MarshalIndent(records, "", " ")
	if err != nil {
		return err
	}
	if err := replaceFile(s.stateFile(), text); err != nil {
		return fmt.Errorf("remember the instances: %w", err)
	}
	return nil
}

// resume reads what an earlier server left and starts the instances that were available.
func (s *Server) resume(ctx context.Context) error {
	if err := s.resumeSnapshots(); err != nil {
		return err
	}
	text, err := os.ReadFile(s.stateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	records := map[string]record{}
	if err := json.Unmarshal(text, &records); err != nil {
		return fmt.Errorf("parse %q: %w", s.stateFile(), err)
	}
	for id, r := range records {
		h := &held{record: r}
		s.instances[id] = h
		if r.Status == Creating {
			h.record.Status, h.record.Failure = Failed, "the process that created it ended"
		}
		if h.record.Status == Failed {
			continue
		}
		if h.instance, err = Create(ctx, s.config(h.record)); err != nil {
			return err
		}
		if r.Status == Available {
			if err := h.instance.Start(ctx); err != nil {
				return fmt.Errorf("instance %q: %w", id, err)
			}
		}
	}
	return s.save()
}

// config is that of the instance of a record.
func (s *Server) config(r record) Config {
	return Config{
		Binaries: s.cfg.Binaries, Dir: filepath.Join(s.cfg.Dir, instancesDir, r.Dir), Port: r.Port,
		Password: s.cfg.Password, RunAs: s.cfg.RunAs, Durability: s.cfg.Durability, Clock: s.cfg.Clock,
	}
}
