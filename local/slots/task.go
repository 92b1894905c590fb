package slots

import (
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// task is one process of a release.
type task struct {
	digest string
	// url is where it listens.
	url string
	cmd *exec.Cmd
	log *tail
	// began is when it was started.
	began time.Time
	// done is closed when the process has ended; state says how from then on.
	done chan struct{}
	err  error
}

// start runs a release's program on a free port of this machine.
func (f *Fleet) start(scope deploy.Scope, path string, workload deploy.Workload) (*task, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	environment, err := f.Places[scope].Environment()
	if err != nil {
		return nil, err
	}
	log := &tail{}
	cmd := exec.Command(path)
	cmd.Env = append(environment, "ADDRESS="+address, "PORT="+address[strings.LastIndex(address, ":")+1:])
	cmd.Stdout, cmd.Stderr = log, log
	if output := f.Places[scope].Output; output != nil {
		cmd.Stdout = output()
	}
	// The process dies with this one, however this one ends.
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = time.Second
	t := &task{digest: workload.Digest, url: "http://" + address, cmd: cmd, log: log, began: f.Clock.Now(), done: make(chan struct{})}
	if err := t.run(); err != nil {
		return nil, fmt.Errorf("run %s: %w", path, err)
	}
	return t, nil
}

// run starts the process and returns. The goroutine keeps its thread until the process has
// ended, because Linux sends the parent-death signal when the thread that forked ends, not the
// process (https://go.dev/issue/27505).
func (t *task) run() error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := t.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		t.err = t.cmd.Wait()
		// What the process has started itself ends with it, as in a container. While one of
		// the group lives, nobody else gets its number.
		_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
		close(t.done)
	}()
	return <-started
}

// freeAddress is a port of this machine that nobody listens on. Somebody may take it before
// the process does; then the process ends, and the slot starts another one.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
}

// end asks the process to end and, when it does not within the time, kills it. It returns when
// the process is gone. Repeating it is safe.
func (t *task) end(within time.Duration) {
	// Signalling fails only for a process that has ended.
	_ = t.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
		_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
		<-t.done
	}
}

// epitaph says how a process ended and what it said last.
func (t *task) epitaph() string {
	how := "exited with status 0"
	if t.err != nil {
		how = t.err.Error()
	}
	if line := t.log.last(); line != "" {
		return fmt.Sprintf("task ended (%s), its last line: %s", how, line)
	}
	return fmt.Sprintf("task ended (%s) without a word", how)
}
