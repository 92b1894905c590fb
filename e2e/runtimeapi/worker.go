package runtimeapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// worker is one process.
type worker struct {
	name    string
	timeout time.Duration
	clock   clock.Clock
	cmd     *exec.Cmd
	server  *http.Server
	// done is closed when the process has ended.
	done chan struct{}
	// jobs hands an invocation to the process, when it asks for one.
	jobs chan job
	// current is the invocation that the process has.
	current chan job
}

// job is one invocation.
type job struct {
	id       string
	payload  json.RawMessage
	deadline time.Time
	result   chan outcome
}

type outcome struct {
	body json.RawMessage
	err  error
}

// start starts a process. Should this one be killed, it finds its Runtime API gone and ends.
func (h *Host) start(ctx context.Context, name string, f Function) (*worker, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	w := &worker{name: name, timeout: f.Timeout, clock: h.Clock, done: make(chan struct{}), jobs: make(chan job), current: make(chan job, 1)}
	if w.clock == nil {
		w.clock = clock.System{}
	}
	w.server = &http.Server{Handler: w.api(), ReadHeaderTimeout: time.Minute}
	w.cmd = exec.Command(h.Program) //nolint:noctx // stop ends it
	w.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, h.Environ...)
	for variable, value := range f.Variables {
		w.cmd.Env = append(w.cmd.Env, variable+"="+value)
	}
	// What Lambda sets, a function cannot.
	w.cmd.Env = append(w.cmd.Env,
		"AWS_LAMBDA_RUNTIME_API="+listener.Addr().String(), "_HANDLER="+f.Handler,
		"AWS_LAMBDA_FUNCTION_NAME="+name, "AWS_LAMBDA_FUNCTION_VERSION=1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512")
	w.cmd.Stdout, w.cmd.Stderr = h.Log, h.Log
	// A child that survives would keep the pipes open.
	w.cmd.WaitDelay = time.Second
	// A Ctrl-C in the terminal is not for it.
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := w.cmd.Start(); err != nil {
		_ = listener.Close() // nothing was accepted
		return nil, err
	}
	go func() { _ = w.server.Serve(listener) }() // ends with the process
	go func() {
		_ = w.cmd.Wait() // how it ended is in what it printed
		close(w.done)
		_ = w.server.Close()
	}()
	return w, nil
}

func (w *worker) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// stop kills the process and waits for its end.
func (w *worker) stop() {
	_ = w.cmd.Process.Kill() // it may have ended
	<-w.done
}

// run lets the process answer one invocation. Its caller runs one at a time.
func (w *worker) run(ctx context.Context, id string, payload json.RawMessage) (json.RawMessage, error) {
	j := job{id: id, payload: payload, deadline: w.clock.Now().Add(w.timeout), result: make(chan outcome, 1)}
	timer := time.NewTimer(w.timeout)
	defer timer.Stop()
	jobs := w.jobs
	for {
		select {
		case jobs <- j:
			jobs = nil // it has been taken: wait for its outcome
		case o := <-j.result:
			return o.body, o.err
		case <-w.done:
			return nil, &Error{ExitError, fmt.Sprintf("RequestId: %s Error: Runtime exited", id)}
		case <-timer.C:
			w.stop()
			return nil, &Error{TimedOut, fmt.Sprintf("RequestId: %s Error: Task timed out after %s", id, w.timeout)}
		case <-ctx.Done():
			w.stop()
			return nil, ctx.Err()
		}
	}
}
