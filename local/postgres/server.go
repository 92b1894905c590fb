package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/pilotage/pilotage/shared/clock"
)

// Status is where an instance or a snapshot is in its life; the words are Amazon RDS's.
type Status string

const (
	// Creating is under way; ask again.
	Creating Status = "creating"
	// Available can be used.
	Available Status = "available"
	// Stopped keeps its data and runs no server: an instance that another one replaced.
	Stopped Status = "stopped"
	// Failed will never become available; its Failure says why.
	Failed Status = "failed"
)

// ServerConfig says where a Server keeps its instances and how they run. The fields that Config
// has too mean the same.
type ServerConfig struct {
	Binaries Binaries
	// Dir holds everything, and is made when absent. One Server at a time can have it.
	Dir        string
	Password   string
	RunAs      string
	Durability Durability
	Clock      clock.Clock
}

// Server is the Amazon RDS of one machine: named instances, snapshots of them, and restore of a
// snapshot into a new instance. Snapshots and restores go on in the background, and their Status
// is asked for. What it knows is in its directory, so that the next Server over the same
// directory goes on with it. Its methods are safe for concurrent use.
type Server struct {
	cfg  ServerConfig
	lock *os.File

	background context.Context
	cancel     context.CancelFunc
	group      sync.WaitGroup

	changes   sync.Mutex // held while instances are created, promoted or deleted
	mu        sync.Mutex // guards what follows; never held while anything is waited for
	closed    bool
	instances map[string]*held
	snapshots map[string]*Snapshot
}

// held is an instance and what the server remembers of it.
type held struct {
	record   record
	instance *Instance // nil while it is made
	percent  int
}

// OpenServer takes over the directory and starts the instances that are available in it. What a
// server whose process was killed left half done, snapshot or restore, has failed.
//
// It fails when another Server has the directory, or when an instance does not start. Close must
// be called; should the process be killed first, the kernel shuts the instances down (on macOS
// the next OpenServer does).
func OpenServer(ctx context.Context, cfg ServerConfig) (*Server, error) {
	as, err := accountFor(cfg.RunAs)
	if err != nil {
		return nil, err
	}
	if cfg.Dir, err = filepath.Abs(cfg.Dir); err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	if err := makeDirectories(cfg.Dir); err != nil {
		return nil, fmt.Errorf("open database server %q: %w", cfg.Dir, err)
	}
	if err := as.canReach(filepath.Join(cfg.Dir, instancesDir, "x")); err != nil {
		return nil, fmt.Errorf("open database server %q: %w", cfg.Dir, err)
	}
	if cfg.Binaries, err = cfg.Binaries.prepared(ctx, as); err != nil {
		return nil, fmt.Errorf("prepare PostgreSQL's programs in %q: %w", cfg.Binaries.Dir, err)
	}
	lock, err := lockDirectory(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, lock: lock, instances: map[string]*held{}, snapshots: map[string]*Snapshot{}}
	s.background, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.resume(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database server %q: %w", cfg.Dir, err), s.Close())
	}
	return s, nil
}

const (
	instancesDir = "instances"
	snapshotsDir = "snapshots"
)

// makeDirectories makes them such that another account can pass through to its instances, and
// that only we can read snapshots.
func makeDirectories(dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	for name, mode := range map[string]fs.FileMode{instancesDir: 0o711, snapshotsDir: 0o700} {
		if err := os.Mkdir(filepath.Join(dir, name), mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// lockDirectory keeps a second process out. The lock goes with the process, however it ends.
func lockDirectory(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(
			fmt.Errorf("open database server %q: another process has it; stop that one first: %w", dir, err),
			lock.Close())
	}
	return lock, nil
}

// Close stops what goes on in the background and every instance, and gives the directory free.
// Snapshots and restores that were under way have failed. The data stay. Repeating it is safe.
func (s *Server) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	s.cancel()
	s.group.Wait()
	s.changes.Lock()
	defer s.changes.Unlock()
	var stops sync.WaitGroup
	for _, h := range s.instances {
		if h.instance != nil {
			stops.Go(h.instance.Stop)
		}
	}
	stops.Wait()
	return s.lock.Close()
}

// Destroy is Close, after which the directory is removed with all instances and snapshots.
// Repeating it is safe.
func (s *Server) Destroy() error {
	if err := s.Close(); err != nil {
		return err
	}
	if err := os.RemoveAll(s.cfg.Dir); err != nil {
		return fmt.Errorf("remove database server %q: %w", s.cfg.Dir, err)
	}
	return nil
}

// inBackground runs work unless the server is closed. The caller holds mu.
func (s *Server) inBackground(work func(context.Context)) error {
	if s.closed {
		return errors.New("the database server is closed")
	}
	s.group.Go(func() { work(s.background) })
	return nil
}
