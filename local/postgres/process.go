package postgres

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// command is a program of PostgreSQL under an account, with none of this process's environment:
// PGDATA, PGOPTIONS and the like would change what it does.
func command(ctx context.Context, as account, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.Dir = "/" // the account may not enter our working directory
	cmd.SysProcAttr = attributes(as)
	return cmd
}

// process is a server that was started.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// start starts cmd. The goroutine keeps its thread until the process has ended, because Linux
// sends the parent-death signal when the thread that forked ends, not the process
// (https://go.dev/issue/27505).
func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
		}
	}()
	return p, <-started
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop ends the process: a fast shutdown, then an immediate one, then SIGKILL, upon which the
// server's children notice that it is gone.
func (p *process) stop(clk clock.Clock, patience time.Duration) {
	steps := []struct {
		signal   syscall.Signal
		patience time.Duration
	}{{syscall.SIGINT, patience}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}}
	for _, step := range steps {
		_ = p.cmd.Process.Signal(step.signal) // fails when it has ended, which is what is wanted
		if endsWithin(p.done, clk, step.patience) {
			return
		}
	}
}

// endsWithin waits for done to be closed, for d at most.
func endsWithin(done <-chan struct{}, clk clock.Clock, d time.Duration) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-done:
			cancel()
		case <-ctx.Done():
		}
	}()
	_ = clk.Wait(ctx, d)
	select {
	case <-done:
		return true
	default:
		return false
	}
}
