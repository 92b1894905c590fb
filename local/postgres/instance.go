package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Instance is one PostgreSQL server and its data directory. Its methods are safe for concurrent
// use.
type Instance struct {
	cfg Config
	as  account

	mu      sync.Mutex
	port    int
	running *process
}

// Create makes the instance's data directory with initdb unless it is there already, and returns
// the instance, not started. Repeating it is safe, after a crash in the middle too: the data
// directory appears whole or not at all. It takes about a second.
func Create(ctx context.Context, cfg Config) (*Instance, error) {
	i, err := instance(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(i.data()); !errors.Is(err, fs.ErrNotExist) {
		return i, err
	}
	if err := i.initialize(ctx); err != nil {
		return nil, fmt.Errorf("create PostgreSQL in %q: %w", cfg.Dir, err)
	}
	return i, nil
}

// instance prepares everything but the data directory.
func instance(ctx context.Context, cfg Config) (*Instance, error) {
	cfg = cfg.withDefaults()
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("create PostgreSQL in %q: %w", cfg.Dir, err)
	}
	cfg.Dir = dir
	as, err := accountFor(cfg.RunAs)
	if err != nil {
		return nil, err
	}
	if cfg.Binaries, err = cfg.Binaries.prepared(ctx, as); err != nil {
		return nil, fmt.Errorf("prepare PostgreSQL's programs in %q: %w", cfg.Binaries.Dir, err)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("create PostgreSQL in %q: %w", cfg.Dir, err)
	}
	if err := as.own(cfg.Dir); err != nil {
		return nil, fmt.Errorf("give directory %q to account %q: %w", cfg.Dir, as.name, err)
	}
	if err := as.canReach(cfg.Dir); err != nil {
		return nil, fmt.Errorf("create PostgreSQL in %q: %w", cfg.Dir, err)
	}
	return &Instance{cfg: cfg, as: as}, nil
}

func (i *Instance) data() string    { return filepath.Join(i.cfg.Dir, "data") }
func (i *Instance) logFile() string { return filepath.Join(i.cfg.Dir, "server.log") }

// initialize runs initdb into a directory of its own and renames that when it is complete.
func (i *Instance) initialize(ctx context.Context) error {
	partial := i.data() + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	secret, err := i.passwordFile()
	if err != nil {
		return err
	}
	defer os.Remove(secret) //nolint:errcheck // the directory goes with the instance
	// Segments of 4 MB instead of 16 make a snapshot, which holds at least one, small and quick.
	cmd := command(ctx, i.as, filepath.Join(i.cfg.Binaries.Dir, "initdb"),
		"-D", partial, "-U", Superuser, "--pwfile="+secret, "--auth=scram-sha-256",
		"--encoding=UTF8", "--no-locale", "--wal-segsize=4", "--data-checksums", "--no-instructions",
		"--no-sync")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb as %s: %w: %s", i.as, err, lastLines(string(output)))
	}
	if err := os.WriteFile(filepath.Join(partial, "postgresql.conf"), i.settings(), 0o600); err != nil {
		return err
	}
	if err := i.as.own(filepath.Join(partial, "postgresql.conf")); err != nil {
		return err
	}
	if i.cfg.Durability == Durable {
		if err := syncTree(partial); err != nil {
			return err
		}
	}
	return os.Rename(partial, i.data())
}

// passwordFile puts the password where only the account can read it.
func (i *Instance) passwordFile() (string, error) {
	if i.cfg.Password == "" || strings.ContainsAny(i.cfg.Password, "\r\n\x00") {
		return "", errors.New("the superuser's password must be one line, not empty")
	}
	file, err := os.CreateTemp(i.cfg.Dir, "initdb-*")
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(i.cfg.Password + "\n")
	return file.Name(), errors.Join(err, file.Close(), i.as.own(file.Name()))
}

// settings is postgresql.conf. wal_level replica and full-page writes are what a backup under
// load needs; the sizes suit a laptop.
func (i *Instance) settings() []byte {
	fsync := "on"
	if i.cfg.Durability == Volatile {
		fsync = "off"
	}
	return fmt.Appendf(nil, `# Written by pilotage when the instance was created.
wal_level = replica
full_page_writes = on
fsync = %s
max_connections = 100
shared_buffers = 32MB
max_wal_size = 256MB
min_wal_size = 16MB
max_wal_senders = 4
max_replication_slots = 8
archive_mode = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%%m [%%p] '
unix_socket_directories = ''
`, fsync)
}

// Endpoint is where the instance listens; its port is zero as long as it was never started on a
// port of its choice.
func (i *Instance) Endpoint() Endpoint {
	i.mu.Lock()
	defer i.mu.Unlock()
	return Endpoint{Host: host, Port: i.port, User: Superuser, Password: i.cfg.Password}
}

// Running reports whether the server runs. It turns false when the server crashes.
func (i *Instance) Running() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.running != nil && !i.running.ended()
}
