package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// host is the only address that instances listen on.
	host = "127.0.0.1"
	// portAttempts bounds how often a start with any free port meets another program that took
	// the port in between.
	portAttempts = 5
	// readyPoll is how often a starting server is asked whether it accepts connections.
	readyPoll = 20 * time.Millisecond
)

// PortTakenError says that another program listens on the port that an instance shall have.
type PortTakenError struct{ Port int }

// Error says which port and what to do.
func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d on %s is taken by another program: stop it, or choose another port", e.Port, host)
}

// Start starts the server and returns once it accepts connections; a server that was left
// running over this data directory by a process that is gone is shut down first. It fails with a
// *PortTakenError, or with the last lines of the server's log. Repeating it is safe: an instance
// that runs is left alone.
func (i *Instance) Start(ctx context.Context) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.running != nil && !i.running.ended() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, i.cfg.StartTimeout)
	defer cancel()
	err := clearStale(i.cfg.Clock, i.data(), i.cfg.StopTimeout)
	for attempt := 0; err == nil && attempt < portAttempts; attempt++ {
		var port int
		if port, err = freePort(i.cfg.Port); err != nil {
			break
		}
		err = i.launch(ctx, port)
		var taken *PortTakenError
		if errors.As(err, &taken) && i.cfg.Port == 0 {
			err = nil
			continue
		}
		if err == nil {
			return nil
		}
	}
	if err == nil {
		err = fmt.Errorf("no free port in %d attempts", portAttempts)
	}
	return fmt.Errorf("start PostgreSQL in %q: %w", i.cfg.Dir, err)
}

// freePort returns the wanted port if nobody listens there, or any free one for zero.
func freePort(wanted int) (int, error) {
	listener, err := net.Listen("tcp4", net.JoinHostPort(host, strconv.Itoa(wanted)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return 0, &PortTakenError{Port: wanted}
	}
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// launch runs postgres on the port and waits until it is ready.
func (i *Instance) launch(ctx context.Context, port int) error {
	log, err := os.OpenFile(i.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the server has its own descriptor
	before, err := log.Seek(0, 2)
	if err != nil {
		return err
	}
	// Not ctx: the server outlives the start.
	cmd := command(context.Background(), i.as, filepath.Join(i.cfg.Binaries.Dir, "postgres"),
		"-D", i.data(), "-p", strconv.Itoa(port), "-c", "listen_addresses="+host)
	cmd.Stdout, cmd.Stderr = log, log
	running, err := start(cmd)
	if err != nil {
		return err
	}
	if err := i.ready(ctx, running, port); err != nil {
		running.stop(i.cfg.Clock, i.cfg.StopTimeout)
		lines := logSince(i.logFile(), before)
		if strings.Contains(lines, "Address already in use") {
			return &PortTakenError{Port: port}
		}
		return fmt.Errorf("%w; the last lines of its log: %s", err, lastLines(lines))
	}
	i.running, i.port = running, port
	return nil
}

// ready waits until the server accepts connections.
func (i *Instance) ready(ctx context.Context, running *process, port int) error {
	endpoint := Endpoint{Host: host, Port: port, User: Superuser, Password: i.cfg.Password}
	for {
		if running.ended() {
			return errors.New("the server ended")
		}
		conn, err := pgx.Connect(ctx, endpoint.DSN(""))
		if err == nil {
			return conn.Close(ctx)
		}
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == "28P01" {
			return errors.New("the password is not the one that the instance was created with")
		}
		if err := i.wait(ctx, running); err != nil {
			return fmt.Errorf("not ready in time: %w", err)
		}
	}
}

func (i *Instance) wait(ctx context.Context, running *process) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	endsWithin(running.done, i.cfg.Clock, readyPoll)
	return nil
}
